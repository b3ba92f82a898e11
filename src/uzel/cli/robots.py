"""`uzel robot …`: who works on leads by HTTP."""

import argparse
import sys
from typing import Any

from uzel.cli.plain import plain
from uzel.errors import ConfigError


def register(commands: Any) -> None:
    """Add the commands of this part."""
    robot = commands.add_parser("robot", help="robots that work on leads, each with a token")
    actions = robot.add_subparsers(required=True, metavar="ACTION")
    add = actions.add_parser("add", help="a new robot, and its token, shown once")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--test", action="store_true", help="for the leads of test tokens")
    add.add_argument(
        "--import",
        action="store_true",
        dest="imported",
        help="with a token that it has already, read from standard input",
    )
    add.set_defaults(run=run_add)
    listed = actions.add_parser("list", help="all robots, and when each was last seen")
    listed.set_defaults(run=run_list)
    revoke = actions.add_parser("revoke", help="have its token work no longer")
    revoke.add_argument("id", type=int, metavar="ID", help="the number that `list` shows")
    revoke.set_defaults(run=run_revoke)
    for parser in (add, listed, revoke):
        parser.add_argument("--json", action="store_true", help="print JSON")


def run_add(parsed: argparse.Namespace) -> int:
    """`uzel robot add NAME`."""
    from uzel.cli.partners import tell
    from uzel.cli.recipients import me
    from uzel.partners import robots
    from uzel.people.store import note
    from uzel.session import with_parts

    given = sys.stdin.readline().strip() if parsed.imported else None

    async def work(parts: Any) -> Any:
        async with parts.pool.acquire() as connection, connection.transaction():
            number, token = await robots.add(
                connection, parsed.name, is_test=parsed.test, by=me(), token=given
            )
            await note(connection, me(), "add", f"robot:{number}", {"name": parsed.name})
        return {"id": number, "name": parsed.name, "token": None if given else token}

    done = with_parts(work, quiet=parsed.json)
    shown = f"token (shown this once): {done['token']}" if done["token"] else "it works now"
    return tell(parsed, done, f"robot {done['id']}: {shown}")


def run_list(parsed: argparse.Namespace) -> int:
    """`uzel robot list`."""
    from uzel.cli.partners import tell
    from uzel.partners import robot_store
    from uzel.session import with_parts

    async def work(parts: Any) -> Any:
        return [
            {**dict(row), "works": row["revoked_at"] is None}
            for row in await robot_store.every(parts.pool)
        ]

    robots = with_parts(work, quiet=parsed.json)
    head = ("id", "name", "prefix", "is_test", "works", "last_used_at")
    lines = ["\t".join(plain(it[name]) for name in head) for it in robots]
    return tell(parsed, robots, "\n".join(("\t".join(head), *lines)))


def run_revoke(parsed: argparse.Namespace) -> int:
    """`uzel robot revoke ID`."""
    from uzel.cli.partners import tell
    from uzel.cli.recipients import me
    from uzel.partners import robot_store
    from uzel.people.store import note
    from uzel.session import with_parts

    async def work(parts: Any) -> Any:
        async with parts.pool.acquire() as connection, connection.transaction():
            name = await robot_store.revoke(connection, parsed.id)
            if name is None:
                raise ConfigError(f"there is no robot {parsed.id} with a token that works")
            await note(connection, me(), "revoke", f"robot:{parsed.id}", {"name": name})
        return {"id": parsed.id, "name": name}

    done = with_parts(work, quiet=parsed.json)
    return tell(parsed, done, f"{done['name']} is let in no longer")
