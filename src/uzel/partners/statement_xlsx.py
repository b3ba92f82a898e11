"""A statement as a workbook: real numbers and real times, written row by row."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, BinaryIO

import xlsxwriter

from uzel.model.currency import decimal, exponent, text
from uzel.partners.statement import Line
from uzel.partners.statement_sheet import Sheet, Sums, description

# Excel keeps fifteen digits of a number; a longer one is written as text, to be exact.
EXACT_MINOR = 10**15
LONGEST_CELL = 32_767
WIDTHS = (31, 22, 24, 20, 44, 16, 16)
TEXT_COLUMNS, AMOUNT, BALANCE = 5, 5, 6
OPTIONS = {
    # A row is on disk as soon as the next one begins.
    "constant_memory": True,
    # What partners and people typed is text, whatever it looks like.
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


class XlsxWriter:
    """See `statement_sheet.Writer`. Above the table its sums; its head stays in sight."""

    def __init__(self, out: BinaryIO, sheet: Sheet, sums: Sums) -> None:
        self._sheet = sheet
        self._sums = sums
        self._book = xlsxwriter.Workbook(out, OPTIONS)
        self._page = self._book.add_worksheet(sheet.words.title[:31])
        self._formats = formats(self._book, exponent(sheet.partner.currency))
        self._row = 0
        for column, width in enumerate(WIDTHS):
            self._page.set_column(column, column, width)
        self._page.set_landscape()
        self._page.set_paper(9)  # A4
        self._page.fit_to_pages(1, 0)
        self._top()

    def add(self, lines: Sequence[Line]) -> None:
        words = self._sheet.words
        for line in lines:
            texts = (
                words.kind(line.kind),
                line.payment_id,
                line.external_id,
                description(line, words),
            )
            self._time(self._row, 0, line.at)
            for column, value in enumerate(texts, 1):
                if value:
                    self._page.write_string(self._row, column, value[:LONGEST_CELL])
            self._amount(self._row, AMOUNT, line.amount_minor)
            self._amount(self._row, BALANCE, line.balance_minor)
            self._row += 1

    def close(self) -> None:
        self._page.autofilter(self._head_row, 0, max(self._row - 1, self._head_row), BALANCE)
        self._named(self._sheet.closing, self._sums.closing_minor, BALANCE)
        self._book.close()

    def _top(self) -> None:
        sheet, words, sums = self._sheet, self._sheet.words, self._sums
        partner, bold = sheet.partner, self._formats["bold"]
        self._page.write_string(self._row, 0, words.title, self._formats["title"])
        self._row += 1
        facts = [
            (words.partner, f"{partner.name} ({partner.public_id})"),
            (words.period, sheet.period),
            (words.currency, partner.currency),
            *([("", words.is_test)] if sheet.is_test else []),
        ]
        for name, value in facts:
            self._page.write_string(self._row, 0, name, bold)
            self._page.write_string(self._row, 1, value)
            self._row += 1
        self._named(words.opening, sums.opening_minor)
        self._named(words.came, sums.came_minor)
        self._named(words.went, sums.went_minor)
        self._named(sheet.closing, sums.closing_minor)
        self._row += 1
        for column, name in enumerate(words.head):
            right = column >= TEXT_COLUMNS
            look = self._formats["head_right" if right else "head"]
            self._page.write_string(self._row, column, name, look)
        self._head_row = self._row
        self._row += 1
        self._page.freeze_panes(self._row, 0)
        self._page.repeat_rows(self._head_row)

    def _named(self, name: str, minor: int, column: int = 1) -> None:
        self._page.write_string(self._row, 0, name, self._formats["bold"])
        self._amount(self._row, column, minor, "bold_amount")
        self._row += 1

    def _time(self, row: int, column: int, at: datetime) -> None:
        local = at.astimezone(self._sheet.zone).replace(tzinfo=None)
        self._page.write_datetime(row, column, local, self._formats["time"])

    def _amount(self, row: int, column: int, minor: int, look: str = "amount") -> None:
        currency = self._sheet.partner.currency
        if abs(minor) < EXACT_MINOR:
            self._page.write_number(row, column, decimal(minor, currency), self._formats[look])
        else:
            self._page.write_string(row, column, text(minor, currency), self._formats[look])


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
