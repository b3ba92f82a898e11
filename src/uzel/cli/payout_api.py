"""`uzel payout api`: what programs that ask for payouts have to keep to."""

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uzel.app import Parts

Told = dict[str, Any]
NAMELESS = ("refuse", "number")


def register(actions: Any) -> None:
    """Add the command."""
    api = actions.add_parser(
        "api",
        help="what programs that ask for payouts keep to; without options: show it",
        description="Programs ask for payouts at /konsol with a token: uzel token add NAME --scope "
        "payouts:read --scope payouts:write",
    )
    api.add_argument(
        "--nameless",
        choices=NAMELESS,
        help="a request that names nobody is refused, or its number stands in place of a name",
    )
    api.add_argument(
        "--new-secret",
        action="store_true",
        help="another secret that signs events, shown once; the old one is good for a day more",
    )
    api.add_argument("--through", metavar="NAME", help="the connection, where there are several")
    api.add_argument("--json", action="store_true", help="print JSON")
    api.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> int:
    """`uzel payout api`."""
    from uzel.cli.partners import tell
    from uzel.cli.payout_words import said
    from uzel.session import with_parts

    told = with_parts(lambda parts: work(parts, parsed), quiet=parsed.json)
    return tell(parsed, told, said(told))


async def work(parts: "Parts", parsed: argparse.Namespace) -> Told:
    """Show it, or change it, with a note in the audit."""
    from uzel.cli.payout_work import connection_of
    from uzel.cli.recipients import me
    from uzel.payouts.programs import door, door_store
    from uzel.people.store import note

    through = connection_of(parts, parsed.through)
    told: Told = {"connection": through.name, "address": f"{parts.settings.url}/konsol"}
    async with parts.pool.acquire() as connection, connection.transaction():
        if parsed.nameless is not None:
            await door_store.lock(connection, through.id)
            await door_store.set_nameless(connection, through.id, parsed.nameless == "number")
            about = {"nameless": parsed.nameless}
            await note(connection, me(), "change_api", f"payouts:{through.id}", about)
        if parsed.new_secret:
            told["secret"], until = await door.rotate(connection, parts.ring, through.id)
            told["old_until"] = until.isoformat() if until else None
            await note(connection, me(), "rotate_api", f"payouts:{through.id}", {})
        row = await door_store.find(connection, through.id)
        servers = await door_store.receivers(connection, through.id)
    told["nameless"] = NAMELESS[int(bool(row and row["nameless"]))]
    told["signs"] = bool(row and row["secret"] is not None)
    told["servers"] = [it["base_url"] for it in servers]
    return told
