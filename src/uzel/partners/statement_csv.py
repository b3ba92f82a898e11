"""A statement as CSV, for spreadsheets."""

from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from uzel.kit.spreadsheet import MARK, safe, written
from uzel.ledger.statement import Sums
from uzel.model.currency import text
from uzel.partners.statement import Line
from uzel.partners.statement_sheet import Sheet, description


class CsvWriter:
    """See `statement_sheet.Writer`. A head, opening balance, lines, sums, closing balance."""

    def __init__(self, out: BinaryIO, sheet: Sheet, sums: Sums) -> None:
        self._out = out
        self._sheet = sheet
        self._sums = sums
        words = sheet.words
        *first, amount, balance = words.head
        self._write(MARK + written((*first, amount, balance, words.currency)))
        self._write(self._sum(words.opening, sheet.since, None, sums.opening_minor))

    def add(self, lines: Sequence[Line]) -> None:
        self._write("".join(map(self._row, lines)))

    def close(self) -> None:
        words, sums, last = self._sheet.words, self._sums, self._sheet.last
        for name, amount in ((words.came, sums.came_minor), (words.went, sums.went_minor)):
            if name:
                self._write(self._sum(name, last, amount, None))
        closing = self._sheet.closing
        if not self._sheet.is_over and words.unfinished:
            closing = f"{closing}, {words.unfinished}"
        self._write(self._sum(closing, last, None, sums.closing_minor))

    def _row(self, line: Line) -> str:
        sheet = self._sheet
        return written(
            (
                sheet.words.time(line.at, sheet.zone),
                safe(sheet.words.kind(line.kind)),
                safe(line.payment_id),
                safe(line.external_id),
                safe(description(line, sheet.words)),
                self._amount(line.amount_minor),
                self._amount(line.balance_minor),
                sheet.partner.currency,
            )
        )

    def _sum(self, name: str, at: datetime, amount: int | None, balance: int | None) -> str:
        time, currency = self._sheet.words.time(at, self._sheet.zone), self._sheet.partner.currency
        amounts = (self._amount(amount), self._amount(balance))
        return written((time, name, "", "", "", *amounts, currency))

    def _amount(self, minor: int | None) -> str:
        """A number as the spreadsheet's country writes it: where the point is a comma, `1.10` is
        the first of October.
        """
        if minor is None:
            return ""
        return text(minor, self._sheet.partner.currency).replace(".", self._sheet.words.comma)

    def _write(self, said: str) -> None:
        self._out.write(said.encode())
