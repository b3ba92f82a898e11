"""Workbooks (.xlsx) of ours: real numbers and real times, written row by row, and nothing in them
that a spreadsheet would run.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import xlsxwriter

# Excel keeps fifteen digits of a number; a longer one is written as text, to be exact.
EXACT_DIGITS = 15
LONGEST_CELL = 32_767
OPTIONS = {
    # A row is on disk as soon as the next one begins.
    "constant_memory": True,
    # What people typed is text, whatever it looks like.
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def new_workbook(out: BinaryIO) -> Any:
    """An empty one, which is written to `out` as it grows, and by its `close()`."""
    return xlsxwriter.Workbook(out, OPTIONS)


def formats(book: Any, places: int) -> dict[str, Any]:
    """Looks of cells, for a currency of so many decimal places."""
    number = "#,##0" + ("." + "0" * places if places else "")
    head = {"bold": True, "bottom": 1, "bg_color": "#E7EFEE", "text_wrap": True}
    return {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "bold": book.add_format({"bold": True}),
        "head": book.add_format(head),
        "head_right": book.add_format(head | {"align": "right"}),
        "time": book.add_format({"num_format": "dd.mm.yyyy hh:mm:ss", "align": "left"}),
        "amount": book.add_format({"num_format": number, "align": "right"}),
        "bold_amount": book.add_format({"num_format": number, "bold": True, "align": "right"}),
    }


def write_time(page: Any, row: int, column: int, at: datetime, zone: ZoneInfo, look: Any) -> None:
    """A time by the clock of a zone: a workbook knows no zones."""
    page.write_datetime(row, column, at.astimezone(zone).replace(tzinfo=None), look)


def write_amount(page: Any, row: int, column: int, amount: Decimal, look: Any) -> None:
    """A number, or the text of one that is too long to be exact."""
    if len(amount.as_tuple().digits) <= EXACT_DIGITS:
        page.write_number(row, column, amount, look)
    else:
        page.write_string(row, column, format(amount, "f"), look)
