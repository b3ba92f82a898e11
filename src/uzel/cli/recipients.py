"""`stop`, `unstop`, `stop-list`, `consent add`: who may be written to."""

import argparse
import getpass
import json
from datetime import UTC, datetime
from typing import Any

from uzel.errors import ConfigError

MANUAL = "manual"
LONGEST_NOTE, LONGEST_SOURCE, LONGEST_WORDING = 200, 100, 2000
PAGE = 1000


def register(commands: Any) -> None:
    """Add the commands of this part."""
    stop = commands.add_parser("stop", help="write to somebody no more")
    stop.add_argument("--note", help="why")
    stop.set_defaults(run=run_stop)

    unstop = commands.add_parser("unstop", help="take somebody off the stop-list")
    unstop.set_defaults(run=run_unstop)

    listed = commands.add_parser("stop-list", help="who is written to no more, the newest first")
    listed.add_argument("--json", action="store_true", help="print one JSON object a line")
    listed.set_defaults(run=run_stop_list)

    consent = commands.add_parser("consent", help="consents to be written to")
    actions = consent.add_subparsers(required=True, metavar="ACTION")
    add = actions.add_parser("add", help="note that somebody agreed to be written to")
    add.add_argument("--source", help="how it was given, needed: form, site, phone call …")
    add.add_argument("--wording", help="to which words")
    add.add_argument(
        "--given-at", type=moment, metavar="TIME", help="2026-11-21T14:05+03:00; default: now"
    )
    add.set_defaults(run=run_consent_add)

    for parser in (stop, unstop, add):
        parser.add_argument("address", metavar="ADDRESS", help="a phone or an e-mail address")
    for parser in (stop, unstop, listed, add):
        parser.add_argument(
            "--business", type=int, metavar="ID", help="another business than the first"
        )


def run_stop(parsed: argparse.Namespace) -> int:
    """`uzel stop ADDRESS [--note WHY]`."""
    from uzel.messages import stop_list
    from uzel.people.store import note
    from uzel.session import with_parts

    address = read_address(parsed.address)
    remark = line(parsed.note, "--note", LONGEST_NOTE)

    async def work(parts: Any) -> int:
        async with parts.pool.acquire() as connection, connection.transaction():
            business = await business_of(connection, parsed.business)
            added = await stop_list.stop(connection, business, [address], MANUAL, me(), remark)
            if added:
                said = {"address": masked(address), "added": added}
                await note(connection, me(), "add", f"stop_list:{business}", said)
        return added

    added = with_parts(work)
    print(f"{address} is on the stop-list" + ("" if added else " already"))
    return 0


def run_unstop(parsed: argparse.Namespace) -> int:
    """`uzel unstop ADDRESS`."""
    from uzel.messages import stop_list
    from uzel.people.store import note
    from uzel.session import with_parts

    address = read_address(parsed.address)

    async def work(parts: Any) -> bool:
        async with parts.pool.acquire() as connection, connection.transaction():
            business = await business_of(connection, parsed.business)
            done = await stop_list.resume(connection, business, address, by_guest=False)
            if done:
                said = {"address": masked(address)}
                await note(connection, me(), "remove", f"stop_list:{business}", said)
        return done

    if not with_parts(work):
        raise ConfigError(f"{address} is not on the stop-list")
    print(f"{address} may be written to again")
    return 0


def run_stop_list(parsed: argparse.Namespace) -> int:
    """`uzel stop-list [--json]`."""
    from uzel.session import with_parts
    from uzel.views.stop_list_store import listed

    async def work(parts: Any) -> list[Any]:
        business = await business_of(parts.pool, parsed.business)
        found: list[Any] = []
        after: tuple[datetime, str] | None = None
        while page := await listed(parts.pool, business, (None, None), after, PAGE):
            found += page
            after = (page[-1]["created_at"], page[-1]["address"])
        return found

    for row in with_parts(work):
        if parsed.json:
            print(json.dumps(dict(row), ensure_ascii=False, default=datetime.isoformat))
        else:
            since = f"{row['created_at']:%Y-%m-%d %H:%M} UTC"
            print(row["address"], row["reason"], row["source"], since, row["note"] or "", sep="\t")
    return 0


def run_consent_add(parsed: argparse.Namespace) -> int:
    """`uzel consent add ADDRESS --source HOW`."""
    from uzel.messages import consent_store
    from uzel.people.store import note
    from uzel.session import with_parts

    address = read_address(parsed.address)
    source = line(parsed.source, "--source", LONGEST_SOURCE)
    wording = line(parsed.wording, "--wording", LONGEST_WORDING)
    if source is None:
        raise ConfigError("--source is missing: say how the consent was given")
    consent = (address, source, wording, parsed.given_at or datetime.now(UTC))

    async def work(parts: Any) -> int:
        async with parts.pool.acquire() as connection, connection.transaction():
            business = await business_of(connection, parsed.business)
            added = await consent_store.add(connection, business, [consent], me())
            if added:
                said = {"address": masked(address), "added": added}
                await note(connection, me(), "add", f"consent:{business}", said)
        return added

    noted = with_parts(work)
    print(f"the consent of {address} is noted" + ("" if noted else " already"))
    return 0


async def business_of(connection: Any, wanted: int | None) -> int:
    """The business meant. Raises ConfigError listing what there is."""
    from uzel.connections.business_store import businesses
    from uzel.connections.store import default_business

    if wanted is None:
        return await default_business(connection)
    there = {row["id"]: row["name"] for row in await businesses(connection)}
    if wanted not in there:
        known = ", ".join(f"{number} {name}" for number, name in there.items()) or "none"
        raise ConfigError(f"there is no business {wanted}; there are: {known}")
    return wanted


def read_address(text: str) -> str:
    """E.164 or a lower-case e-mail address. Raises ConfigError."""
    from uzel.messages.stop_list import address_of

    address = address_of(text) if text.isprintable() else None
    if address is None:
        raise ConfigError(f"{text!r} is neither a phone number nor an e-mail address")
    return address


def line(text: str | None, option: str, longest: int) -> str | None:
    """One line, None for nothing. Raises ConfigError."""
    from uzel.kit.body import storable

    found = " ".join(storable(text or "").split())
    if len(found) > longest:
        raise ConfigError(f"{option} has {len(found)} characters; {longest} are the most")
    return found or None


def moment(text: str) -> datetime:
    """An aware time that is not ahead."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or at > datetime.now(UTC):
        raise argparse.ArgumentTypeError(
            "must be a past time with its zone: 2026-11-21T14:05+03:00"
        )
    return at.astimezone(UTC)


def masked(address: str) -> str:
    """Enough to recognise it in the audit, too little to write to it."""
    from uzel.model.phone import MASK, mask_phone

    name, at, host = address.rpartition("@")
    return f"{name[:2]}{MASK}@{host}" if at else mask_phone(address)


def me() -> str:
    """Who typed it."""
    try:
        return f"command:{getpass.getuser()}"
    except (KeyError, OSError):  # an account without a name
        return "command"
