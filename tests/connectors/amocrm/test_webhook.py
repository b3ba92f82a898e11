"""Hooks of amoCRM: which deal is a visit, whose phone is whose."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connector import Element, Received
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.connectors.amocrm.webhook import parse
from uzel.errors import PayloadInvalid
from uzel.model.visit import Visit, VisitState

CONFIG = AmocrmConfig.model_validate(
    {
        "base_url": "https://example.amocrm.ru",
        "access_token": "token",
        "won_stages": ["700:51", "61"],
    }
)
ACCOUNT = {"id": "31", "subdomain": "example"}


def read(body: bytes, config: AmocrmConfig = CONFIG) -> list[Element]:
    return parse(Received(body, {}, "", datetime.now(UTC)), config)


def read_json(tree: Any, config: AmocrmConfig = CONFIG) -> list[Element]:
    return read(json.dumps(tree).encode(), config)


def told(action: str, **lead: Any) -> Element:
    """The one element of a body about one lead."""
    body = {"leads": {action: [{"id": "9", "pipeline_id": "700", **lead}]}, "account": ACCOUNT}
    (element,) = read_json(body)
    return element


def visit_of(element: Element) -> Visit:
    assert isinstance(element.data, Visit)
    return element.data


def decided(element: Element) -> str | None:
    """`completed`, the note of what was called off, or why nothing follows."""
    if element.type == "visit.completed" and element.key:
        return "completed"
    return visit_of(element).note if element.type == "visit.cancelled" else element.reason


@pytest.mark.parametrize(
    ("action", "lead", "decision"),
    [
        ("status", {"status_id": "142", "old_status_id": "40"}, "completed"),
        ("status", {"status_id": "142"}, "completed"),
        ("status", {"status_id": "51", "old_status_id": "40"}, "completed"),
        ("status", {"status_id": "61", "pipeline_id": "701"}, "completed"),
        ("status", {"status_id": "51", "pipeline_id": "701"}, "status_not_won"),
        ("status", {"status_id": "143", "old_status_id": "40"}, "status_not_won"),
        ("status", {"status_id": "143"}, "status_not_won"),
        ("status", {"status_id": "40", "old_status_id": "39"}, "status_not_won"),
        ("status", {"status_id": "s"}, "status_not_won"),
        ("status", {"status_id": ""}, "status_missing"),
        ("status", {}, "status_missing"),
        # From one won stage to another, also of another pipeline, is no second win.
        ("status", {"status_id": "142", "old_status_id": "51"}, "won_before"),
        ("status", {"status_id": "142", "old_status_id": "142"}, "won_before"),
        (
            "status",
            {"status_id": "142", "old_status_id": "51", "old_pipeline_id": "701"},
            "completed",
        ),
        ("status", {"status_id": "40", "old_status_id": "142"}, "reopened"),
        ("status", {"status_id": "143", "old_status_id": "142"}, "reopened"),
        ("status", {"status_id": "40", "old_status_id": "51"}, "reopened"),
        ("status", {"old_status_id": "142"}, "status_missing"),
        ("update", {"status_id": "142"}, "won_before"),
        ("update", {"status_id": "142", "old_status_id": "40"}, "completed"),
        ("update", {"status_id": "40", "old_status_id": "142"}, "reopened"),
        ("update", {"status_id": "40"}, "status_not_won"),
        ("add", {"status_id": "142"}, "completed"),
        ("add", {"status_id": "40"}, "status_not_won"),
        ("delete", {}, "deleted"),
        ("restore", {"status_id": "142"}, "lead_restored"),
        ("responsible", {"status_id": "142"}, "entity"),
        ("note", {"status_id": "142"}, "entity"),
        ("mail_in", {"status_id": "142"}, "entity"),
    ],
)
def test_what_happened_to_a_lead_decides(action: str, lead: dict[str, str], decision: str) -> None:
    assert decided(told(action, **lead)) == decision


def test_a_win_needs_a_number_and_says_whom_to_ask() -> None:
    won = told("status", status_id=142, price=12.5, updated_at="1773480000")
    assert won.key == "visit:lead:9:completed"
    assert won.subject == "сделка 9"
    assert won.occurred_at == datetime(2026, 3, 14, 9, 20, tzinfo=UTC)
    assert visit_of(won) == Visit(
        VisitState.COMPLETED, visit="lead:9", place="700", total="12.5", guest="lead:9"
    )
    assert told("status", status_id="142", id="deal-a").reason == "no_phone"
    assert told("status", status_id="142", id="").reason == "no_phone"
    with_phone = {"main_contact": {"phone": "+79990000001"}}
    nameless = told("status", status_id="142", id="x", **with_phone)
    assert (nameless.reason, nameless.key) == ("order_id_missing", None)
    assert told("delete", id="x").reason == "order_id_missing"


def test_a_deletion_may_be_a_bare_number() -> None:
    for listed in ("9", ["9"], {"0": "9"}, [{"id": 9}], {"id": "9"}):
        (element,) = read_json({"leads": {"delete": listed}, "account": ACCOUNT})
        assert (decided(element), visit_of(element).visit) == ("deleted", "lead:9")


@pytest.mark.parametrize(
    ("account", "lead"),
    [
        *(({"id": "31", "subdomain": "example"}, {}), ({"id": "31"}, {"account_id": "32"})),
        *(({"id": "", "subdomain": "example"}, {"account_id": "32"}), ({"subdomain": "null"}, {})),
        *(("31", {}), (None, {})),
    ],
)
def test_a_lead_is_the_same_however_its_account_is_named(
    account: Any, lead: dict[str, str]
) -> None:
    body = {"leads": {"status": [{"id": "9", "status_id": "142", **lead}]}, "account": account}
    (element,) = read_json(body)
    assert visit_of(element).visit == "lead:9"


@pytest.mark.parametrize(
    ("price", "total"),
    [
        *(("", None), ("0", "0"), ("1290", "1290"), ("12.34", "12.34"), (1290.10, "1290.1")),
        *(("1 290", None), ("-5", None), ("1e3", None), ("9" * 40, None), (None, None)),
    ],
)
def test_a_price_is_text_or_a_number(price: Any, total: str | None) -> None:
    assert visit_of(told("status", status_id="142", price=price)).total == total


def test_every_entity_is_an_element_in_the_order_of_the_body() -> None:
    body = {
        "account": ACCOUNT,
        "contacts": {"update": [{"id": "1"}], "add": {"5": {"id": "2", "type": "company"}}},
        "leads": {"status": {"3": {"id": "4", "status_id": "142"}, "1": "x"}},
        "task": {"update": [{"0": {"id": "6"}, "1": {"id": "7"}}]},
        "robots": {"add": [{"id": "8"}]},
        "add": [{"id": "9"}],
        "strange": "text",
    }
    assert [(it.type, it.subject, it.reason) for it in read_json(body)] == [
        ("contact.updated", "контакт 1", "no_lead_status"),
        ("company.added", "компания 2", "company"),
        ("visit.completed", "сделка 4", None),
        ("lead.status_changed", None, "element_invalid"),
        ("task.updated", "задача 6", "entity"),
        ("task.updated", "задача 7", "entity"),
        ("unknown.added", "запись 8", "entity"),
        ("unknown.received", "запись 9", "entity"),
        ("unknown.received", None, "entity"),
    ]


def test_a_body_of_nothing_but_the_account_is_told_of() -> None:
    (element,) = read(b"account[subdomain]=example&account[id]=31")
    assert (element.type, element.reason, element.key) == ("account.received", "entity", None)


@pytest.mark.parametrize("body", [b"", b"[]", b'[{"leads": {}}]', b"{}", b"{", b"&&", b"[a]=1"])
def test_what_holds_nothing_is_refused(body: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        read(body)


def person(lead: dict[str, Any], *contacts: dict[str, Any], others: int = 0) -> tuple[Any, Any]:
    """(phone, whom to ask) of the lead 9 in a body with these contacts."""
    more = [{"id": str(1000 + nth), "status_id": "40"} for nth in range(others)]
    won = {"id": "9", "status_id": "142", **lead}
    body = {"leads": {"status": [won, *more]}, "contacts": {"update": list(contacts)}}
    visit = visit_of(read_json(body)[0])
    return visit.phone, visit.guest


PHONE_1, PHONE_2 = {"phone": "+79990000001"}, {"phone": "+79990000002"}
FOUND_1, FOUND_2 = ("+79990000001", None), ("+79990000002", None)
TO_ASK = (None, "lead:9")


@pytest.mark.parametrize(
    ("lead", "contacts", "found"),
    [
        ({}, [], TO_ASK),
        ({"main_contact": PHONE_1}, [], FOUND_1),
        ({"main_contact": {"phone": {"value": "+79990000001"}}}, [], FOUND_1),
        ({"main_contact": {"phone": [{"value": ""}, {"value": "+79990000001"}]}}, [], FOUND_1),
        ({"main_contact": {"id": 1, **PHONE_1}}, [{"id": 1, **PHONE_2}], FOUND_1),
        ({"main_contact": {"id": 1}}, [{"id": "1", **PHONE_1}, {"id": 2, **PHONE_2}], FOUND_1),
        ({"main_contact_id": "2"}, [{"id": "1", **PHONE_1}, {"id": 2, **PHONE_2}], FOUND_2),
        ({"main_contact": {"id": 1}}, [{"id": "2", **PHONE_2}], TO_ASK),
        ({}, [{"id": 1, **PHONE_1}], FOUND_1),
        ({}, [{"id": 1, "linked_leads_id": {"9": {"ID": "9"}}, **PHONE_1}], FOUND_1),
        ({}, [{"id": 1, "linked_leads_id": ["9"], **PHONE_1}], FOUND_1),
        ({}, [{"id": 1, "linked_leads_id": {"8": {"ID": "8"}}, **PHONE_1}], TO_ASK),
        ({}, [{"id": 1, "type": "company", **PHONE_1}], TO_ASK),
        ({}, [{"id": 1, **PHONE_1}, {"id": 2, **PHONE_2}], TO_ASK),
        (
            {},
            [{"id": 1, "linked_leads_id": ["8"], **PHONE_1}, {"id": 2, **PHONE_2}],
            TO_ASK,
        ),
        (
            {},
            [{"id": 1, **PHONE_1}, {"id": 2, "linked_leads_id": ["9"], **PHONE_2}],
            FOUND_2,
        ),
        (
            {},
            [
                {"id": 1, "linked_leads_id": ["9"], **PHONE_1},
                {"id": 2, "linked_leads_id": ["9"], **PHONE_2},
            ],
            TO_ASK,
        ),
    ],
)
def test_only_a_contact_that_is_certainly_its_own_gives_a_lead_its_phone(
    lead: dict[str, Any], contacts: list[dict[str, Any]], found: tuple[Any, Any]
) -> None:
    assert person(lead, *contacts) == found


def test_the_only_contact_is_nobodys_where_there_are_several_leads() -> None:
    assert person({}, {"id": 1, **PHONE_1}, others=1) == TO_ASK


LINKS = st.lists(st.integers(1, 5), max_size=3)


@given(
    leads=st.lists(st.tuples(st.integers(1, 5), st.integers(11, 15) | st.none()), max_size=4),
    contacts=st.lists(st.tuples(st.integers(11, 15), LINKS), max_size=4),
)
def test_no_lead_gets_the_phone_of_a_contact_that_names_others(
    leads: list[tuple[int, int | None]], contacts: list[tuple[int, list[int]]]
) -> None:
    """A contact's phone is its number; a lead has the phone only of its main contact, or of one
    that is linked to it, or of one that is linked to nothing and alone with it.
    """
    body = {
        "leads": {
            "status": [
                {"id": lead, "status_id": 142, **({"main_contact_id": main} if main else {})}
                for lead, main in leads
            ]
        },
        "contacts": {
            "update": [
                {"id": it, "phone": f"+7999000{it:04}", **({"linked_leads_id": of} if of else {})}
                for it, of in contacts
            ]
        },
    }
    linked = dict(contacts)
    for (lead, main), element in zip(leads, read_json(body), strict=False):
        visit = visit_of(element)
        if visit.phone is None:
            assert visit.guest == f"lead:{lead}"
            continue
        owner = int(str(visit.phone)[-4:])
        alone = len(linked) == 1 and len({lead for lead, _ in leads}) == 1 and not linked[owner]
        assert owner == main if main else lead in linked[owner] or alone


@given(st.lists(st.sampled_from([142, 40, 143, 51]), min_size=1, max_size=6))
def test_a_form_and_its_json_mean_the_same(stages: list[int]) -> None:
    leads = {
        str(nth): {"id": str(nth + 1), "status_id": str(stage), "pipeline_id": "700"}
        for nth, stage in enumerate(stages)
    }
    tree = {"account": ACCOUNT, "leads": {"status": leads}}
    fields = [("account[id]", "31"), ("account[subdomain]", "example")]
    fields += [
        (f"leads[status][{nth}][{name}]", value)
        for nth, lead in leads.items()
        for name, value in lead.items()
    ]
    assert read(urlencode(fields).encode()) == read_json(tree)
    assert read(urlencode(fields, safe="[]").encode()) == read_json(tree)


def test_without_any_settings_only_142_is_won() -> None:
    body = b"leads[status][0][id]=9&leads[status][0][status_id]="
    bare = AmocrmConfig.model_construct()
    assert [element.key for element in read(body + b"142", bare)] == ["visit:lead:9:completed"]
    assert [element.reason for element in read(body + b"61", bare)] == ["status_not_won"]
