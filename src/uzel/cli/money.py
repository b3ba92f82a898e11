"""`uzel partner top-up|correct|credit|limit|proposals|approve|reject|withdraw`: money that people
move, above a limit two of them.
"""

import argparse
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from uzel.cli.who import add_by, who

WAITS = 3
CLOSED = "note: {name} is closed, nothing can be paid from its balance until it is opened again"
EPILOG = "exit status: 0 done, 1 failed, 3 waits for a second person"
MOVES = {
    "top-up": ("top_up", "money that a partner paid in"),
    "correct": ("correction", "put a balance right: an amount more, or less (-10.50)"),
    "credit": ("credit_limit", "how far below zero a balance may go from now on"),
}


def register(actions: Any) -> None:
    """Add the commands of this part to those about partners."""
    for name, (kind, help_text) in MOVES.items():
        parser = actions.add_parser(name, help=help_text, epilog=EPILOG)
        parser.add_argument("partner", metavar="PARTNER", help="its name, number or id")
        parser.add_argument("amount", metavar="AMOUNT", help="in the balance's currency: 1000.50")
        parser.add_argument("--reason", required=True, help="why; the partner sees it")
        parser.add_argument("--key", help="the same key again does nothing: a number of an invoice")
        parser.set_defaults(run=run_move, kind=kind)
        with_who(parser)
    limit = actions.add_parser(
        "limit", help="above what moving money needs a second person", epilog=EPILOG
    )
    limit.add_argument("units", nargs="?", type=int, metavar="UNITS", help="whole units")
    limit.add_argument("--reason", help="why; needed with UNITS")
    limit.set_defaults(run=run_limit)
    with_who(limit)
    listed = actions.add_parser("proposals", help="what waits for a second person")
    listed.add_argument("--json", action="store_true", help="print JSON")
    listed.set_defaults(run=run_proposals)
    register_decisions(actions)


def register_decisions(actions: Any) -> None:
    for name, help_text in (
        ("approve", "have a proposal done that somebody else has made"),
        ("reject", "have a proposal never done that somebody else has made"),
        ("withdraw", "take back a proposal of your own"),
    ):
        parser = actions.add_parser(name, help=help_text)
        parser.add_argument("proposal", type=int, metavar="N", help="as `proposals` numbers them")
        if name != "approve":
            needed = name == "reject"
            about = "why; kept with the proposal"
            parser.add_argument("--reason", required=needed, help=about)
        parser.set_defaults(run=run_decide, act=name)
        with_who(parser)


def with_who(parser: Any) -> None:
    add_by(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run_move(parsed: argparse.Namespace) -> int:
    """`uzel partner top-up|correct|credit PARTNER AMOUNT --reason WHY`."""
    from uuid import uuid4

    from uzel.cli import partner_work as work
    from uzel.cli.partners import tell
    from uzel.partners.proposals import ask
    from uzel.partners.wish import Kind, State, Wish

    async def move(connection: Any, by: str) -> dict[str, Any]:
        row = await work.find(connection, parsed.partner)
        amount = work.amount_of(parsed.amount, row["currency"])
        key, reason = parsed.key or str(uuid4()), work.reason_of(parsed)
        made = await ask(connection, Wish(Kind(parsed.kind), row, amount, by, reason, key))
        told = await work.told_of(connection, row)
        said = {"state": made.state, "proposal": made.number, "entry": made.entry}
        more = {"repeated": made.repeated, "state_of_partner": row["state"]}
        return {**told, **said, **more}

    done = change(parsed, move)
    if done["state_of_partner"] != "active":
        print(f"uzel: {CLOSED.format(name=done['name'])}", file=sys.stderr)
    again = "done before; " if done["repeated"] else ""
    said = f"{again}{done['name']}: {done['available']} {done['currency']} available"
    if done["state"] is State.WAITING:
        said = waits(done["proposal"])
    tell(parsed, done, said)
    return WAITS if done["state"] is State.WAITING else 0


def run_limit(parsed: argparse.Namespace) -> int:
    """`uzel partner limit [UNITS --reason WHY]`."""
    from uuid import uuid4

    from uzel.cli.partner_work import reason_of
    from uzel.cli.partners import tell
    from uzel.partners.proposals import ask, limit_of
    from uzel.partners.wish import Kind, State, Wish

    async def work(connection: Any, by: str) -> dict[str, Any]:
        if parsed.units is None:
            return {"limit": await limit_of(connection), "state": State.DONE, "proposal": None}
        wish = Wish(Kind.MONEY_LIMIT, None, parsed.units, by, reason_of(parsed), str(uuid4()))
        made = await ask(connection, wish)
        limit = await limit_of(connection)
        return {"limit": limit, "state": made.state, "proposal": made.number}

    done = change(parsed, work)
    if done["state"] is State.WAITING:
        tell(parsed, done, waits(done["proposal"]))
        return WAITS
    said = f"one person moves at most {done['limit']} units of a currency for a partner in a day"
    return tell(parsed, done, said)


def run_proposals(parsed: argparse.Namespace) -> int:
    """`uzel partner proposals`."""
    from uzel.cli.partners import tell
    from uzel.partners import proposal_store as store
    from uzel.rates.change import login_of
    from uzel.session import with_parts

    async def work(parts: Any) -> list[Any]:
        return await store.waiting(parts.pool)

    found = [told_of(row) for row in with_parts(work, quiet=parsed.json)]
    lines = (
        f"{it['proposal']}\t{it['kind']}\t{it['partner'] or '-'}\t{it['amount']} "
        f"{it['currency'] or 'units'}\tby {login_of(it['proposed_by'])}\t{it['reason']}"
        for it in found
    )
    return tell(parsed, found, "\n".join(lines) or "nothing waits for a second person")


def told_of(row: Any) -> dict[str, Any]:
    """A proposal, ready for JSON."""
    from uzel.model.currency import text

    whole = row["currency"] is None
    return {
        "proposal": row["id"],
        "kind": row["kind"],
        "partner": row["name"],
        "amount": str(row["amount_minor"]) if whole else text(row["amount_minor"], row["currency"]),
        "currency": row["currency"],
        "reason": row["reason"],
        "proposed_by": row["proposed_by"],
        "proposed_at": row["proposed_at"].isoformat(),
    }


def run_decide(parsed: argparse.Namespace) -> int:
    """`uzel partner approve|reject|withdraw N`."""
    from uzel.cli.partners import tell
    from uzel.partners import proposals

    async def work(connection: Any, by: str) -> dict[str, Any]:
        if parsed.act == "approve":
            made = await proposals.approve(connection, parsed.proposal, by=by)
        elif parsed.act == "reject":
            reason = parsed.reason or ""
            made = await proposals.reject(connection, parsed.proposal, by=by, reason=reason)
        else:
            reason = parsed.reason or ""
            made = await proposals.withdraw(connection, parsed.proposal, by=by, reason=reason)
        return {"proposal": made.number, "state": made.state, "entry": made.entry}

    done = change(parsed, work)
    return tell(parsed, done, f"proposal {done['proposal']} is {done['state']}")


def change(
    parsed: argparse.Namespace, work: Callable[[Any, str], Awaitable[dict[str, Any]]]
) -> dict[str, Any]:
    """Do it in one transaction, as the person that is meant. Raises ConfigError, LedgerError."""
    from uzel.session import with_parts

    async def run(parts: Any) -> dict[str, Any]:
        async with parts.pool.acquire() as connection, connection.transaction():
            return await work(connection, await who(connection, parsed.by))

    return with_parts(run, quiet=parsed.json)


def waits(proposal: int) -> str:
    return (
        f"proposal {proposal} waits for an administrator who did not make it: the console, "
        f"«Партнёры»; or uzel partner approve {proposal} --by LOGIN"
    )
