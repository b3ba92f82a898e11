"""A payment whose answer was lost is found again, or nobody says that it is not there."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.konsol.arguments import to_card
from uzel.connectors.konsol.payments import LISTED_WITHIN
from uzel.errors import CallFailed, ContractBroken, OutcomeUnknown, Unavailable

ID = "7c1e52d0-0000-4000-8000-000000000001"


def ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


def listed(reference: str, number: int = 1, **changes: Any) -> dict[str, Any]:
    """A payment as a list has it."""
    title = f"Выплата {reference}"
    return {
        "id": f"7c1e52d0-0000-4000-8000-{number:012d}",
        "contractor_id": ID,
        "amount": "100.00",
        "status": "executed",
        "purpose": title,
        "services_list": [{"title": title, "amount": "100.00"}],
        "created_at": ago(0.1),
        **changes,
    }


def trouble(client: Any, config: Any, arguments: Any) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        client.look_up(config, arguments)
    return caught.value


@pytest.mark.parametrize("kind", ["reset", "garbage"])
@pytest.mark.parametrize("shape", ["items", "bare"])
def test_a_lost_payment_is_found_by_its_reference(
    client: Any, company: Any, kind: str, shape: str
) -> None:
    company.settings(list_shape=shape, next_page="nobody")
    arguments = to_card(planned_at=ago(0))
    for other in range(3):
        client.run(company.config, "create_payment", **to_card(amount_minor=100_00 + other))
    company.fault("create_payment", kind)
    with pytest.raises(OutcomeUnknown):
        client.run(company.config, "create_payment", **arguments)
    client.run(company.config, "create_payment", **to_card())
    found = client.look_up(company.config, arguments)
    (book,) = company.books(arguments["reference"])
    assert found.reference == book["id"]
    assert found.data["contractor_id"] == book["contractor_id"]
    assert (found.data["kind"], found.data["masked"]) == ("card", "220000••••••0004")


def test_it_needs_no_card_number_any_more(client: Any, provider: Any) -> None:
    arguments = {**to_card(planned_at=ago(1)), "card_number": "vault:1"}
    provider.says([listed(arguments["reference"])], x_has_next_page="false")
    found = client.look_up(provider.config(), arguments)
    assert found.data["masked"] is None
    del arguments["card_number"]
    assert client.look_up(provider.config(), arguments) == found


def test_what_the_list_does_not_show_yet_may_be_there(client: Any, company: Any) -> None:
    company.settings(listed_after_s=3600)
    arguments = to_card(planned_at=ago(0.5))
    made = client.run(company.config, "create_payment", **arguments)
    assert type(trouble(client, company.config, arguments)) is OutcomeUnknown
    company.settings(listed_after_s=0)
    assert client.look_up(company.config, arguments).reference == made.reference


def test_only_after_a_day_a_whole_list_without_it_says_that_it_was_not_made(
    client: Any, company: Any
) -> None:
    client.run(company.config, "create_payment", **to_card())
    hours = LISTED_WITHIN.total_seconds() / 3600
    young = to_card(planned_at=ago(hours - 0.1))
    assert type(trouble(client, company.config, young)) is OutcomeUnknown
    assert client.look_up(company.config, to_card(planned_at=ago(hours + 0.1))) is None


def test_without_a_time_the_whole_list_is_read(client: Any, company: Any) -> None:
    company.settings(most_per=2)
    for _ in range(5):
        client.run(company.config, "create_payment", **to_card())
    company.control.delete("/_journal").raise_for_status()
    assert client.look_up(company.config, to_card()) is None
    assert len(company.journal("payments")) == 3


def test_a_list_that_may_not_be_all_proves_nothing(client: Any, company: Any) -> None:
    company.settings(paged=False, next_page="nobody", most_per=2)
    arguments = to_card(planned_at=ago(48))
    for other in range(3):
        client.run(company.config, "create_payment", **to_card(amount_minor=100_00 + other))
    assert type(trouble(client, company.config, arguments)) is OutcomeUnknown


def test_payments_without_a_purpose_prove_nothing(client: Any, company: Any) -> None:
    arguments = to_card(planned_at=ago(48))
    client.run(company.config, "create_payment", **arguments)
    company.settings(brief=True)
    assert type(trouble(client, company.config, arguments)) is OutcomeUnknown


def test_two_payments_under_one_reference_are_shown_aloud_and_none_is_picked(
    client: Any, company: Any, caplog: pytest.LogCaptureFixture
) -> None:
    arguments = to_card(planned_at=ago(1))
    ids = [client.run(company.config, "create_payment", **arguments).reference for _ in range(2)]
    with caplog.at_level(logging.ERROR):
        error = trouble(client, company.config, arguments)
    assert type(error) is ContractBroken
    assert error.code == "reference_doubled"
    assert all(name in error.detail and name in caplog.text for name in ids)
    assert arguments["card_number"] not in error.detail + caplog.text


def test_a_payment_of_another_amount_is_shown_too(client: Any, company: Any) -> None:
    arguments = to_card(planned_at=ago(1))
    client.run(company.config, "create_payment", **arguments)
    error = trouble(client, company.config, {**arguments, "amount_minor": 200_00})
    assert (type(error), error.code) == (ContractBroken, "amount_differs")


def test_a_reference_within_another_is_another(client: Any, provider: Any) -> None:
    arguments = to_card(reference="po-1001", planned_at=ago(48))
    others = [listed("po-10011", 1), listed("po-1001-2", 2), listed("xpo-1001", 3)]
    provider.says(others, x_has_next_page="false")
    assert client.look_up(provider.config(), arguments) is None
    provider.says([*others, listed("po-1001", 4)], x_has_next_page="false")
    provider.answers[:] = provider.answers[1:]
    found = client.look_up(provider.config(), arguments)
    assert found.reference == listed("po-1001", 4)["id"]


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": None},
        {"services_list": []},
        {"purpose": "x", "services_list": "Выплата po-1001"},
    ],
)
def test_purpose_or_title_is_enough(client: Any, provider: Any, changes: dict[str, Any]) -> None:
    arguments = to_card(reference="po-1001", planned_at=ago(1))
    provider.says([listed("po-1001", **changes)], x_has_next_page="false")
    assert client.look_up(provider.config(), arguments) is not None


def test_a_list_that_cannot_be_read_proves_nothing(client: Any, company: Any) -> None:
    arguments = to_card(planned_at=ago(48))
    company.fault("payments", "500")
    assert type(trouble(client, company.config, arguments)) is Unavailable
    company.prepare(operation="payments", body={"strange": 1})
    assert type(trouble(client, company.config, arguments)) is ContractBroken


def test_whatever_its_status_a_payment_that_is_there_was_made(client: Any, provider: Any) -> None:
    arguments = to_card(reference="po-1001", planned_at=ago(1))
    provider.says([listed("po-1001", status="failed")], x_has_next_page="false")
    assert client.look_up(provider.config(), arguments).data["meaning"] == "failed"
