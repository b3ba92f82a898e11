"""Whatever arrives as a query, it is understood or refused; nothing else ever happens."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from uzel.crm.refusal import Refused
from uzel.crm.stock import STOCK
from uzel.crm.vtql import evaluate
from uzel.crm.vtql.meaning import understood
from uzel.crm.vtql.parser import parse

MODULES = {module.name: module for module in STOCK}
SOUND = (
    "select lastname, id from Contacts where lastname like 'и%' and id > '12x5' or "
    "birthday in ('1986-11-15', '2000-02-29') order by lastname, id desc limit 5, 10;"
)
ROWS = [{"id": "12x7", "lastname": "Иванова", "birthday": "1986-11-15"}]


def survives(text: str) -> Refused | None:
    """Neither reading nor answering it raises anything but Refused, and that can be sent."""
    for read in (parse, lambda one: understood(one, MODULES)):
        try:
            read(text)
        except Refused as refusal:
            assert refusal.message.encode()
            assert len(refusal.message) < 400
            if read is not parse:
                return refusal
    question = understood(text, MODULES)
    rows = evaluate.found(question, ROWS)
    assert len(rows) <= evaluate.count(question, ROWS) <= len(ROWS)
    return None


any_text = st.text(st.one_of(st.characters(codec=None), st.sampled_from("'\";,()<>=!*%_\\\0\n")))
pieces = st.sampled_from(
    (
        *("select", "*", "count(*)", "from Contacts", "where", "lastname", "id", "=", "<", ">="),
        *("in", "like", "and", "or", "order by", "desc", "limit", "(", ")", ",", ";", "5", "12x5"),
        *("'x'", "''", "'", "\0", "\ud800", "🦔", "--", "/*", "1.5", "<>", '"'),
    )
)


@given(any_text)
def test_any_text(text: str) -> None:
    survives(text)


@given(any_text)
def test_any_text_in_a_query(text: str) -> None:
    survives(f"select * from Contacts where lastname = {text};")
    survives(f"select * from {text};")
    survives(f"select {text} from Contacts;")
    survives(f"select * from Contacts order by {text};")
    survives(f"select * from Contacts limit {text};")


@given(any_text.filter(lambda text: text != ""))
def test_any_text_in_quotes_is_a_value(text: str) -> None:
    quoted = text.replace("'", "''")
    assert survives(f"select * from Contacts where lastname = '{quoted}';") is None


@given(st.lists(pieces, max_size=30).map(" ".join))
def test_any_pieces(text: str) -> None:
    survives(text)


@given(st.binary(max_size=200))
def test_any_bytes(raw: bytes) -> None:
    survives(raw.decode(errors="surrogateescape"))
    survives("select * from Contacts where " + raw.decode("latin-1"))


@given(st.integers(0, len(SOUND)), st.integers(0, len(SOUND)), any_text)
@example(0, 0, "")
def test_a_damaged_query(begin: int, end: int, text: str) -> None:
    survives(SOUND[:begin] + text + SOUND[end:])


INJECTIONS = (
    "'; drop table crm_record; --",
    "' or '1'='1",
    "x' union select access_key from crm_user --",
    "id); delete from crm_record; --",
    "1; select pg_sleep(60)",
    "\\'; select 1; --",
)


@pytest.mark.parametrize("text", INJECTIONS)
def test_injections_are_refused(text: str) -> None:
    quoted = survives(f"select * from Contacts where lastname = '{text}';")
    assert (quoted is None) is ("'" not in text)
    assert survives(f"select * from Contacts where {text};") is not None
    assert survives(f"select * from Contacts order by {text};") is not None
    assert survives(f"select {text} from Contacts;") is not None
    assert survives(f"select * from Contacts limit {text};") is not None


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("QUERY_SYNTAX_ERROR", "select * from Contacts where lastname = '" + "x" * 10_000_000),
        ("QUERY_SYNTAX_ERROR", "from " * 2_000_000),
        ("QUERY_SYNTAX_ERROR", "from" + " " * 10_000_000),
        ("QUERY_SYNTAX_ERROR", "(" * 10_000_000),
        ("QUERY_SYNTAX_ERROR", "🦔" * 3_000_000),
        ("ACCESS_DENIED", "from" + " " * 60_000),
        ("ACCESS_DENIED", "from x" * 10_000),
        ("ACCESS_DENIED", "from " + "x" * 60_000),
        (
            "QUERY_SYNTAX_ERROR",
            "select * from Contacts where " + " and ".join(["id = 12x1"] * 100_000) + ";",
        ),
        ("QUERY_SYNTAX_ERROR", "select * from Contacts where " + "a=1 and " * 8_000 + "a=1;"),
        ("QUERY_SYNTAX_ERROR", "select * from Contacts where " + "(" * 60_000 + ";"),
        ("QUERY_SYNTAX_ERROR", "select * from Contacts where id in " + "(" * 60_000 + ";"),
        ("QUERY_SYNTAX_ERROR", "select " + "id," * 20_000 + "id from Contacts;"),
        ("INTERNAL_SERVER_ERROR", "select * from Contacts where a = '" + "''" * 30_000 + ";"),
        ("INTERNAL_SERVER_ERROR", "select * from Contacts where a = '" + "x''" * 20_000 + ";"),
        ("INTERNAL_SERVER_ERROR", "select * from Contacts where a = '" + "x" * 60_000 + ";"),
        ("INTERNAL_SERVER_ERROR", "select * from Contacts where a = \0;"),
        ("INTERNAL_SERVER_ERROR", "select * from Contacts where a = \ud83d;"),
        ("INTERNAL_SERVER_ERROR", "select * from Contacts where 🦔 = 1;"),
        ("QUERY_SYNTAX_ERROR", "select * from Contacts limit 1" + ",1" * 30_000 + ";"),
        ("QUERY_SYNTAX_ERROR", "select * from Contacts;" + ";" * 60_000),
    ],
    ids=range(21),
)
def test_what_is_much_too_much(code: str, text: str) -> None:
    refusal = survives(text)
    assert refusal is not None
    assert refusal.code == code


def test_a_long_number_is_a_number() -> None:
    digits = "9" * 60_000
    assert survives(f"select * from Contacts limit {digits};") is None
    assert survives(f"select * from Contacts where id < '12x{digits}';") is None
    assert survives(f"select * from Contacts where cf_contacts_tgid < {digits};") is None


def test_patterns_of_many_any_end() -> None:
    text = "%a" * 15_000
    assert survives(f"select * from Contacts where lastname like '{text}';") is None
