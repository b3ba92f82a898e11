"""`uzel payout …`: money out to people."""

import argparse
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from uzel.cli import payout_api, payout_books

STATES = (
    *("waiting", "unknown", "processing", "review", "paid", "failed", "cancelled", "returned"),
)


def register(commands: Any) -> None:
    """Add the commands of this part."""
    payout = commands.add_parser("payout", help="money out to people, through konsol.pro")
    actions = payout.add_subparsers(required=True, metavar="ACTION")
    register_send(actions)
    listed = actions.add_parser("list", help="payouts, the newest first")
    listed.add_argument("--state", choices=STATES, help="only these")
    listed.set_defaults(run=run, work="listed")
    show = actions.add_parser("show", help="the life of one payout")
    show.add_argument("payout", metavar="PAYOUT", help="its id, your number, or the provider's")
    show.set_defaults(run=run, work="show")
    cancel = actions.add_parser("cancel", help="take back a payout that has not been sent")
    cancel.add_argument("payout", metavar="PAYOUT", help="its id or your number")
    cancel.add_argument("reason", metavar="REASON", help="why; kept with the payout")
    cancel.set_defaults(run=run, work="cancel")
    stop = actions.add_parser("stop", help="have no payout leave any more, at once")
    stop.add_argument("reason", metavar="REASON", help="why; everybody sees it")
    stop.set_defaults(run=run, work="stop")
    go = actions.add_parser("go", help="let payouts leave again")
    go.set_defaults(run=run, work="go_on")
    status = actions.add_parser("status", help="whether payouts may leave, and why not")
    status.set_defaults(run=run, work="status")
    card = actions.add_parser(
        "card",
        help="enter the card of a payout again",
        description="Where a payout has waited so long that the number of its card was destroyed. "
        "It must be the same card; its number is read from standard input.",
    )
    card.add_argument("payout", metavar="PAYOUT", help="its id or your number")
    card.set_defaults(run=run, work="card", card=True)
    register_limits(actions)
    payout_api.register(actions)
    payout_books.register(actions)
    for parser in (listed, show, cancel, stop, go, status, card):
        parser.add_argument("--json", action="store_true", help="print JSON")


def register_send(actions: Any) -> None:
    send = actions.add_parser(
        "send",
        help="pay somebody",
        description="To a phone at a bank (--phone, --bank), or to a card (--card: its number is "
        "read from standard input, so that it stands in no history of commands).",
    )
    send.add_argument("amount", metavar="AMOUNT", help="in roubles: 1000.50")
    send.add_argument("--name", required=True, help="last name, first name, patronymic")
    send.add_argument("--phone", help="a Russian mobile number")
    send.add_argument("--bank", help="the bank's name, or its number of 12 digits")
    send.add_argument("--card", action="store_true", help="read a card's number from stdin")
    send.add_argument("--purpose", required=True, help="what the receiver reads")
    send.add_argument(
        "--external-id", metavar="N", help="your own number, needed to pay: never paid twice"
    )
    send.add_argument("--through", metavar="NAME", help="the connection, where there are several")
    send.add_argument("--dry-run", action="store_true", help="check everything, and do nothing")
    send.add_argument("--json", action="store_true", help="print JSON")
    send.set_defaults(run=run, work="send")


def register_limits(actions: Any) -> None:
    limits = actions.add_parser("limits", help="how much may leave; without options: show it")
    for name, text in (
        ("payout", "a single payout"),
        ("person-day", "one card or phone a day"),
        ("day", "everybody a day"),
        ("operator-day", "what one asker may have leave a day"),
    ):
        limits.add_argument(
            f"--{name}", metavar="AMOUNT", help=f"{text}, in roubles; `none`: no limit"
        )
    limits.add_argument(
        "--person-count", metavar="N", help="payouts to one card or phone a day; `none`: no limit"
    )
    limits.add_argument("--through", metavar="NAME", help="the connection, where there are several")
    limits.add_argument("--json", action="store_true", help="print JSON")
    limits.set_defaults(run=run, work="limits")


def run(parsed: argparse.Namespace) -> int:
    """Any of them; see payout_work."""
    from uzel.cli import payout_words, payout_work
    from uzel.cli.partners import tell
    from uzel.session import with_parts

    parsed.number = sys.stdin.readline().strip() if getattr(parsed, "card", False) else None
    work: Callable[[Any, argparse.Namespace], Awaitable[Any]] = getattr(payout_work, parsed.work)
    told = with_parts(lambda parts: work(parts, parsed), quiet=parsed.json)
    said = payout_words.status if parsed.work == "status" else payout_words.said
    return tell(parsed, told, said(told))
