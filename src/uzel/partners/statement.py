"""A statement of an account: what stood there, what came and went, what stands there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from uzel.kit.database import Pool
from uzel.ledger import statement_store as ledger_store
from uzel.partners import statement_store as store


@dataclass(frozen=True, slots=True)
class Line:
    """One posting. `balance_minor`: after it; `version`: its number in the account; `details`: what
    the payment is for.
    """

    at: datetime
    version: int
    kind: str
    amount_minor: int
    balance_minor: int
    payment_id: str | None
    external_id: str | None
    reason: str | None
    details: str | None


@dataclass(frozen=True, slots=True)
class Statement:
    """`opening_minor` and the amounts of the lines add up to `closing_minor`. `next_after`: there
    is more behind the last line.
    """

    opening_minor: int
    lines: Sequence[Line]
    closing_minor: int
    next_after: int | None


async def statement(
    pool: Pool, account: int, since: datetime, until: datetime, *, after: int = 0, most: int = 1000
) -> Statement:
    """What was posted from `since` on and before `until`; a page of it, behind the account's
    `after`th posting.
    """
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        rows = await store.entries(connection, account, since, until, after, most + 1)
        empty = 0 if rows else await ledger_store.balance_before(connection, account, until)
    lines = [line_of(row) for row in rows[:most]]
    opening = lines[0].balance_minor - lines[0].amount_minor if lines else empty
    closing = lines[-1].balance_minor if lines else empty
    return Statement(opening, lines, closing, lines[-1].version if len(rows) > most else None)


def line_of(row: Any) -> Line:
    """A row of statement_store.ENTRIES."""
    return Line(
        row["posted_at"],
        row["version"],
        row["kind"],
        row["amount_minor"],
        row["balance_minor"],
        row["payment_id"],
        row["external_id"],
        row["reason"],
        row["details"],
    )
