from typing import Any

import pytest

from uzel.errors import CallFailed, OutcomeUnknown, Rejected

IVAN = {
    "kind": "individual",
    "first_name": "Иван",
    "last_name": "Образцов",
    "phone": "+79990000001",
}
ANNA = {
    "kind": "self_employed",
    "first_name": "Анна",
    "last_name": "Примерова",
    "patronymic": "Ивановна",
    "taxpayer_id": "500100732259",
}


def trouble(work: Any, *given: Any, **arguments: Any) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        work(*given, **arguments)
    return caught.value


def test_a_contractor_is_made_and_listed_without_a_name(client: Any, company: Any) -> None:
    made = [client.run(company.config, "create_contractor", **who) for who in (IVAN, ANNA)]
    assert [answer.data for answer in made] == [{"kind": "individual"}, {"kind": "self_employed"}]
    listed = client.run(company.config, "contractors").data
    assert listed == {
        "contractors": [
            {"id": made[1].reference, "kind": "self_employed", "status": None, "phone": None},
            {
                "id": made[0].reference,
                "kind": "individual",
                "status": None,
                "phone": "+7999•••0001",
            },
        ],
        "complete": True,
    }


def test_the_request_has_what_was_given_and_no_more(client: Any, provider: Any) -> None:
    provider.says({"id": "7c1e52d0-0000-4000-8000-000000000051"}, 201)
    client.run(provider.config(), "create_contractor", **IVAN)
    client.run(provider.config(), "create_contractor", **ANNA)
    assert [body for _, _, body in provider.asked] == [IVAN, ANNA]
    assert {target for _, target, _ in provider.asked} == {"/api/v1/contractors"}


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("kind", {"kind": "company"}),
        ("phone", {"phone": "89990000001"}),
        ("phone", {"phone": 79990000001}),
        ("taxpayer_id", {"taxpayer_id": "7707083893"}),
        ("taxpayer_id", {"kind": "self_employed"}),
        ("first_name", {"first_name": ""}),
    ],
)
def test_what_cannot_be_meant_does_not_leave(
    client: Any, provider: Any, code: str, changes: dict[str, Any]
) -> None:
    provider.says({"id": "7c1e52d0-0000-4000-8000-000000000051"}, 201)
    error = trouble(client.run, provider.config(), "create_contractor", **{**IVAN, **changes})
    assert (type(error), getattr(error, "code", None)) == (Rejected, code)
    assert provider.asked == []


def test_a_phone_may_have_to_be_new(client: Any, company: Any) -> None:
    company.settings(unique_phones=True)
    first = client.run(company.config, "create_contractor", **IVAN)
    again = client.run(company.config, "create_contractor", **IVAN)
    assert again.reference == first.reference
    other = {**IVAN, "first_name": "Пётр"}
    error = trouble(client.run, company.config, "create_contractor", **other)
    assert type(error) is Rejected
    assert "phone has already been taken" in error.detail


@pytest.mark.parametrize("who", [IVAN, ANNA])
def test_a_lost_one_is_found_by_phone_or_taxpayer(
    client: Any, company: Any, who: dict[str, str]
) -> None:
    assert client.look_up(company.config, who, "create_contractor") is None
    company.fault("create_contractor", "reset")
    assert type(trouble(client.run, company.config, "create_contractor", **who)) is OutcomeUnknown
    found = client.look_up(company.config, who, "create_contractor")
    (listed,) = client.run(company.config, "contractors").data["contractors"]
    assert found.reference == listed["id"]
    # Known there twice, they are one of the two; of a family with one phone, the one of that name.
    second = client.run(company.config, "create_contractor", **who)
    found = client.look_up(company.config, who, "create_contractor")
    assert found.reference in (listed["id"], second.reference)
    other = {**who, "first_name": "Пётр"}
    assert client.look_up(company.config, other, "create_contractor") is None


def test_without_a_mark_nobody_can_tell(client: Any, company: Any) -> None:
    unmarked = {**IVAN, "phone": None}
    error = trouble(client.look_up, company.config, unmarked, "create_contractor")
    assert type(error) is OutcomeUnknown


def test_marks_are_compared_as_they_may_be_written(client: Any, provider: Any) -> None:
    listed = {
        "id": "7c1e52d0-0000-4000-8000-000000000051",
        "kind": "self_employed",
        "taxpayer_id": 500100732259,
        "phone": "79990000001",
    }
    provider.says([listed], x_has_next_page="false")
    for marks in ({}, {"phone": "+79990000001"}):
        found = client.look_up(provider.config(), {**ANNA, **marks}, "create_contractor")
        assert found.reference == listed["id"]
    other = {**ANNA, "phone": "+79990000002"}
    assert client.look_up(provider.config(), other, "create_contractor") is None


def test_half_a_list_proves_nothing(client: Any, provider: Any) -> None:
    provider.says([], x_has_next_page="true")
    error = trouble(client.look_up, provider.config(), IVAN, "create_contractor")
    assert type(error) is OutcomeUnknown
