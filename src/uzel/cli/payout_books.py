"""`uzel payout banks|balance|reconcile|differences|settle|statement`: payouts beside their
provider's books, and for ours.
"""

import argparse
from collections.abc import Awaitable, Callable
from typing import Any

KINDS = (
    *("missing_here", "missing_there", "amount", "currency", "status", "duplicate"),
    *("requisites", "stale"),
)
FORMATS = ("csv", "xlsx", "1c")


def register(actions: Any) -> None:
    """Add these commands to those about payouts."""
    banks = actions.add_parser("banks", help="banks that can be paid at; which one a name means")
    banks.add_argument("name", metavar="NAME", nargs="?", help="a name, or a number of 12 digits")
    banks.add_argument("--fetch", action="store_true", help="ask the provider for its list first")
    banks.set_defaults(work="banks")
    balance = actions.add_parser("balance", help="money at the provider, and how long it lasts")
    balance.add_argument("--fetch", action="store_true", help="ask the provider first")
    balance.set_defaults(work="balance")
    reconcile = actions.add_parser(
        "reconcile", help="compare our payouts with the provider's list; changes no payout"
    )
    reconcile.add_argument("--day", metavar="DATE", help="of one day; default: the last week")
    for name, unit, text in (
        ("lag", "MINUTES", "what is younger is not judged; default: 60"),
        ("stale", "HOURS", "how long a payout may be open; default: 24"),
    ):
        reconcile.add_argument(f"--{name}", metavar=unit, type=int, help=text)
    reconcile.set_defaults(work="reconcile")
    listed = actions.add_parser("differences", help="where both books differ")
    listed.add_argument("--kind", choices=KINDS, help="only these")
    listed.add_argument("--settled", action="store_true", help="those that are no more")
    listed.set_defaults(work="differences")
    settle = actions.add_parser("settle", help="write down what a difference was about")
    settle.add_argument("number", metavar="NUMBER", type=int, help="of the difference")
    settle.add_argument("note", metavar="NOTE", help="kept with it")
    settle.set_defaults(work="settle")
    register_statement(actions)
    for parser in (banks, balance, reconcile, listed):
        parser.add_argument(
            "--through", metavar="NAME", help="the connection, where there are several"
        )
    for parser in (banks, balance, reconcile, listed, settle):
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.set_defaults(run=run)


def register_statement(actions: Any) -> None:
    parser = actions.add_parser("statement", help="what was paid and came back, as a file")
    parser.add_argument(
        "--from", dest="first", metavar="DATE", help="by the business's clock; this month's first"
    )
    parser.add_argument("--to", dest="last", metavar="DATE", help="with this day; default: today")
    parser.add_argument("--format", choices=FORMATS, default="csv")
    parser.add_argument("--account", metavar="NUMBER", help="1c: your account, 20 digits")
    parser.add_argument("--payer", metavar="NAME", help="1c: your company's name")
    parser.add_argument("--inn", metavar="INN", help="1c: your company's taxpayer number")
    parser.add_argument("-o", dest="file", metavar="FILE", help="default: named by its days")
    parser.add_argument("--through", metavar="NAME", help="the connection, where there are several")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run, work="statement")


def run(parsed: argparse.Namespace) -> int:
    """Any of them; see payout_books_work."""
    from uzel.cli import payout_books_words, payout_books_work
    from uzel.cli.partners import tell
    from uzel.session import with_parts

    work: Callable[[Any, argparse.Namespace], Awaitable[Any]]
    work = getattr(payout_books_work, parsed.work)
    told = with_parts(lambda parts: work(parts, parsed), quiet=parsed.json)
    tell(parsed, told, getattr(payout_books_words, parsed.work)(told))
    return payout_books_words.status(parsed.work, told)
