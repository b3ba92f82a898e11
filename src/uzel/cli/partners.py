"""`uzel partner …`: partners, their tokens and their money."""

import argparse
import sys
from operator import itemgetter
from typing import Any

from uzel.cli import money, partner_hooks, payments, statements
from uzel.cli.plain import plain
from uzel.cli.who import add_by

SETTINGS = {
    "commission": ("commission_percent", "PERCENT", "on top of every payment"),
    "debit": ("debit", None, "when payments leave the balance: held until their end, or at once"),
    "token-in-url": ("token_in_url", None, "whether a token in the address is taken"),
    "addresses": ("addresses", "NETWORKS", "only from these, by commas; `any`: from anywhere"),
    "per-minute": ("per_minute", "COUNT", "requests of one token"),
    "time-zone": ("time_zone", "ZONE", "of the partner's days, such as Asia/Almaty"),
}
WHICH = "its name, number or id"
CHOICES = {"debit": ("hold", "at_once"), "token-in-url": ("yes", "no")}


def register(commands: Any) -> None:
    """Add the commands of this part."""
    partner = commands.add_parser("partner", help="partners who pay from a balance")
    actions = partner.add_subparsers(required=True, metavar="ACTION")

    add = actions.add_parser("add", help="a new partner with a balance of nothing, and its token")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--currency", default="RUB", help="of the balance, for ever")
    add_settings(add)
    add.set_defaults(run=run_add)

    listed = actions.add_parser("list", help="all partners: balance, what is held, tokens")
    listed.set_defaults(run=run_list)

    change = actions.add_parser("set", help="agree on something else with a partner")
    add_settings(change)
    partner_hooks.add_addresses(change)
    change.set_defaults(run=run_set)

    close = actions.add_parser("close", help="have no token of a partner work any longer")
    close.set_defaults(run=run_close)
    reopen = actions.add_parser(
        "reopen", help="have the tokens of a closed partner work again, but for those revoked"
    )
    reopen.set_defaults(run=run_reopen)
    for parser in (close, reopen):
        parser.add_argument("--reason", required=True, help="why; kept in the audit")
    money.register(actions)
    payments.register(actions)
    partner_hooks.register(actions, WHICH)
    statements.register(actions)
    tokens = add_tokens(actions)
    for parser in (change, close, reopen):
        parser.add_argument("partner", metavar="PARTNER", help=WHICH)
    for parser in (add, change, close, reopen, *tokens):
        add_by(parser)
    for parser in (add, listed, change, close, reopen, *tokens):
        parser.add_argument("--json", action="store_true", help="print JSON")


def add_settings(parser: Any) -> None:
    for option, (_, metavar, help_text) in SETTINGS.items():
        choices = CHOICES.get(option)
        parser.add_argument(f"--{option}", metavar=metavar, choices=choices, help=help_text)
    parser.add_argument(
        "--lead-price", metavar="AMOUNT", help="for an accepted lead, in the balance's currency"
    )


def add_tokens(actions: Any) -> list[Any]:
    token = actions.add_parser("token", help="another token, shown once")
    token.add_argument("partner", metavar="PARTNER", help=WHICH)
    token.add_argument("--name", default="main", help="to tell tokens apart")
    token.add_argument("--test", action="store_true", help="for a balance that is not real")
    token.add_argument(
        "--import",
        action="store_true",
        dest="imported",
        help="not a new one: one that the partner has already, read from standard input",
    )
    token.add_argument(
        "--scope",
        action="append",
        choices=["read", "payments:write", "leads:write", "tokens:write"],
        help="what it may; default: all but tokens:write, which is for people in the cabinet",
    )
    token.set_defaults(run=run_token)
    revoke = actions.add_parser("revoke-token", help="have a token work no longer")
    revoke.add_argument("partner", metavar="PARTNER", help=WHICH)
    revoke.add_argument("id", type=int, metavar="ID", help="the number that `list` shows")
    revoke.set_defaults(run=run_revoke)
    return [token, revoke]


def run_add(parsed: argparse.Namespace) -> int:
    """`uzel partner add NAME`."""
    from uzel.cli.partner_work import add
    from uzel.session import with_parts

    done = with_parts(lambda parts: add(parts, parsed), quiet=parsed.json)
    said = f"{done['name']} is {done['partner']}; API token (shown this once): {done['token']}"
    return tell(parsed, done, said)


def run_list(parsed: argparse.Namespace) -> int:
    """`uzel partner list`."""
    from uzel.cli.partner_work import every
    from uzel.session import with_parts

    partners = with_parts(every, quiet=parsed.json)
    head = ("id", "name", "state", "available", "held", "currency", "tokens")
    rows = [
        "\t".join(
            (
                *(str(it[name]) for name in head[:-1]),
                ", ".join(map(token_words, filter(itemgetter("works"), it["tokens"]))) or "-",
            )
        )
        for it in partners
    ]
    return tell(parsed, partners, "\n".join(("\t".join(head), *rows)))


def token_words(token: dict[str, Any]) -> str:
    """`3 main uzp_1a2b3c4d…`: the number, the name and how it begins."""
    kind = " (test)" if token["is_test"] else ""
    return f"{token['id']} {token['name']}{kind} {token['prefix']}…"


def run_set(parsed: argparse.Namespace) -> int:
    """`uzel partner set PARTNER --commission 15 …`."""
    from uzel.cli.partner_work import change
    from uzel.session import with_parts

    done = with_parts(lambda parts: change(parts, parsed), quiet=parsed.json)
    lines = [f"{name}\t{plain(value)}" for name, value in done["settings"].items()]
    for book, secret in done["hook_secrets"].items():
        lines.append(f"secret of webhooks, {book} money (shown this once): {secret}")
    return tell(parsed, done, "\n".join(lines))


def run_token(parsed: argparse.Namespace) -> int:
    """`uzel partner token PARTNER [--test] [--import]`."""
    from uzel.cli.partner_work import add_token
    from uzel.session import with_parts

    given = sys.stdin.readline().strip() if parsed.imported else None
    done = with_parts(lambda parts: add_token(parts, parsed, given), quiet=parsed.json)
    shown = f"API token (shown this once): {done['token']}" if done["token"] else "it works now"
    return tell(parsed, done, f"token {done['id']}: {shown}")


def run_revoke(parsed: argparse.Namespace) -> int:
    """`uzel partner revoke-token PARTNER ID`."""
    from uzel.cli.partner_work import revoke
    from uzel.session import with_parts

    done = with_parts(lambda parts: revoke(parts, parsed), quiet=parsed.json)
    return tell(parsed, done, f"token {parsed.id} works no longer")


def run_close(parsed: argparse.Namespace) -> int:
    """`uzel partner close PARTNER --reason WHY`."""
    from uzel.cli.partner_work import close
    from uzel.session import with_parts

    done = with_parts(lambda parts: close(parts, parsed), quiet=parsed.json)
    left = f"{done['available']} {done['currency']} available, {done['held']} held"
    return tell(parsed, done, f"{done['name']} is closed; on its balance: {left}")


def run_reopen(parsed: argparse.Namespace) -> int:
    """`uzel partner reopen PARTNER --reason WHY`."""
    from uzel.cli.partner_work import reopen
    from uzel.session import with_parts

    done = with_parts(lambda parts: reopen(parts, parsed), quiet=parsed.json)
    return tell(parsed, done, f"{done['name']} is open; tokens that work: {len(done['tokens'])}")


def tell(parsed: argparse.Namespace, done: Any, said: str) -> int:
    from uzel.cli.kaspi_words import print_json

    print_json(done) if parsed.json else print(said)
    return 0
