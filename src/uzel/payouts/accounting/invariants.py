"""What must hold between payouts and the ledger, whatever a provider says. Where it does not, the
error is ours.
"""

from collections.abc import Iterator
from typing import Any

from uzel.kit.database import Connection, Pool
from uzel.model.currency import text
from uzel.payouts.accounting import invariants_store as store

MOST = 20


async def broken(connection: Connection | Pool) -> list[str]:
    """What does not hold, in words; of payouts the first twenty."""
    found = [said for row in await store.books(connection) for said in of_books(row)]
    return found + [of_payout(row) for row in await store.posted(connection, MOST)]


def of_books(row: Any) -> Iterator[str]:
    where, currency = f"connection {row['connection_id']}", row["currency"]
    for name, ours, why in (("held", "held_minor", "open"), ("posted", "posted_minor", "paid")):
        book, sums = row[ours], row[f"{why}_minor"]
        if book != sums:
            yield (
                f"{where}: {text(book, currency)} {currency} are {name}, "
                f"{text(sums, currency)} {currency} are {why}"
            )


def of_payout(row: Any) -> str:
    return (
        f"{row['public_id']} is {row['state']}: its money was taken {row['taken']} times "
        f"and given back {row['back']} times"
    )
