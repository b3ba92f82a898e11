"""`uzel claim …`: who asks to be paid, and who says that they are."""

import argparse
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from uzel.cli.who import add_by

STATES = (*("draft", "submitted", "approved", "paying", "paid", "failed", "rejected", "cancelled"),)
FIELDS = (
    ("--name", "NAME", "who is paid: last name, first name, patronymic"),
    ("--purpose", "TEXT", "what the receiver reads"),
    ("--phone", "PHONE", "a Russian mobile number, with --bank"),
    ("--bank", "BANK", "the bank's name, or its number of 12 digits"),
)


def register(commands: Any) -> None:
    """Add the commands of this part."""
    claim = commands.add_parser("claim", help="claims to be paid, and their approval")
    actions = claim.add_subparsers(required=True, metavar="ACTION")
    register_forms(actions)
    listed = actions.add_parser("list", help="claims, the newest first")
    listed.add_argument("--state", choices=STATES, help="only these")
    listed.add_argument("--claimant", metavar="KEY", help="only theirs: `telegram:17`")
    shown(listed, "listed")
    with_claim(actions, "show", "a claim with its steps, approvals, messages and files")
    with_claim(actions, "submit", "have a claim decided on; what failed, once more", by=True)
    register_decisions(actions)
    register_thread(actions)
    register_blocks(actions)
    rules = actions.add_parser(
        "rules", help="from which amount on two people approve; without options: show it"
    )
    rules.add_argument(
        "--two-above", metavar="AMOUNT", help="in roubles; `none`: one is always enough"
    )
    rules.add_argument("--through", metavar="NAME", help="the connection, where there are several")
    shown(rules, "rules", by=True)


def register_forms(actions: Any) -> None:
    add = actions.add_parser(
        "add",
        help="a new claim",
        description="To a phone at a bank (--phone, --bank), or to a card (--card: its number is "
        "read from standard input, so that it stands in no history of commands).",
    )
    add.add_argument("amount", metavar="AMOUNT", help="in roubles: 1000.50")
    add.add_argument("--external-id", metavar="N", help="your own number: unique for ever")
    add.add_argument("--through", metavar="NAME", help="the connection, where there are several")
    add.add_argument("--submit", action="store_true", help="have it decided on at once")
    edit = with_claim(actions, "edit", "change what a claim asks for, until it is approved")
    edit.add_argument("--amount", metavar="AMOUNT", help="in roubles: 1000.50")
    edit.add_argument("--version", type=int, metavar="N", help="which you have looked at")
    for parser in (add, edit):
        for option, metavar, about in FIELDS:
            parser.add_argument(option, metavar=metavar, help=about)
        parser.add_argument("--card", action="store_true", help="read a card's number from stdin")
    shown(add, "add", by=True)
    add_by(edit)


def register_decisions(actions: Any) -> None:
    approve = with_claim(
        actions, "approve", "say that a claim is paid; the last one needed pays it", by=True
    )
    approve.add_argument(
        "--version", type=int, metavar="N", help="which you have looked at; `show` tells it"
    )
    approve.add_argument(
        "--dry-run", action="store_true", help="check everything, tell what is left of the limits"
    )
    reject = with_claim(actions, "reject", "say that a claim is not paid", by=True)
    reject.add_argument("reason", metavar="REASON", help="why; the claimant is told")
    cancel = with_claim(actions, "cancel", "take a claim back before it is paid", by=True)
    cancel.add_argument("reason", metavar="REASON", nargs="?", default="", help="why")
    with_claim(actions, "pay", "try once more what a limit held back", by=True)


def register_thread(actions: Any) -> None:
    say = with_claim(actions, "say", "write to the claimant", by=True)
    say.add_argument("text", metavar="TEXT", help="what; numbers of cards are hidden in it")
    attach = with_claim(actions, "attach", "keep a picture or a PDF with a claim", by=True)
    attach.add_argument("file", metavar="FILE", help="JPEG, PNG, WebP or PDF, at most 10 MiB")


def register_blocks(actions: Any) -> None:
    for name, about in (
        ("block", "take no more claims of somebody, and approve none"),
        ("unblock", "take claims of somebody again"),
    ):
        parser = actions.add_parser(name, help=about)
        parser.add_argument("claimant", metavar="CLAIMANT", help="as `show` has it: `telegram:17`")
        if name == "block":
            parser.add_argument("reason", metavar="REASON", help="why; kept with them")
        shown(parser, name, by=True)


def with_claim(actions: Any, name: str, about: str, *, by: bool = False) -> Any:
    parser = actions.add_parser(name, help=about)
    parser.add_argument("claim", type=int, metavar="CLAIM", help="its number")
    shown(parser, name, by=by)
    return parser


def shown(parser: Any, work: str, *, by: bool = False) -> None:
    if by:
        add_by(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run, work=work)


def run(parsed: argparse.Namespace) -> int:
    """Any of them; see claim_work."""
    from uzel.cli import claim_words, claim_work
    from uzel.cli.partners import tell
    from uzel.session import with_parts

    parsed.number = sys.stdin.readline().strip() if getattr(parsed, "card", False) else None
    if parsed.work == "attach":
        parsed.content = claim_work.read_file(parsed.file)
    work: Callable[[Any, argparse.Namespace], Awaitable[Any]] = getattr(claim_work, parsed.work)
    told = with_parts(lambda parts: claim_work.done(work(parts, parsed)), quiet=parsed.json)
    return tell(parsed, told, claim_words.said(told))
