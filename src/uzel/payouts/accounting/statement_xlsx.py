"""Payouts as a workbook."""

from collections.abc import Sequence
from typing import BinaryIO

from uzel.kit.new_workbook import LONGEST_CELL, formats, new_workbook, write_amount, write_time
from uzel.ledger.statement import Sums
from uzel.model.currency import decimal, exponent
from uzel.payouts.accounting import statement_words as words
from uzel.payouts.accounting.statement import Line, Sheet
from uzel.payouts.accounting.statement_csv import closing

WIDTHS = (20, 10, 12, 32, 20, 18, 44, 22, 20, 38, 18, 20, 16, 18)
AMOUNT, TOTAL = 12, 13
# Sums stand beside their names, which are longer than a time.
NAMED = 4


class XlsxWriter:
    """See `statement.Writer`. Above the table its sums; its head stays in sight."""

    def __init__(self, out: BinaryIO, sheet: Sheet, sums: Sums) -> None:
        self._sheet = sheet
        self._book = new_workbook(out)
        self._page = self._book.add_worksheet(words.TITLE)
        self._formats = formats(self._book, exponent(sheet.currency))
        for column, width in enumerate(WIDTHS):
            self._page.set_column(column, column, width)
        self._page.set_landscape()
        self._page.set_paper(9)  # A4
        self._page.fit_to_pages(1, 0)
        self._row = 0
        self._top(sums)

    def add(self, lines: Sequence[Line]) -> None:
        for line in lines:
            self._line(line)

    def close(self) -> None:
        self._page.autofilter(self._head_row, 0, max(self._row - 1, self._head_row), TOTAL)
        self._book.close()

    def _top(self, sums: Sums) -> None:
        sheet, bold = self._sheet, self._formats["bold"]
        self._page.write_string(0, 0, words.TITLE, self._formats["title"])
        first, last = sheet.first.strftime(words.TIMES), sheet.last.strftime(words.TIMES)
        self._page.write_string(1, 0, words.PERIOD, bold)
        self._page.write_string(1, NAMED, f"{first} – {last} ({sheet.zone.key}), {sheet.currency}")
        named = (
            (words.OPENING, sums.opening_minor),
            (words.PAID, sums.went_minor),
            (words.RETURNED, sums.came_minor),
            (closing(sheet), sums.closing_minor),
        )
        for row, (name, minor) in enumerate(named, 2):
            self._page.write_string(row, 0, name, bold)
            self._amount(row, NAMED, -minor, "bold_amount")
        self._head_row = len(named) + 3
        for column, name in enumerate(words.HEAD):
            look = self._formats["head_right" if column >= AMOUNT else "head"]
            self._page.write_string(self._head_row, column, name, look)
        self._row = self._head_row + 1
        self._page.freeze_panes(self._row, 0)
        self._page.repeat_rows(self._head_row)

    def _line(self, line: Line) -> None:
        row, zone = self._row, self._sheet.zone
        texts = (
            str(line.number or ""), words.OPERATIONS[line.is_back], line.person, line.target,
            line.bank, line.purpose, line.public_id, line.external_id, line.provider_id,
            words.STATES.get(line.state, line.state), line.made_by,
        )  # fmt: skip
        write_time(self._page, row, 0, line.at, zone, self._formats["time"])
        for column, value in enumerate(texts, 1):
            if value:
                self._page.write_string(row, column, value[:LONGEST_CELL])
        self._amount(row, AMOUNT, -line.amount_minor)
        self._amount(row, TOTAL, -line.balance_minor)
        self._row += 1

    def _amount(self, row: int, column: int, minor: int, look: str = "amount") -> None:
        amount = decimal(minor, self._sheet.currency)
        write_amount(self._page, row, column, amount, self._formats[look])
