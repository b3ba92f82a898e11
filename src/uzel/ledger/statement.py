"""A statement of an account, whatever it is of: its sums, and that its lines lead from the one
balance to the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from uzel.errors import LedgerError
from uzel.kit.database import Connection
from uzel.ledger import statement_store as store


class Posted(Protocol):
    """A line of one: a posting. `balance_minor`: after it; `version`: its number in the account."""

    @property
    def version(self) -> int: ...

    @property
    def amount_minor(self) -> int: ...

    @property
    def balance_minor(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Sums:
    """Minor units: `came` above zero, `went` below. `opening` + `came` + `went` = `closing`."""

    opening_minor: int
    came_minor: int
    went_minor: int
    closing_minor: int
    count: int


async def sums_of(connection: Connection, account: int, since: datetime, until: datetime) -> Sums:
    """Of a time; the balances are read where they stand, not added up from the lines."""
    row = await store.sums(connection, account, since, until)
    return Sums(
        await store.balance_before(connection, account, since),
        int(row["came"]),
        int(row["went"]),
        await store.balance_before(connection, account, until),
        row["count"],
    )


class Check:
    """Adds the lines up as they pass."""

    def __init__(self, sums: Sums) -> None:
        self._sums = sums
        self._now = Sums(sums.opening_minor, 0, 0, sums.opening_minor, 0)

    def add(self, lines: Sequence[Posted]) -> None:
        """Raises LedgerError."""
        for line in lines:
            now, amount = self._now, line.amount_minor
            if now.closing_minor + amount != line.balance_minor:
                raise LedgerError(f"a statement does not add up at posting {line.version}")
            self._now = Sums(
                now.opening_minor,
                now.came_minor + max(amount, 0),
                now.went_minor + min(amount, 0),
                line.balance_minor,
                now.count + 1,
            )

    def end(self) -> None:
        """Raises LedgerError."""
        if self._now != self._sums:
            raise LedgerError(f"a statement does not add up: {self._now}, not {self._sums}")
