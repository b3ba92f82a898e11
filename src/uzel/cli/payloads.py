"""`explain` and `replay`."""

import argparse
from typing import Any

from uzel.errors import ConfigError


def register(commands: Any) -> None:
    """Add the commands of this part."""
    explain = commands.add_parser(
        "explain", help="what would Uzel do with this payload: events, decision, reason, as JSON"
    )
    explain.add_argument("connector")
    explain.add_argument("file", help="a bare body or a .http request; - for standard input")
    explain.set_defaults(run=run_explain)

    replay = commands.add_parser("replay", help="process stored raw events again")
    replay.add_argument("ids", nargs="*", type=int, metavar="RAW_EVENT_ID")
    replay.add_argument("--parked", action="store_true", help="all that could not be processed")
    replay.set_defaults(run=run_replay)


def run_explain(parsed: argparse.Namespace) -> int:
    """`uzel explain CONNECTOR FILE`."""
    from uzel.explain import explain_file

    print(explain_file(parsed.connector, parsed.file))
    return 0


def run_replay(parsed: argparse.Namespace) -> int:
    """`uzel replay [ID …] [--parked]`."""
    from uzel.cli.session import with_parts
    from uzel.events.process import parked, replay

    async def work(parts: Any) -> list[int]:
        ids = list(parsed.ids) + (await parked(parts.pool) if parsed.parked else [])
        async with parts.pool.acquire() as connection, connection.transaction():
            return [i for i in ids if await replay(connection, i)]

    if not parsed.ids and not parsed.parked:
        raise ConfigError("name raw events by their ids, or give --parked")
    done = with_parts(work)
    if parsed.ids and not done:
        raise ConfigError("none of these raw events is there and done with")
    print(f"to be processed again: {len(done)}")
    return 0
