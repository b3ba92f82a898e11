"""Corrections: an entry is taken back by one of its own, with a reason."""

from typing import Any

from uzel.errors import LedgerError
from uzel.kit.database import Connection
from uzel.ledger import store
from uzel.ledger.accounts import find
from uzel.ledger.command import Leg, No, Post
from uzel.ledger.judge import opposite
from uzel.ledger.post import post
from uzel.model.currency import text

WORDS = {
    No.FUNDS: "an account has not that much any more",
    No.REVERSED: "it was taken back before",
}


async def reverse(
    connection: Connection, entry: int, made_by: str, reason: str, *, dry_run: bool = False
) -> dict[str, Any]:
    """Take an entry back: {"entry": number of the new one, "legs": [{"account", "currency",
    "amount"}]}. In a transaction of the caller's. Raises LedgerError.
    """
    rows = await store.entries(connection, [], [entry])
    if any(row["reverses_id"] == entry for row in rows):
        raise LedgerError(f"entry {entry}: {WORDS[No.REVERSED]}")
    legs = opposite([Leg(row["account_id"], row["amount_minor"]) for row in rows])
    if not legs:
        raise LedgerError(f"there is no entry {entry}")
    accounts = await find(connection, [leg.account for leg in legs])
    told = [
        {
            "account": accounts[leg.account].name,
            "currency": accounts[leg.account].currency,
            "amount": text(leg.amount_minor, accounts[leg.account].currency),
        }
        for leg in legs
    ]
    if dry_run:
        return {"entry": None, "legs": told}
    command = Post(f"reverse:{entry}", "reversal", legs, made_by, reason, entry)
    (verdict,) = await post(connection, [command])
    if not verdict.is_done:
        assert verdict.refused is not None
        raise LedgerError(f"entry {entry}: {WORDS.get(verdict.refused, verdict.refused)}")
    return {"entry": verdict.number, "legs": told}
