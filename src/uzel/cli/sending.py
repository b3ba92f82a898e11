"""`send-sms`, `send-whatsapp`, `send-whatsapp-template`, `send-email`; what can be sent at all."""

import argparse
import dataclasses
import json
import sys
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from uzel.errors import ConfigError

if TYPE_CHECKING:
    from uzel.messaging import Content, Messaging, Preview, Sent

Result = TypeVar("Result")

UNKNOWN_STATUS = 3
AGAIN = "the outcome of the first time with this key, nothing was sent now"
STATUSES = "; ends with 3 where nobody knows whether it went out"


def register(commands: Any) -> None:
    """Add the commands of this part."""
    sms = commands.add_parser("send-sms", help=f"text somebody{STATUSES}")
    to_phone(sms)
    to_text(sms)
    options(sms, run_sms)

    whatsapp = commands.add_parser(
        "send-whatsapp", help=f"write by WhatsApp to who wrote within a day{STATUSES}"
    )
    to_phone(whatsapp)
    to_text(whatsapp)
    options(whatsapp, run_whatsapp)

    template = commands.add_parser(
        "send-whatsapp-template", help=f"send an approved template by WhatsApp{STATUSES}"
    )
    to_phone(template)
    template.add_argument("template", metavar="TEMPLATE", help="its name")
    template.add_argument("--language", default="ru", metavar="CODE")
    template.add_argument(
        "--parameter",
        action="append",
        default=[],
        metavar="TEXT",
        help="the text for {{1}} of its body, then for {{2}}, …",
    )
    template.add_argument(
        "--button",
        action="append",
        default=[],
        metavar="TEXT",
        help="the end of the link of its first button with a variable, then of the next",
    )
    template.add_argument("--components", metavar="JSON", help="Meta's own components instead")
    options(template, run_template)

    email = commands.add_parser("send-email", help=f"write an e-mail{STATUSES}")
    email.add_argument("to", metavar="TO")
    email.add_argument("subject", metavar="SUBJECT")
    email.add_argument("--text", help="the text; - or nothing: read from standard input")
    email.add_argument("--html", help="the page; - : read from standard input")
    options(email, run_email)
    register_questions(commands)


def register_questions(commands: Any) -> None:
    """What can be sent, and for how much longer."""
    status = commands.add_parser(
        "whatsapp-status", help="through which providers WhatsApp can be sent, and why not"
    )
    status.set_defaults(run=run_status)
    balance = commands.add_parser("sms-balance", help="what is left at the provider of SMS")
    balance.set_defaults(run=run_balance)
    for parser in (status, balance):
        as_json(parser)


def to_phone(parser: Any) -> None:
    """The recipient."""
    parser.add_argument("phone", metavar="PHONE", help="of a mobile, as people write it")


def to_text(parser: Any) -> None:
    """What to say."""
    parser.add_argument("text", metavar="TEXT", help="- : read from standard input")


def options(parser: Any, run: Callable[[argparse.Namespace], int]) -> None:
    """What all ways of sending share."""
    parser.add_argument(
        "--via",
        "--connection",
        "--provider",
        dest="via",
        metavar="NAME",
        help="a provider (smsru, exolve, meta, resend), or a connection by name or number; "
        "--connection and --provider are older names of the same",
    )
    parser.add_argument(
        "--key",
        help="a name of your own for this message: the same key never makes two, and tells what "
        "became of the first",
    )
    parser.add_argument(
        "--transactional",
        action="store_true",
        help="asked for or necessary (a code, a receipt): goes also to guests who said stop",
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would be sent, only")
    as_json(parser)
    parser.set_defaults(run=run)


def as_json(parser: Any) -> None:
    """For programs."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run_sms(parsed: argparse.Namespace) -> int:
    """`uzel send-sms PHONE TEXT`."""
    from uzel.messaging import content

    return run(parsed, content.sms(parsed.phone, given(parsed.text)))


def run_whatsapp(parsed: argparse.Namespace) -> int:
    """`uzel send-whatsapp PHONE TEXT`."""
    from uzel.messaging import content

    return run(parsed, content.whatsapp(parsed.phone, given(parsed.text)))


def run_template(parsed: argparse.Namespace) -> int:
    """`uzel send-whatsapp-template PHONE TEMPLATE`."""
    from uzel.messaging import content

    components = read_components(parsed.components)
    return run(
        parsed,
        content.whatsapp_template(
            parsed.phone,
            parsed.template,
            parsed.language,
            components,
            parsed.parameter,
            parsed.button,
        ),
    )


def run_email(parsed: argparse.Namespace) -> int:
    """`uzel send-email TO SUBJECT [--text T] [--html H]`."""
    from uzel.messaging import content

    if parsed.text == parsed.html == "-":
        raise ConfigError("standard input is the text or the page, not both")
    text = "-" if parsed.text is None and parsed.html is None else parsed.text
    html, text = given_or_none(parsed.html), given_or_none(text)
    return run(parsed, content.email(parsed.to, parsed.subject, html, text))


def run(parsed: argparse.Namespace, message: "Content") -> int:
    """Send it, or with --dry-run only show it; returns the exit status."""
    if parsed.dry_run:
        shown = with_messaging(
            lambda m: m.preview(message, via=parsed.via, transactional=parsed.transactional)
        )
        return show_preview(shown, as_json=parsed.json)
    sent = with_messaging(
        lambda m: m.send(
            message, via=parsed.via, key=parsed.key, transactional=parsed.transactional
        )
    )
    return show_sent(sent, as_json=parsed.json)


def with_messaging(work: "Callable[[Messaging], Awaitable[Result]]") -> Result:
    """What a messenger of the moment answers."""
    from uzel.messaging import Messaging
    from uzel.session import with_parts

    async def ask(parts: Any) -> Result:
        async with Messaging(parts) as messaging:
            return await work(messaging)

    return with_parts(ask)


def show_sent(sent: "Sent", *, as_json: bool) -> int:
    """Print the outcome; returns the exit status that goes with it."""
    from uzel.messaging import Outcome

    if as_json:
        print_json(sent)
    else:
        reference = f", {sent.reference} there" if sent.reference else ""
        again = f"; {AGAIN}" if sent.repeated else ""
        print(f"{sent.outcome}: message {sent.message_id}, {sent.connection}{reference}{again}")
        if sent.detail:
            print(sent.detail)
        for note in sent.notes:
            print(f"mind: {note}")
    if sent.outcome is Outcome.UNKNOWN:
        return UNKNOWN_STATUS
    return 0 if sent.outcome is Outcome.ACCEPTED else 1


def show_preview(shown: "Preview", *, as_json: bool) -> int:
    """Print what would be sent; 1 where our own rules would hold it."""
    if as_json:
        print_json(shown)
        return 1 if shown.held else 0
    print(f"to {shown.address} through {shown.connection}:")
    print("\n".join(filter(None, (shown.subject, shown.body))))
    if shown.segments is not None:
        print(f"{shown.segments} SMS ({shown.encoding})")
    if shown.cost_minor is not None:
        print(f"about {amount(shown.cost_minor, shown.currency)}")
    if shown.held:
        print(f"would be held: {shown.held}")
    for note in shown.notes:
        print(f"mind: {note}")
    print("nothing was sent")
    return 1 if shown.held else 0


def run_status(parsed: argparse.Namespace) -> int:
    """`uzel whatsapp-status [--json]`: 0 where there is a way."""
    why = with_messaging(lambda m: m.whatsapp_status())
    if parsed.json:
        print(json.dumps({name: off is None for name, off in why.items()}))
    else:
        for name, off in why.items():
            print(f"{name}: {'on' if off is None else off}")
    return 0 if None in why.values() else 1


def run_balance(parsed: argparse.Namespace) -> int:
    """`uzel sms-balance [--json]`."""
    balance = with_messaging(lambda m: m.get_sms_balance())
    if parsed.json:
        print_json(balance)
    else:
        print(amount(balance.amount_minor, balance.currency))
    return 0


def amount(minor: int, currency: str | None) -> str:
    """`123.45 RUB`."""
    return f"{Decimal(minor).scaleb(-2)} {currency or ''}".rstrip()


def print_json(value: Any) -> None:
    """A dataclass as one line."""
    print(json.dumps(dataclasses.asdict(value), ensure_ascii=False))


def given(text: str) -> str:
    """The text itself, or what standard input has for `-`."""
    return sys.stdin.read().removesuffix("\n") if text == "-" else text


def given_or_none(text: str | None) -> str | None:
    """The same for what may be left out."""
    return None if text is None else given(text)


def read_components(text: str | None) -> list[Any]:
    """Raises ConfigError for what is no JSON list."""
    if text is None:
        return []
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"--components is not JSON: {error}") from error
    if not isinstance(found, list):
        raise ConfigError("--components takes a JSON list, as Meta has it")
    return found
