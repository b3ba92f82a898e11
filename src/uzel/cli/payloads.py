"""`explain` and `replay`."""

import argparse
from datetime import UTC, datetime, timedelta
from typing import Any

from uzel.errors import ConfigError

# More than anybody has; what a list of ids may hold.
MOST = 1_000_000
LONGEST_DAYS = 3650


def register(commands: Any) -> None:
    """Add the commands of this part."""
    explain = commands.add_parser(
        "explain", help="what would Uzel do with this payload: events, decision, reason, as JSON"
    )
    explain.add_argument("connector")
    explain.add_argument("file", help="a bare body or a .http request; - for standard input")
    explain.add_argument(
        "--here",
        action="store_true",
        help="a dry run: with this installation's settings, rules and memory, also where, when and "
        "with which words; nothing is written or sent",
    )
    explain.set_defaults(run=run_explain)

    replay = commands.add_parser("replay", help="process stored raw events again")
    replay.add_argument("ids", nargs="*", type=int, metavar="RAW_EVENT_ID")
    replay.add_argument("--parked", action="store_true", help="all that could not be processed")
    replay.add_argument(
        "--reason",
        metavar="CODE",
        help="all that led to nothing for this reason (place_unknown, no_template, no_channel …)",
    )
    replay.add_argument(
        "--days",
        type=days,
        default=7,
        metavar="N",
        help="with --reason: received within the last N days",
    )
    replay.set_defaults(run=run_replay)


def run_explain(parsed: argparse.Namespace) -> int:
    """`uzel explain CONNECTOR FILE [--here]`."""
    from uzel.explain import dry_run, explain_file

    if not parsed.here:
        print(explain_file(parsed.connector, parsed.file))
        return 0
    from uzel.session import with_parts

    async def work(parts: Any) -> str:
        url = parts.settings.url
        return await dry_run(parts.pool, parts.registry, parsed.connector, parsed.file, url)

    print(with_parts(work))
    return 0


def run_replay(parsed: argparse.Namespace) -> int:
    """`uzel replay [ID …] [--parked] [--reason CODE [--days N]]`."""
    from uzel.events.replay import replay
    from uzel.session import with_parts

    async def work(parts: Any) -> list[int]:
        ids = await chosen(parts, parsed)
        async with parts.pool.acquire() as connection, connection.transaction():
            return [i for i in ids if await replay(connection, i)]

    if not (parsed.ids or parsed.parked or parsed.reason):
        raise ConfigError("name raw events by their ids, or give --parked or --reason CODE")
    if parsed.reason:
        check_reason(parsed.reason)
    done = with_parts(work)
    if parsed.ids and not done:
        raise ConfigError("none of these raw events is there and done with")
    print(f"to be processed again: {len(done)}")
    return 0


def check_reason(code: str) -> None:
    """Raises ConfigError for what no event was ever skipped for, naming the codes there are."""
    from uzel.web.console.words import knows_reason, reason_codes

    if not knows_reason(code):
        known = ", ".join(reason_codes())
        raise ConfigError(f"there is no reason {code}; the codes are: {known}")


async def chosen(parts: Any, parsed: argparse.Namespace) -> list[int]:
    """The raw events meant, each once."""
    from uzel.events.replay import parked, skipped

    ids = list(parsed.ids)
    if parsed.parked:
        ids += await parked(parts.pool)
    if parsed.reason:
        since = datetime.now(UTC) - timedelta(days=parsed.days)
        ids += await skipped(parts.pool, parsed.reason, since, MOST)
    return list(dict.fromkeys(ids))


def days(text: str) -> int:
    """A number of days."""
    number = int(text)
    if not 0 < number <= LONGEST_DAYS:
        raise argparse.ArgumentTypeError(f"must be a number of days, 1 to {LONGEST_DAYS}")
    return number
