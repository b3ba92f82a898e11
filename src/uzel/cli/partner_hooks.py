"""`uzel partner hook`: where a partner hears of changes, and what it heard."""

import argparse
from typing import Any

from uzel.cli.plain import plain
from uzel.cli.who import add_by

# Books of the ledger.
URLS = {"live": "hook_url", "test": "hook_test_url"}


def register(actions: Any, which: str) -> None:
    """Add the commands of this part to those about partners."""
    hook = actions.add_parser("hook", help="the webhook of a partner: state, secret, deliveries")
    hook.add_argument("partner", metavar="PARTNER", help=which)
    about = "what happens to real money, or in tests"
    hook.add_argument("--book", choices=tuple(URLS), default="live", help=about)
    does = hook.add_mutually_exclusive_group()
    does.add_argument("--rotate", action="store_true", help="a new secret, shown once")
    does.add_argument("--test", action="store_true", help="send an event `test` now")
    does.add_argument("--log", action="store_true", help="deliveries, the newest first")
    does.add_argument("--resend", metavar="ID", help="deliver again what this delivery told")
    add_by(hook)
    hook.add_argument("--json", action="store_true", help="print JSON")
    hook.set_defaults(run=run_hook)


def add_addresses(parser: Any) -> None:
    """Options of `uzel partner set`."""
    parser.add_argument(
        "--hook-url",
        metavar="URL",
        help="where to tell what becomes of payments, signed; empty: nowhere",
    )
    parser.add_argument(
        "--hook-test-url",
        metavar="URL",
        help="another address for what test tokens do; default: the same, by another secret",
    )


def run_hook(parsed: argparse.Namespace) -> int:
    """`uzel partner hook PARTNER [--rotate|--test|--log|--resend ID]`."""
    from uzel.cli import partner_hook_work as work
    from uzel.cli.partners import tell
    from uzel.session import with_parts

    if parsed.rotate:
        done = with_parts(lambda parts: work.rotate(parts, parsed), quiet=parsed.json)
        said = f"new secret (shown this once): {done['secret']}\nthe old one signs, too, until "
        return tell(parsed, done, said + done["old_until"])
    if parsed.test:
        done = with_parts(lambda parts: work.test(parts, parsed), quiet=parsed.json)
        tell(parsed, done, line(done))
        return 0 if done["state"] == "delivered" else 1
    if parsed.resend:
        done = with_parts(lambda parts: work.resend(parts, parsed), quiet=parsed.json)
        return tell(parsed, done, f"it is delivered again: {done['id']}")
    if parsed.log:
        listed = with_parts(lambda parts: work.log(parts, parsed), quiet=parsed.json)
        return tell(parsed, listed, "\n".join(map(line, listed)) or "nothing was told yet")
    shown = with_parts(lambda parts: work.show(parts, parsed), quiet=parsed.json)
    said = "\n".join(
        f"{name}\t{plain(value)}" for name, value in shown.items() if value is not None
    )
    return tell(parsed, shown, said)


def line(it: dict[str, Any]) -> str:
    """A delivery in a line."""
    shown = ("id", "created_at", "type", "subject", "state", "attempts", "http_status", "said")
    parts = [str(it[name]) if it[name] is not None else "-" for name in shown]
    return "\t".join([*parts, f"again {it['next_at']}"] if it["next_at"] else parts)
