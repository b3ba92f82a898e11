"""What queries mean: refusals by a module's fields, and answers from a list of records."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.crm.refusal import Refused
from uzel.crm.stock import STOCK
from uzel.crm.vtql import evaluate
from uzel.crm.vtql.meaning import (
    MOST_ROWS,
    Question,
    moment,
    moment_asked,
    number,
    record,
    understood,
)

MODULES = {module.name: module for module in STOCK}


def asked(text: str) -> Question:
    return understood(text, MODULES)


def refused(text: str) -> tuple[str, str]:
    with pytest.raises(Refused) as refusal:
        asked(text)
    return refusal.value.code, refusal.value.message


def denied(tail: str) -> tuple[str, str]:
    return "ACCESS_DENIED", f"Permission to {tail}"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (
            "select foo from Contacts where bar = 1;",
            denied("access '.foo.' attribute denied."),
        ),
        ("select id, LastName from Contacts;", denied("access '.LastName.' attribute denied.")),
        ("select id from Contacts where foo = 1;", denied("access foo attribute denied.")),
        ("select * from Contacts order by id, foo;", denied("access foo attribute denied.")),
        ("select count(*) from Contacts order by foo;", denied("access foo attribute denied.")),
        ("select accountname from Contacts;", denied("access '.accountname.' attribute denied.")),
        ("select * from Foo;", denied("perform the operation is denied for name : Foo")),
        ("garbage from Foo = '';", denied("perform the operation is denied for name : Foo")),
        ("select * from Foo", denied("perform the operation is denied for name : Foo")),
        ("select * from", denied("perform the operation is denied for query")),
        (
            "select * from \ud800\0x;",
            denied("perform the operation is denied for name : ?\0x"),
        ),
    ],
)
def test_what_a_module_has_not(text: str, answer: tuple[str, str]) -> None:
    assert refused(text) == answer


@pytest.mark.parametrize("column", ["id", "account_id", "assigned_user_id", "modifiedby"])
@pytest.mark.parametrize(
    "comparison",
    [
        "= 5",
        "= 'x5'",
        "= '12x'",
        "= '12X5'",
        "= '12x5 '",
        "= '1x2x3'",
        "= '12x-5'",
        "= '１x２'",
        "< ' '",
        "like '12x%'",
        "in ('12x5', '5')",
        "!= 'Иванов'",
        "= '12x5\0'",
    ],
)
def test_what_is_no_id(column: str, comparison: str) -> None:
    answer = refused(f"select * from Contacts where {column} {comparison};")
    assert answer == ("INVALID_ID_ATTRIBUTE", "Id specified is incorrect")


def test_columns_gain_the_id() -> None:
    assert asked("select lastname, lastname from Contacts;").columns == ("lastname", "id")
    assert asked("select id, lastname from Contacts;").columns == ("id", "lastname")
    assert asked("select * from Contacts;").columns is None


@pytest.mark.parametrize(
    ("limit", "offset", "most"),
    [
        ("", 0, MOST_ROWS),
        ("limit 5", 0, 5),
        ("limit 0", 0, 0),
        ("limit 101", 0, MOST_ROWS),
        ("limit 500,7", 500, 7),
        ("limit 7,500", 7, MOST_ROWS),
    ],
)
def test_limits(limit: str, offset: int, most: int) -> None:
    question = asked(f"select * from Contacts {limit};")
    assert (question.offset, question.limit) == (offset, most)


ROWS = [
    {
        "id": "12x7",
        "contact_no": "CON7",
        "lastname": "Ёлкина",
        "cf_contacts_tgid": "9",
        "birthday": "1986-11-15",
        "donotcall": "1",
        "account_id": "11x9",
        "assigned_user_id": "19x1",
        "createdtime": "2024-01-31 23:59:59",
    },
    {
        "id": "12x10",
        "contact_no": "CON10",
        "lastname": "Straße",
        "cf_contacts_tgid": "10",
        "birthday": "1986-02-30",
        "donotcall": "0",
        "account_id": "11x10",
        "assigned_user_id": "19x2",
        "createdtime": "2024-02-01 00:00:00",
    },
    {
        "id": "12x9",
        "contact_no": "CON9",
        "lastname": "",
        "cf_contacts_tgid": "-0.50",
        "birthday": "2000-02-29",
        "donotcall": "ДА",
        "account_id": "11x9",
        "assigned_user_id": "19x1",
        "createdtime": "2024-02-01 12:00:00",
    },
    {"id": "12x8", "contact_no": "CON8", "cf_contacts_tgid": "ten", "createdtime": ""},
]


def ids(rest: str) -> list[str]:
    question = asked(f"select * from Contacts {rest};")
    return [row["id"] for row in evaluate.found(question, ROWS)]


EVERY = ["12x7", "12x8", "12x9", "12x10"]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        # Text: in any case of letters, absent is empty.
        ("lastname = 'ёЛКИНА'", ["12x7"]),
        ("lastname = 'STRASSE'", ["12x10"]),
        ("lastname != 'ёлкина'", ["12x8", "12x9", "12x10"]),
        ("lastname < 'a'", ["12x8", "12x9"]),
        ("lastname >= 'strasse'", ["12x7", "12x10"]),
        ("lastname like '%'", EVERY),
        ("lastname like '_%'", ["12x7", "12x10"]),
        ("lastname like 'ё%'", ["12x7"]),
        ("lastname in ('STRASSE', 'ёлкина', 'x')", ["12x7", "12x10"]),
        ("contact_no = 'con9'", ["12x9"]),
        ("contact_no > 'CON7'", ["12x8", "12x9"]),
        # Numbers: as numbers, absent is null.
        ("cf_contacts_tgid > 9", ["12x10"]),
        ("cf_contacts_tgid < '9.5'", ["12x7", "12x9"]),
        ("cf_contacts_tgid = '-.5'", []),
        ("cf_contacts_tgid = '-0.5'", ["12x9"]),
        ("cf_contacts_tgid = '+09.0'", ["12x7"]),
        ("cf_contacts_tgid != 9", ["12x9", "12x10"]),
        ("cf_contacts_tgid != 'ten'", []),
        ("cf_contacts_tgid = 'ten'", []),
        ("cf_contacts_tgid in (ten, 9)", ["12x7"]),
        ("cf_contacts_tgid = '1e1'", []),
        ("cf_contacts_tgid like '%0'", ["12x9", "12x10"]),
        ("cf_contacts_tgid like 'TEN'", ["12x8"]),
        # Moments.
        ("birthday = '1986-11-15'", ["12x7"]),
        ("birthday = '1986-11-15 00:00:00'", ["12x7"]),
        ("birthday < '1986-11-15 00:00:01'", ["12x7"]),
        ("birthday >= '1900-01-01'", ["12x7", "12x9"]),
        ("birthday != '1986-11-15'", ["12x9"]),
        ("birthday != '1986-02-30'", []),
        ("birthday = '1986-02-30'", []),
        ("birthday = 19861115", []),
        ("birthday like '1986-%'", ["12x7", "12x10"]),
        ("createdtime >= '2024-02-01'", ["12x9", "12x10"]),
        ("createdtime < '2024-02-01'", ["12x7"]),
        ("createdtime = '2024-02-01'", ["12x10"]),
        ("createdtime = '2024-02-01 24:00:00'", []),
        ("createdtime like '2024-02-01%'", ["12x9", "12x10"]),
        # Truths.
        ("donotcall = 1", ["12x7", "12x9"]),
        ("donotcall = 'Yes'", ["12x7", "12x9"]),
        ("donotcall != 1", ["12x8", "12x10"]),
        ("donotcall = 0", ["12x8", "12x10"]),
        ("donotcall = whatever", ["12x8", "12x10"]),
        ("donotcall in (0, 1)", EVERY),
        ("donotcall < 1", ["12x8", "12x10"]),
        ("donotcall like 1", ["12x7", "12x9"]),
        # Records: by the number.
        ("id > '12x8'", ["12x9", "12x10"]),
        ("id = '99x008'", ["12x8"]),
        ("id like '12x8'", ["12x8"]),
        ("id < '12x99999999999999999999999999'", EVERY),
        ("account_id = '11x9'", ["12x7", "12x9"]),
        ("account_id != '11x9'", ["12x10"]),
        ("account_id in ('11x9', '11x10')", ["12x7", "12x9", "12x10"]),
        ("account_id <= '11x9'", ["12x7", "12x9"]),
        ("assigned_user_id = '19x2'", ["12x10"]),
        # What no field can hold is nothing, and not different from anything either.
        ("lastname = 'a\0'", []),
        ("lastname != 'a\0'", []),
        ("lastname != '\ud800'", []),
        ("lastname like '%\0'", []),
        ("lastname in ('\udfff', 'ёлкина')", ["12x7"]),
        ("donotcall = '0\0'", []),
        # AND before OR.
        ("lastname = x and id = '12x7' or id = '12x8'", ["12x8"]),
        ("id = '12x8' or id = '12x7' and lastname = x", ["12x8"]),
        ("id = '12x7' or id = '12x8' or id = '12x7'", ["12x7", "12x8"]),
    ],
)
def test_conditions(condition: str, found: list[str]) -> None:
    assert ids(f"where {condition}") == found


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("id desc", EVERY[::-1]),
        ("lastname", ["12x8", "12x9", "12x10", "12x7"]),
        ("lastname desc", ["12x7", "12x10", "12x8", "12x9"]),
        ("contact_no", ["12x10", "12x7", "12x8", "12x9"]),
        ("cf_contacts_tgid", ["12x8", "12x9", "12x7", "12x10"]),
        ("cf_contacts_tgid desc", ["12x10", "12x7", "12x9", "12x8"]),
        ("birthday", ["12x8", "12x10", "12x7", "12x9"]),
        ("donotcall desc", ["12x7", "12x9", "12x8", "12x10"]),
        ("account_id, lastname desc", ["12x10", "12x7", "12x9", "12x8"]),
        ("account_id, lastname", ["12x8", "12x9", "12x7", "12x10"]),
    ],
)
def test_orders(order: str, found: list[str]) -> None:
    assert ids(f"order by {order}") == found


def test_pages_through_a_list() -> None:
    assert ids("limit 2") == EVERY[:2]
    assert ids("limit 2,1") == EVERY[2:3]
    assert ids("limit 3,100") == EVERY[3:]
    assert ids("limit 99999999999999999999,1") == []
    assert ids("limit 0") == []


def test_counts_whatever_the_limit() -> None:
    question = asked("select count(*) from Contacts where donotcall = 1 limit 0;")
    assert question.is_count
    assert evaluate.count(question, ROWS) == 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("007", 7),
        ("+5.50", Decimal("5.5")),
        ("-1", -1),
        ("9" * 100, int("9" * 100)),
        ("9" * 101, None),
        ("", None),
        (".5", None),
        ("5.", None),
        ("1e3", None),
        ("1 000", None),
        ("1,5", None),
        ("--1", None),
        ("NaN", None),
        ("٣", None),
        ("5\n", None),
    ],
)
def test_numbers(text: str, value: Decimal | int | None) -> None:
    assert number(text) == value


@given(st.integers(0, 9999), st.integers(0, 13), st.integers(0, 32))
def test_moments(year: int, month: int, day: int) -> None:
    text = f"{year:04}-{month:02}-{day:02}"
    try:
        expected = f"{date(year, month, day)} 00:00:00"
    except ValueError:
        assert moment(text) is None
    else:
        assert moment(text) == expected


@given(
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)),
    st.sampled_from([None, UTC, timezone(timedelta(hours=3)), timezone(timedelta(hours=-11))]),
    st.sampled_from("T "),
)
def test_moments_as_programs_print_them(at: datetime, zone: timezone | None, sign: str) -> None:
    second = at.replace(microsecond=0)
    printed = second.isoformat(" ")
    assert moment_asked(printed) == moment(printed) == printed
    aware = at.replace(tzinfo=UTC).astimezone(zone) if zone else at
    assert moment_asked(aware.isoformat(sign)) == printed
    assert moment_asked(f"{at.isoformat(sign, 'milliseconds')}Z") == printed
    assert moment_asked(at.isoformat(sign, "minutes")) == f"{printed[:17]}00"


@pytest.mark.parametrize(
    "text",
    ["2026-11-22T", "2026-11-22T25:00:00Z", "20261122T010203", "0001-01-01T00:00:00+03:00", "now"],
)
def test_no_moments(text: str) -> None:
    assert moment_asked(text) is None


@pytest.mark.parametrize("text", ["", "x", "12x", "x5", "12x5 ", "12y5", "12x" + "1" * 19, "12x٣"])
def test_no_ids(text: str) -> None:
    assert record(text) is None


def test_every_field_of_every_module_can_be_asked_for() -> None:
    for module in MODULES.values():
        for name in module.by_name:
            text = f"select {name} from {module.name} where {name} = '1x1' order by {name};"
            assert evaluate.found(asked(text), []) == []
