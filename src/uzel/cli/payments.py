"""`uzel partner payments|complete|fail`: what partners have paid for, and how it ended."""

import argparse
from typing import Any

from uzel.errors import ConfigError

STATES = ("pending", "completed", "failed")
MOST = 100


def register(actions: Any) -> None:
    """Add the commands of this part to those about partners."""
    listed = actions.add_parser("payments", help="payments of all partners, the newest first")
    listed.add_argument("--state", choices=STATES, help="only these")
    listed.set_defaults(run=run_payments)
    complete = actions.add_parser("complete", help="it is paid: take what a payment holds")
    fail = actions.add_parser("fail", help="it is not paid: give the partner the money back")
    for parser, state in ((complete, "completed"), (fail, "failed")):
        parser.add_argument("payment", metavar="PAYMENT", help="such as txn_21ceb6da02022a5c")
        parser.add_argument("reason", metavar="REASON", help="why; kept with the payment")
        parser.set_defaults(run=run_settle, state=state)
    for parser in (listed, complete, fail):
        parser.add_argument("--json", action="store_true", help="print JSON")


def run_payments(parsed: argparse.Namespace) -> int:
    """`uzel partner payments [--state pending]`."""
    from uzel.cli.partners import tell
    from uzel.model.currency import text
    from uzel.partners import payment_store as store
    from uzel.session import with_parts

    async def work(parts: Any) -> list[Any]:
        return await store.of_everybody(parts.pool, parsed.state, MOST)

    told = [
        {
            "payment": row["public_id"],
            "partner": row["partner"],
            "state": row["state"],
            "cost": text(row["cost_minor"], row["balance_currency"]),
            "balance_currency": row["balance_currency"],
            "amount": format(row["amount"], "f"),
            "currency": row["currency"],
            "created_at": row["created_at"].isoformat(),
            "error": row["error"],
        }
        for row in with_parts(work, quiet=parsed.json)
    ]
    lines = ("\t".join(str(value) for value in it.values() if value is not None) for it in told)
    return tell(parsed, told, "\n".join(lines) or "no payments")


def run_settle(parsed: argparse.Namespace) -> int:
    """`uzel partner complete|fail PAYMENT REASON`."""
    from uzel.cli.partners import tell
    from uzel.cli.recipients import me
    from uzel.partners.payment import State
    from uzel.partners.settle import settle
    from uzel.people.store import note
    from uzel.session import with_parts

    async def work(parts: Any) -> Any:
        async with parts.pool.acquire() as connection, connection.transaction():
            done = await settle(
                connection,
                parsed.payment,
                State(parsed.state),
                made_by=me(),
                reason=parsed.reason,
            )
            if done.refused is not None:
                raise ConfigError(why_not(done.refused, parsed.payment))
            if done.changed:
                said = {"reason": parsed.reason}
                await note(connection, me(), parsed.state, f"payment:{parsed.payment}", said)
            return done

    done = with_parts(work, quiet=parsed.json)
    told = {"payment": parsed.payment, "state": str(done.state), "changed": done.changed}
    said = f"{parsed.payment} is {done.state}" + ("" if done.changed else " already")
    return tell(parsed, told, said)


def why_not(refused: str, payment: str) -> str:
    if refused == "unknown":
        return f"there is no payment {payment}; see: uzel partner payments"
    return f"{payment} has failed and was given back: it is not taken again, make another payment"
