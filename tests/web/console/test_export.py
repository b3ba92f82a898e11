"""CSV that reads back as it was, and that no spreadsheet runs."""

import csv
import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from uzel.web.console.export import FORMULA_STARTS, line, text_of

MOSCOW = ZoneInfo("Europe/Moscow")


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1))
def test_a_line_reads_back(cells: list[str]) -> None:
    [back] = csv.reader(io.StringIO(line(cells, MOSCOW), newline=""))
    assert [cell.removeprefix("'") for cell in back] == [cell.removeprefix("'") for cell in cells]


@given(st.text())
def test_no_cell_is_a_formula(text: str) -> None:
    assert not text_of(text, MOSCOW).startswith(FORMULA_STARTS)


def test_phones_formulas_and_times() -> None:
    assert text_of("+79990000101", MOSCOW) == "'+79990000101"
    assert text_of('=HYPERLINK("x")', MOSCOW).startswith("'=")
    assert text_of("@SUM(A1)", MOSCOW).startswith("'@")
    assert text_of("-1", MOSCOW) == "'-1"
    assert text_of("заказ 101", MOSCOW) == "заказ 101"
    assert text_of(None, MOSCOW) == ""
    at = datetime(2026, 11, 20, 21, 30, 5, 999, tzinfo=UTC)
    assert text_of(at, MOSCOW) == "2026-11-21T00:30:05+03:00"
