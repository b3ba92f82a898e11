"""`ledger verify|accounts|entries|reverse`: the books, and the proof of them."""

import argparse
import sys
from typing import Any

from uzel.errors import ConfigError

FAULTY = 1
MOST = 50


def register(commands: Any) -> None:
    """Add the commands of this part."""
    ledger = commands.add_parser("ledger", help="money: balances, entries, the proof of the books")
    actions = ledger.add_subparsers(required=True, metavar="ACTION")
    verify = actions.add_parser(
        "verify",
        help="prove that every entry adds up and that none was changed",
        epilog="exit status: 0 all is right, 1 faults were found",
    )
    verify.add_argument(
        "--head", metavar="HEAD", help="a head noted earlier: it must still be part of the chain"
    )
    verify.set_defaults(run=run_verify)
    accounts = actions.add_parser("accounts", help="all accounts and where they stand")
    accounts.set_defaults(run=run_accounts)
    entries = actions.add_parser("entries", help="the newest postings of an account")
    entries.add_argument("account", type=int, metavar="ACCOUNT", help="as `accounts` numbers them")
    entries.set_defaults(run=run_entries)
    reverse = actions.add_parser("reverse", help="take an entry back by another one")
    reverse.add_argument("entry", type=int, metavar="ENTRY")
    reverse.add_argument("reason", metavar="REASON", help="why; kept with the entry for ever")
    reverse.add_argument("--by", help="who takes it back; default: who is signed in here")
    reverse.add_argument("--dry-run", action="store_true", help="show it and change nothing")
    reverse.set_defaults(run=run_reverse)
    for action in (verify, accounts, entries, reverse):
        action.add_argument("--json", action="store_true", help="print JSON")


def run_verify(parsed: argparse.Namespace) -> int:
    """`uzel ledger verify [--head HEAD]`."""
    from dataclasses import asdict

    from uzel.ledger import chain
    from uzel.session import with_parts

    def tell(what: str, done: int, of: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{what} {done}/{of}   ", end="", file=sys.stderr, flush=True)

    async def work(parts: Any) -> chain.Proof:
        return await chain.verify(parts.pool, parsed.head, tell)

    proof = with_parts(work, quiet=parsed.json)
    if parsed.json:
        print_json({"right": not proof.faults, **asdict(proof)})
        return FAULTY if proof.faults else 0
    print(
        f"{proof.entries} entries, {proof.postings} postings, {proof.seals} links of the chain, "
        f"{proof.unsealed} entries not linked yet"
    )
    print(
        "(a link covers all entries since the one before; what is refused leaves gaps in numbers)"
    )
    for fault in proof.faults:
        places = ", ".join(f"{name} {value}" for name, value in fault.where.items())
        print(f"WRONG  {fault.kind}: {places}")
    if proof.head:
        print(f"head   {proof.head}  (note it elsewhere; `--head` compares it later)")
    print("the books are right" if not proof.faults else "the books are NOT right")
    return FAULTY if proof.faults else 0


def run_accounts(parsed: argparse.Namespace) -> int:
    """`uzel ledger accounts`."""
    from uzel.ledger.account_store import every_account
    from uzel.model.currency import text
    from uzel.session import with_parts

    rows = [dict(row) for row in with_parts(lambda it: every_account(it.pool), quiet=parsed.json)]
    for row in rows:
        for name in ("posted", "held", "floor"):
            amount = row.pop(f"{name}_minor")
            row[name] = None if amount is None else text(amount, row["currency"])
    if parsed.json:
        print_json(rows)
        return 0
    for row in rows:
        held = f", of it held {row['held']}" if row["held"].strip("0.") else ""
        print(
            f"{row['id']:>6}  {row['book']:<4}  {row['name']:<34}  "
            f"{row['posted']:>18} {row['currency']}{held}"
        )
    return 0


def run_entries(parsed: argparse.Namespace) -> int:
    """`uzel ledger entries ACCOUNT`."""
    from uzel.ledger.account_store import newest_postings
    from uzel.ledger.accounts import find
    from uzel.model.currency import text
    from uzel.session import with_parts

    async def work(parts: Any) -> tuple[Any, list[Any]]:
        account = (await find(parts.pool, [parsed.account])).get(parsed.account)
        if account is None:
            raise ConfigError(f"there is no account {parsed.account}; see: uzel ledger accounts")
        return account, await newest_postings(parts.pool, parsed.account, MOST)

    account, rows = with_parts(work, quiet=parsed.json)
    told = [
        {
            "entry": row["entry_id"],
            "at": row["posted_at"].isoformat(),
            "kind": row["kind"],
            "amount": text(row["amount_minor"], account.currency),
            "balance": text(row["balance_minor"], account.currency),
            "made_by": row["made_by"],
            "reason": row["reason"],
            "reverses": row["reverses_id"],
        }
        for row in rows
    ]
    if parsed.json:
        print_json(told)
        return 0
    print(f"{account.name} ({account.book}), {account.currency}; the newest first")
    for it in told:
        said = " ".join(str(it[name]) for name in ("made_by", "reason") if it[name])
        back = f" takes back {it['reverses']}" if it["reverses"] else ""
        print(
            f"{it['entry']:>8}  {it['at'][:19]}  {it['kind']:<14} {it['amount']:>16} "
            f"{it['balance']:>18}  {said}{back}"
        )
    return 0


def run_reverse(parsed: argparse.Namespace) -> int:
    """`uzel ledger reverse ENTRY REASON [--by WHO]`."""
    import getpass

    from uzel.cli.recipients import me
    from uzel.ledger.reverse import reverse
    from uzel.partners.corrections import rests_on
    from uzel.people.store import note
    from uzel.session import with_parts

    by = parsed.by or getpass.getuser()

    async def work(parts: Any) -> Any:
        async with parts.pool.acquire() as connection, connection.transaction():
            why_not = await rests_on(connection, parsed.entry)
            if why_not is not None:
                raise ConfigError(f"entry {parsed.entry} is not taken back: {why_not}")
            done = await reverse(
                connection, parsed.entry, by, parsed.reason, dry_run=parsed.dry_run
            )
            if not parsed.dry_run:
                said = {"entry": done["entry"], "reason": parsed.reason, "by": by}
                await note(connection, me(), "reverse", f"ledger_entry:{parsed.entry}", said)
            return done

    told = with_parts(work, quiet=parsed.json)
    if parsed.json:
        print_json(told)
        return 0
    for leg in told["legs"]:
        print(f"{leg['account']:<40} {leg['amount']:>18} {leg['currency']}")
    if parsed.dry_run:
        print("nothing was changed; without --dry-run this entry is made")
    else:
        print(f"entry {told['entry']} takes back {parsed.entry}")
    return 0


def print_json(content: Any) -> None:
    import orjson

    print(orjson.dumps(content).decode())
