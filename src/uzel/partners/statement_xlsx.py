"""A statement as a workbook: real numbers and real times, written row by row."""

from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from uzel.kit.new_workbook import LONGEST_CELL, formats, new_workbook, write_amount, write_time
from uzel.ledger.statement import Sums
from uzel.model.currency import decimal, exponent
from uzel.partners.statement import Line
from uzel.partners.statement_sheet import Sheet, description

WIDTHS = (31, 22, 24, 20, 44, 16, 16)
TEXT_COLUMNS, AMOUNT, BALANCE = 5, 5, 6


class XlsxWriter:
    """See `statement_sheet.Writer`. Above the table its sums; its head stays in sight."""

    def __init__(self, out: BinaryIO, sheet: Sheet, sums: Sums) -> None:
        self._sheet = sheet
        self._sums = sums
        self._book = new_workbook(out)
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
        write_time(self._page, row, column, at, self._sheet.zone, self._formats["time"])

    def _amount(self, row: int, column: int, minor: int, look: str = "amount") -> None:
        amount = decimal(minor, self._sheet.partner.currency)
        write_amount(self._page, row, column, amount, self._formats[look])
