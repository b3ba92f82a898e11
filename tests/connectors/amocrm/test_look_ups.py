"""Whether a write whose answer was lost did happen: all of it, part of it, or nothing."""

import json
from collections.abc import Callable
from time import time
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from uzel.connector import Answer
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.connectors.amocrm.operations import ONCE
from uzel.errors import CallFailed, OutcomeUnknown, Rejected

HAL = "application/hal+json"
NOW = int(time())
# A short wait for the answer only: connecting may take its time on a busy machine.
IMPATIENT = httpx2.Timeout(10, read=0.15)
LOST_AFTER = ("timeout_after_accept", "garbage")
LOST_BEFORE = ("timeout_before", "500")

Make = Callable[[Any, AmocrmConfig], dict[str, Any]]


def goods_of(run: Any, config: AmocrmConfig) -> int:
    known = run(config, "catalogs", {}).data["catalogs"]
    found: int = next(it["id"] for it in known if it["type"] == "products")
    return found


def contacts(run: Any, config: AmocrmConfig) -> dict[str, Any]:
    people = [
        {"request_id": "a", "first_name": "Айгерим", "last_name": "А", "phone": "+77070000001"},
        {"request_id": "b", "first_name": "Без", "last_name": "Телефона", "phone": None},
    ]
    return {"contacts": people, "since": NOW}


def elements(run: Any, config: AmocrmConfig, count: int = 2) -> dict[str, Any]:
    things = [
        {"request_id": str(n), "sku": f"L-{n}", "name": f"Чехол {n}", "price": "10"}
        for n in range(count)
    ]
    return {"catalog_id": goods_of(run, config), "elements": things, "since": NOW}


def many_elements(run: Any, config: AmocrmConfig) -> dict[str, Any]:
    return elements(run, config, 12)


def leads(run: Any, config: AmocrmConfig) -> dict[str, Any]:
    field = run(config, "create_lead_field", {"name": "Код заказа"}).data["id"]
    orders = [{"request_id": f"r{n}", "name": f"Kaspi {n}", "order_code": str(n)} for n in range(3)]
    return {"leads": orders, "order_code_field_id": field, "since": NOW, "tag": None}


def named_leads(run: Any, config: AmocrmConfig) -> dict[str, Any]:
    return {**leads(run, config), "order_code_field_id": None}


def deals_of(run: Any, config: AmocrmConfig) -> list[int]:
    asked = {"leads": [{"request_id": n, "name": n} for n in ("x", "y")], "since": NOW}
    return [*run(config, "create_leads", asked).data["ids"].values()]


def links(run: Any, config: AmocrmConfig) -> dict[str, Any]:
    arguments = elements(run, config)
    known = {"catalog_id": arguments["catalog_id"], "quantity": "2"}
    made = run(config, "create_elements", arguments).data["ids"].values()
    deals = deals_of(run, config)
    return {
        "links": [
            {"lead_id": deal, "element_id": element, **known} for deal in deals for element in made
        ]
    }


def notes(run: Any, config: AmocrmConfig) -> dict[str, Any]:
    texts = [
        {"request_id": str(deal), "lead_id": deal, "text": f"Заказ\n{deal}"}
        for deal in deals_of(run, config)
    ]
    return {"notes": texts, "since": NOW}


def lead_field(run: Any, config: AmocrmConfig) -> dict[str, Any]:
    return {"name": "Код заказа Kaspi"}


def catalog_fields(run: Any, config: AmocrmConfig) -> dict[str, Any]:
    fields = [{"name": "Штрихкод", "type": "text", "code": None}]
    return {"catalog_id": goods_of(run, config), "fields": fields}


CASES: list[tuple[str, Make]] = [
    ("create_contacts", contacts),
    ("create_elements", elements),
    ("create_elements", many_elements),
    ("create_leads", leads),
    ("create_leads", named_leads),
    ("link_elements", links),
    ("add_notes", notes),
    ("create_lead_field", lead_field),
    ("create_catalog_fields", catalog_fields),
]


def lose(
    caller: Any, control: httpx2.Client, run: Any, config: AmocrmConfig, case: Any, kind: str
) -> dict[str, Any]:
    """The arguments of a call whose answer was lost."""
    operation, make = case
    arguments: dict[str, Any] = make(run, config)
    fault = {"connector": "amocrm", "operation": operation, "kind": kind}
    control.post("/_faults", json=fault).raise_for_status()
    caller.http.timeout = IMPATIENT if kind.startswith("timeout") else caller.patience
    with pytest.raises(OutcomeUnknown):
        run(config, operation, arguments)
    caller.http.timeout = caller.patience
    return arguments


def test_every_write_that_may_not_be_repeated_can_be_looked_up() -> None:
    assert {operation for operation, _ in CASES} == {run.__name__ for run, *_ in ONCE}


@pytest.mark.parametrize("kind", LOST_AFTER)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case[1].__name__)
def test_what_happened_is_found_as_the_call_would_have_told_it(
    caller: Any,
    control: httpx2.Client,
    run: Any,
    look_up: Any,
    config: AmocrmConfig,
    case: tuple[str, Make],
    kind: str,
) -> None:
    operation, _ = case
    arguments = lose(caller, control, run, config, case, kind)
    answer: Answer | None = look_up(config, operation, arguments)
    assert answer is not None
    assert look_up(config, operation, arguments) == answer
    shape = {"link_elements": {"missing", "differing"}, "create_lead_field": {"id"}}
    assert set(answer.data) == shape.get(operation, {"ids"})
    assert not answer.data.get("missing")
    assert not answer.data.get("differing")
    if "ids" in answer.data:
        given = next(value for value in arguments.values() if isinstance(value, list))
        known_by = "name" if operation == "create_catalog_fields" else "request_id"
        assert set(answer.data["ids"]) == {it[known_by] for it in given}


@pytest.mark.parametrize("kind", LOST_BEFORE)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case[1].__name__)
def test_what_did_not_happen_is_said_so_and_may_be_done(
    caller: Any,
    control: httpx2.Client,
    run: Any,
    look_up: Any,
    config: AmocrmConfig,
    case: tuple[str, Make],
    kind: str,
) -> None:
    arguments = lose(caller, control, run, config, case, kind)
    assert look_up(config, case[0], arguments) is None
    done = run(config, case[0], arguments)
    assert look_up(config, case[0], arguments).data == done.data


class Books:
    """What amoCRM would list, newest first, in pages of 250."""

    def __init__(self, name: str, entities: list[dict[str, Any]]) -> None:
        self.pages = []
        parts = [entities[n : n + 250] for n in range(0, len(entities), 250)] or [[]]
        for position, part in enumerate(parts, 1):
            link = {"next": {"href": "x"}} if position < len(parts) else {}
            content = {"_links": link, "_embedded": {name: part}}
            self.pages.append((200, HAL, json.dumps(content).encode()))


def a_lead(number: int, code: str | None, age_s: int = 0) -> dict[str, Any]:
    fields = [{"field_id": 5, "values": [{"value": code}]}] if code else None
    made = {"created_at": NOW - age_s, "updated_at": NOW - age_s}
    return {"id": number, "name": f"Kaspi {code}", "custom_fields_values": fields, **made}


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    there=st.sets(st.integers(0, 49)),
    strangers=st.integers(0, 300),
    old=st.integers(0, 40),
)
def test_exactly_what_is_there_is_found(
    look_up: Any, served: Any, there: set[int], strangers: int, old: int
) -> None:
    wanted = [{"request_id": f"r{n}", "name": "x", "order_code": f"k{n}"} for n in range(50)]
    entities = [a_lead(9000 - n, f"z{n}") for n in range(strangers)]
    entities += [a_lead(1000 - n, f"k{n}") for n in sorted(there)]
    # An order of the same code a month ago is another call's, and was looked for before.
    entities += [a_lead(100 - n, f"k{n}", age_s=10**6) for n in range(old)]
    served.answers, served.got = Books("leads", entities).pages, []
    arguments = {"leads": wanted, "order_code_field_id": 5, "since": NOW}
    answer = look_up(served.config(), "create_leads", arguments)
    expected = {f"r{n}": 1000 - n for n in there}
    assert (answer.data["ids"] if answer else {}) == expected
    assert (answer is None) == (not there)
    assert len(served.got) <= 2


def a_contact(number: int, *phones: str, age_s: int = 0) -> dict[str, Any]:
    values = [{"value": phone, "enum_code": "WORK"} for phone in phones]
    fields = [{"field_id": 1, "field_code": "PHONE", "values": values}] if phones else None
    made = {"created_at": NOW - age_s, "updated_at": NOW}
    return {"id": number, "name": "Имя", "custom_fields_values": fields, **made}


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    there=st.sets(st.integers(0, 19)),
    spelling=st.sampled_from(["+7707{:07}", "8707{:07}", "8 (707) {:07}", "707{:07}"]),
    wrong=st.sampled_from(["+1707{:07}", "8707{:07}1", "707{:07}00", "+7708{:07}"]),
)
def test_people_are_known_by_phone_and_those_of_old_are_not_ours(
    look_up: Any, served: Any, there: set[int], spelling: str, wrong: str
) -> None:
    wanted = [
        {"request_id": f"r{n}", "first_name": "Имя", "phone": f"+7707{n:07}"} for n in range(20)
    ]
    entities = [a_contact(9000 - n, wrong.format(n)) for n in range(20)]
    entities += [a_contact(1000 - n, "+79990000000", spelling.format(n)) for n in sorted(there)]
    entities += [a_contact(100 - n, f"+7707{n:07}", age_s=10**6) for n in range(20)]
    served.answers, served.got = Books("contacts", entities).pages, []
    answer = look_up(served.config(), "create_contacts", {"contacts": wanted, "since": NOW})
    assert (answer.data["ids"] if answer else {}) == {f"r{n}": 1000 - n for n in there}
    assert len(served.got) == 1


def test_a_few_goods_are_asked_for_and_many_are_read(look_up: Any, served: Any) -> None:
    def goods(*skus: str) -> list[dict[str, Any]]:
        field = "custom_fields_values"
        return [
            {"id": 10 + n, field: [{"field_code": "SKU", "values": [{"value": sku}]}]}
            for n, sku in enumerate(skus)
        ]

    def wanted(*skus: str) -> dict[str, Any]:
        return {
            "catalog_id": 7,
            "elements": [{"request_id": f"r-{sku}", "sku": sku, "name": sku} for sku in skus],
        }

    served.answers = Books("elements", goods("B", "AB", "A")).pages
    answer = look_up(served.config(), "create_elements", wanted("A"))
    assert answer.data == {"ids": {"r-A": 12}}
    assert "query=A" in served.got[0][0]
    served.answers = Books("elements", goods("B", "AB", "A", *map(str, range(400)))).pages
    served.got = []
    answer = look_up(served.config(), "create_elements", wanted("A", "B", "C", "7", "8"))
    assert set(answer.data["ids"]) == {"r-A", "r-B", "r-7", "r-8"}
    assert [("query" in what, "page" in what) for what, *_ in served.got] == [(False, True)] * 2


def test_what_cannot_be_told_is_not_said_to_be_missing(look_up: Any, served: Any) -> None:
    endless = {"_links": {"next": {"href": "x"}}, "_embedded": {"leads": [a_lead(1, "other")]}}
    served.answers = [(200, HAL, json.dumps(endless).encode())]
    orders = [{"request_id": "r", "name": "x", "order_code": "1"}]
    arguments = {"leads": orders, "order_code_field_id": 5, "since": NOW}
    with pytest.raises(Rejected):
        look_up(served.config(), "create_leads", arguments)
    served.answers = [(500, "text/html", b"<html>")]
    for operation, _ in CASES:
        given: dict[str, Any] = {"leads": orders}
        given |= {"contacts": [{"request_id": "r", "phone": "+77070000001"}]}
        given |= {"elements": [{"request_id": "r", "sku": "A"}], "catalog_id": 1, "name": "x"}
        given |= {"links": [{"lead_id": 1, "element_id": 1, "catalog_id": 1, "quantity": 1}]}
        given |= {"notes": [{"request_id": "r", "lead_id": 1, "text": "x"}]}
        given |= {"fields": [{"name": "x", "type": "text"}]}
        with pytest.raises(CallFailed):
            look_up(served.config(), operation, given)


def test_a_deal_without_a_code_is_known_by_its_name_and_no_code_is_no_code(
    look_up: Any, served: Any
) -> None:
    orders = [{"request_id": "r", "name": "Kaspi 7", "order_code": None}]
    arguments = {"leads": orders, "order_code_field_id": 5, "since": NOW}
    served.answers = Books("leads", [a_lead(9, None), a_lead(8, "7")]).pages
    assert look_up(served.config(), "create_leads", arguments) is None
    served.answers = Books("leads", [{**a_lead(9, None), "name": "Kaspi  7"}]).pages
    assert look_up(served.config(), "create_leads", arguments).data == {"ids": {"r": 9}}
