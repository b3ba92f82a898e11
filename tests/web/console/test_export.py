"""CSV that reads back as it was, and that no spreadsheet runs, whatever it takes for separators."""

import csv
import io
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from uzel.kit.spreadsheet import SEPARATOR
from uzel.web.console.export import line, text_of

MOSCOW = ZoneInfo("Europe/Moscow")
SIGNS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
BLANK = " \t\r\n\v\f\u2028"
EDGES = re.compile(r"[;,\t\r\n|]")

hostile = st.text(st.sampled_from(";,\t\r\n|\"' =+-@\uff1dx1(!)\v\f\u2028"), max_size=12)
texts = st.one_of(hostile, st.text(st.characters(codec="utf-8", exclude_characters="\0")))


@given(st.lists(texts, min_size=1))
def test_a_line_reads_back(cells: list[str]) -> None:
    [back] = csv.reader(io.StringIO(line(cells, MOSCOW), newline=""), delimiter=SEPARATOR)
    assert back == [text_of(cell, MOSCOW) for cell in cells]
    assert [cell.replace("'", "") for cell in back] == [cell.replace("'", "") for cell in cells]


@given(st.lists(texts, min_size=1), st.sampled_from([";", ",", "\t", "|"]))
@example([";=cmd|' /C calc'!A0"], ";")
@example(['a,"=1+1"', "b"], ",")
def test_no_cell_is_a_formula_whatever_separates_them(cells: list[str], separator: str) -> None:
    for row in csv.reader(io.StringIO(line(cells, MOSCOW), newline=""), delimiter=separator):
        assert not [cell for cell in row if cell.strip(BLANK + '"').startswith(SIGNS)]


@given(st.lists(texts, min_size=1))
def test_no_piece_is_a_formula_even_where_quotes_mean_nothing(cells: list[str]) -> None:
    for piece in EDGES.split(line(cells, MOSCOW)):
        assert not piece.strip(BLANK + '"').startswith(SIGNS)


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("+79990000101", "'+79990000101"),
        ('=HYPERLINK("x")', '\'=HYPERLINK("x")'),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-1", "'-1"),
        (-1, "'-1"),
        (" =1", "' =1"),
        ("\t=1", "\t'=1"),
        ("a;=cmd()", "a;'=cmd()"),
        ("a,=cmd()", "a,'=cmd()"),
        ("a\t=cmd()", "a\t'=cmd()"),
        ("a\n=cmd()", "a\n'=cmd()"),
        ('a; "=cmd()', "a;' \"=cmd()"),
        ("заказ 101", "заказ 101"),
        ("1-2, 3=4; a@b", "1-2, 3=4; a@b"),
        (None, ""),
        (399, "399"),
    ],
)
def test_an_apostrophe_stands_before_what_could_be_a_formula(
    cell: str | int | None, safe: str
) -> None:
    assert text_of(cell, MOSCOW) == safe


@pytest.mark.parametrize("part", ["\n", ",", " ", ", ", '"', "\n "])
def test_a_cell_of_nothing_but_separators_costs_no_more_than_another(part: str) -> None:
    """Were it as slow as it could be, this would not end before tomorrow."""
    assert text_of(part * 500_000, MOSCOW) == part * 500_000


def test_times_are_those_of_the_business() -> None:
    at = datetime(2026, 11, 20, 21, 30, 5, 999, tzinfo=UTC)
    assert text_of(at, MOSCOW) == "2026-11-21T00:30:05+03:00"
    assert text_of(datetime(9999, 12, 31, 23, tzinfo=UTC), MOSCOW).startswith("9999-12-31")


def test_every_cell_is_in_quotes_between_semicolons() -> None:
    assert line(["a", None, 7, 'say "no"'], MOSCOW) == '"a";"";"7";"say ""no"""\r\n'
