"""Payouts as CSV, for spreadsheets."""

from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from uzel.kit.spreadsheet import MARK, safe, written
from uzel.ledger.statement import Sums
from uzel.model.currency import text
from uzel.payouts.accounting import statement_words as words
from uzel.payouts.accounting.statement import Line, Sheet

BETWEEN = [""] * (len(words.HEAD) - 4)


class CsvWriter:
    """See `statement.Writer`. A head, the opening sum, lines, sums, the closing sum."""

    def __init__(self, out: BinaryIO, sheet: Sheet, sums: Sums) -> None:
        self._out = out
        self._sheet = sheet
        self._sums = sums
        self._write(MARK + written((*words.HEAD, "Валюта")))
        self._write(self._sum(words.OPENING, sheet.first, None, -sums.opening_minor))

    def add(self, lines: Sequence[Line]) -> None:
        self._write("".join(map(self._row, lines)))

    def close(self) -> None:
        sums, last = self._sums, self._sheet.last
        self._write(self._sum(words.PAID, last, -sums.went_minor, None))
        self._write(self._sum(words.RETURNED, last, -sums.came_minor, None))
        self._write(self._sum(closing(self._sheet), last, None, -sums.closing_minor))

    def _row(self, line: Line) -> str:
        texts = (
            line.person, line.target, line.bank, line.purpose, line.public_id, line.external_id,
            line.provider_id, words.STATES.get(line.state, line.state), line.made_by,
        )  # fmt: skip
        return written(
            (
                line.at.astimezone(self._sheet.zone).strftime(words.TIMES),
                str(line.number or ""),
                words.OPERATIONS[line.is_back],
                *map(safe, texts),
                self._amount(-line.amount_minor),
                self._amount(-line.balance_minor),
                self._sheet.currency,
            )
        )

    def _sum(self, name: str, at: datetime, amount: int | None, total: int | None) -> str:
        amounts = self._amount(amount), self._amount(total)
        time = at.strftime(words.TIMES)
        return written((time, name, *BETWEEN, *amounts, self._sheet.currency))

    def _amount(self, minor: int | None) -> str:
        """With a comma: `1.10` is the first of October there."""
        return "" if minor is None else text(minor, self._sheet.currency).replace(".", ",")

    def _write(self, said: str) -> None:
        self._out.write(said.encode())


def closing(sheet: Sheet) -> str:
    """What the last sum is called."""
    return (
        words.CLOSING
        if sheet.is_over
        else words.STANDING.format(at=sheet.last.strftime(words.TIMES))
    )
