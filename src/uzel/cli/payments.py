"""`uzel partner payments|complete|fail`: what partners have paid for, and how it ended."""

import argparse
from typing import Any

from uzel.cli.who import add_by, who
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
    kept = "why; kept with the payment; in the API's statement the partner can read it"
    told = "why; the partner gets it word for word: API, webhooks, cabinet, files"
    for parser, state, about in ((complete, "completed", kept), (fail, "failed", told)):
        parser.add_argument("payment", metavar="PAYMENT", help="such as txn_21ceb6da02022a5c")
        parser.add_argument("reason", metavar="REASON", help=about)
        add_by(parser)
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
    from uzel.cli.partner_work import reason_of
    from uzel.cli.partners import tell
    from uzel.partners.payment import State
    from uzel.partners.settle import end_by_person
    from uzel.session import with_parts

    async def work(parts: Any) -> Any:
        async with parts.pool.acquire() as connection, connection.transaction():
            by, state = await who(connection, parsed.by), State(parsed.state)
            done = await end_by_person(
                connection, parsed.payment, state, by=by, reason=reason_of(parsed)
            )
            if done.refused is not None:
                raise ConfigError(why_not(done.refused, parsed.payment))
            return done

    done = with_parts(work, quiet=parsed.json)
    told = {"payment": parsed.payment, "state": str(done.state), "changed": done.changed}
    said = f"{parsed.payment} is {done.state}" + ("" if done.changed else " already")
    return tell(parsed, told, said)


def why_not(refused: str, payment: str) -> str:
    if refused == "unknown":
        return f"there is no payment {payment}; see: uzel partner payments"
    return f"{payment} has failed and was given back: it is not taken again, make another payment"
