"""Many entities by one request: what is answered, and whom a refusal is about."""

import json
from typing import Any

import pytest

from uzel.connectors.amocrm.bulk import refused_requests
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.errors import CallFailed, OutcomeUnknown, RateLimited, Rejected

HAL, PROBLEM, HTML = "application/hal+json", "application/problem+json", "text/html"
LEADS: list[dict[str, Any]] = [
    {"request_id": "r1", "name": "Kaspi 1", "order_code": "1", "price": 100, "status_id": 5},
    {"request_id": "r2", "name": "Kaspi 2", "order_code": "2"},
    {"request_id": "r3", "name": "Kaspi 3", "order_code": "3"},
]
ARGUMENTS: dict[str, Any] = {
    "leads": LEADS,
    "order_code_field_id": 294471,
    "since": 1,
    "tag": "Kaspi",
}


def made(*leads: dict[str, Any]) -> tuple[int, str, bytes]:
    return 200, HAL, json.dumps({"_embedded": {"leads": leads}}).encode()


def refusal(*errors: dict[str, Any]) -> tuple[int, str, bytes]:
    problem = {"validation-errors": errors, "status": 400, "detail": "Request validation failed"}
    return 400, PROBLEM, json.dumps(problem).encode()


def wrong(request: Any, path: str, code: str = "NotSupportedChoice") -> dict[str, Any]:
    return {"request_id": request, "errors": [{"code": code, "path": path, "detail": "No choice."}]}


def test_one_request_says_all_and_nothing_that_is_not_known(run: Any, served: Any) -> None:
    served.answers = [
        made(
            {"id": 12, "request_id": "1"},
            {"id": 11, "request_id": 0},
            {"id": 13, "request_id": "2"},
        )
    ]
    assert run(served.config(), "create_leads", ARGUMENTS).data == {
        "ids": {"r1": 11, "r2": 12, "r3": 13}
    }
    assert [what for what, _, _ in served.got] == ["POST /api/v4/leads"]
    first, second, _ = json.loads(served.got[0][2])
    assert first == {
        "request_id": "0",
        "name": "Kaspi 1",
        "price": 100,
        "status_id": 5,
        "custom_fields_values": [{"field_id": 294471, "values": [{"value": "1"}]}],
        "_embedded": {"tags": [{"name": "Kaspi"}]},
    }
    assert "price" not in second


def test_an_answer_without_request_ids_is_in_the_order_of_the_request(
    run: Any, served: Any
) -> None:
    served.answers = [made({"id": 11}, {"id": 12}, {"id": 13})]
    ids = run(served.config(), "create_leads", ARGUMENTS).data["ids"]
    assert ids == {"r1": 11, "r2": 12, "r3": 13}


def test_whatever_a_request_is_called_its_id_is_told(run: Any, config: AmocrmConfig) -> None:
    names = ["  a  b ", "+77071234567", "1", "0", "ё,;", "x" * 500]
    leads = [{"request_id": name, "name": f"Kaspi {n}"} for n, name in enumerate(names)]
    ids = run(config, "create_leads", {"leads": leads, "since": 0}).data["ids"]
    assert [*ids] == names
    found = {name: run(config, "read_lead", {"lead_id": lead}) for name, lead in ids.items()}
    assert [it.data["lead"]["name"] for it in found.values()] == [lead["name"] for lead in leads]


def test_nothing_to_write_is_no_request(run: Any, served: Any) -> None:
    assert run(served.config(), "create_leads", {**ARGUMENTS, "leads": []}).data == {"ids": {}}
    assert served.got == []


def test_more_than_amocrm_takes_is_refused_before_it_is_sent(run: Any, served: Any) -> None:
    many = [{**LEADS[0], "request_id": str(n)} for n in range(251)]
    with pytest.raises(Rejected) as caught:
        run(served.config(), "create_leads", {**ARGUMENTS, "leads": many})
    assert (caught.value.code, served.got) == ("bulk_too_large", [])


def test_two_of_one_name_could_not_be_told_apart(run: Any, served: Any) -> None:
    with pytest.raises(Rejected) as caught:
        run(served.config(), "create_leads", {**ARGUMENTS, "leads": [LEADS[0], LEADS[0]]})
    assert (caught.value.code, served.got) == ("request_id_twice", [])


@pytest.mark.parametrize(
    "answer",
    [
        made({"id": 11, "request_id": "0"}, {"id": 12, "request_id": "1"}),
        made({"id": 11, "request_id": "0"}, {"id": 12, "request_id": "1"}, {"request_id": "2"}),
        made({"id": 11, "request_id": "0"}, {"id": 12, "request_id": "7"}, {"id": 13}),
        (200, HAL, b"{}"),
        (200, HAL, b'{"_embedded": {"leads": {}}}'),
        (200, HTML, b"<html>"),
        (204, HAL, b""),
        (504, HTML, b"<html>"),
    ],
)
def test_an_answer_that_leaves_one_out_has_to_be_looked_up(
    run: Any, served: Any, answer: tuple[int, str, bytes]
) -> None:
    served.answers = [answer]
    with pytest.raises(OutcomeUnknown):
        run(served.config(), "create_leads", ARGUMENTS)


@pytest.mark.parametrize(
    ("answer", "requests", "said"),
    [
        (refusal(wrong("1", "status_id")), ("r2",), "1 из 3 (r2): этап: No choice."),
        (
            refusal(wrong("2", "custom_fields_values.0.field_id"), wrong("0", "price", "Other")),
            ("r3", "r1"),
            "2 из 3 (r3, r1): поле 294471: No choice.; бюджет: No choice.",
        ),
        (refusal(wrong("0", "pipeline_id")), ("r1",), "(r1): воронка"),
        (refusal(wrong(1, "pipeline_id")), ("r2",), "(r2): воронка"),
        (refusal(wrong("0", "custom_fields_values.7.values.0.value")), ("r1",), "values.7."),
        (refusal(wrong("0", "_embedded.contacts.0.id")), ("r1",), "_embedded.contacts.0.id"),
    ],
)
def test_a_refusal_names_whom_and_what(
    run: Any, served: Any, answer: Any, requests: tuple[str, ...], said: str
) -> None:
    served.answers = [answer]
    with pytest.raises(Rejected) as caught:
        run(served.config(), "create_leads", ARGUMENTS)
    assert said in caught.value.detail
    assert refused_requests(caught.value.code) == requests
    assert (caught.value.code or "").startswith("NotSupportedChoice:")


@pytest.mark.parametrize(
    "answer",
    [
        refusal(),
        refusal(wrong("r9", "price")),
        refusal(wrong("99", "price")),
        refusal(wrong(None, "price")),
        refusal({"request_id": "0", "errors": {}}),
        refusal({"request_id": "0"}),
        (400, PROBLEM, b'{"validation-errors": {}, "detail": "x"}'),
        (400, PROBLEM, b'{"validation-errors": ["x"]}'),
        (400, HTML, b"<html>"),
        (422, PROBLEM, b'{"title": "Unprocessable"}'),
    ],
)
def test_a_refusal_that_names_nobody_is_still_one(run: Any, served: Any, answer: Any) -> None:
    served.answers = [answer]
    with pytest.raises(Rejected) as caught:
        run(served.config(), "create_leads", ARGUMENTS)
    assert refused_requests(caught.value.code) == ()


def test_of_many_mistakes_some_are_told_and_all_are_named(run: Any, served: Any) -> None:
    many = [{**LEADS[1], "request_id": f"q{n}"} for n in range(50)]
    served.answers = [refusal(*(wrong(str(n), f"place{n}") for n in range(50)))]
    with pytest.raises(Rejected) as caught:
        run(served.config(), "create_leads", {**ARGUMENTS, "leads": many})
    assert refused_requests(caught.value.code) == tuple(f"q{n}" for n in range(50))
    assert len(caught.value.detail) < 300


def test_changes_are_named_by_their_ids_and_links_by_their_deals(run: Any, served: Any) -> None:
    changes = [{"id": 71, "status_id": 142}, {"id": 72, "status_id": 9}]
    for request in ("1", 72):
        served.answers = [refusal(wrong(request, "status_id"))]
        with pytest.raises(Rejected) as caught:
            run(served.config(), "update_leads", {"leads": changes})
        assert refused_requests(caught.value.code) == ("72",)
    served.answers = [refusal(wrong("0", "to_entity_id"))]
    links = [{"lead_id": 71, "element_id": 5, "catalog_id": 1, "quantity": "2"}]
    with pytest.raises(Rejected, match="товар") as caught:
        run(served.config(), "link_elements", {"links": links})
    assert refused_requests(caught.value.code) == ("71",)


def test_no_phone_and_no_comma_stands_where_names_do(run: Any, served: Any) -> None:
    names = ("+77071234567", "AB,C", "AB-1")
    served.answers = [refusal(*(wrong(n, "name") for n in range(3)))]
    elements = [{"request_id": name, "sku": name, "name": "x"} for name in names]
    with pytest.raises(Rejected) as caught:
        run(served.config(), "create_elements", {"catalog_id": 1, "elements": elements})
    assert refused_requests(caught.value.code) == ("AB-1",)
    assert "+7707•••4567, AB,C, AB-1" in caught.value.detail
    served.answers = [refusal(wrong("0", "name"))]
    with pytest.raises(Rejected) as caught:
        run(served.config(), "create_elements", {"catalog_id": 1, "elements": elements[:1]})
    assert (caught.value.code, refused_requests(caught.value.code)) == ("NotSupportedChoice", ())


def test_a_gateway_s_page_is_judged_by_its_status(run: Any, served: Any) -> None:
    served.answers = [(429, HTML, b"<html>")]
    with pytest.raises(RateLimited):
        run(served.config(), "create_leads", ARGUMENTS)
    served.answers = [(404, HTML, b"<html>")]
    with pytest.raises(CallFailed) as caught:
        run(served.config(), "create_leads", ARGUMENTS)
    assert type(caught.value) is Rejected


@pytest.mark.parametrize("code", [None, "", "400", "NotSupportedChoice", "NotSupportedChoice:"])
def test_a_code_without_names(code: str | None) -> None:
    assert refused_requests(code) == ()
