"""`connection add|list|test|key`."""

import argparse
import getpass
import sys
from typing import Any

from uzel.errors import ConfigError


def register(commands: Any) -> None:
    """Add the commands of this part."""
    connection = commands.add_parser("connection", help="accounts at providers")
    actions = connection.add_subparsers(required=True, metavar="ACTION")

    add = actions.add_parser("add", help="add a connection")
    add.add_argument("connector")
    add.add_argument("--name", default="default")
    add.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="a setting; for a secret give FIELD=- and type it, or pipe it in",
    )
    add.add_argument("--rate", type=float, help="calls per second at most")
    add.set_defaults(run=run_add)

    actions.add_parser("list", help="all connections").set_defaults(run=run_list)

    test = actions.add_parser("test", help="ask the provider whether it accepts the settings")
    test.add_argument("id", type=int)
    test.set_defaults(run=run_test)

    key = actions.add_parser("key", help="give a connection a new webhook key")
    key.add_argument("id", type=int)
    key.set_defaults(run=run_key)


def run_add(parsed: argparse.Namespace) -> int:
    """`uzel connection add CONNECTOR [--name N] [--set FIELD=VALUE …]`."""
    from uzel.cli.session import with_parts
    from uzel.connections import manage

    values = dict(read_setting(text) for text in parsed.set)

    async def work(parts: Any) -> None:
        async with parts.pool.acquire() as connection, connection.transaction():
            added = await manage.add(
                connection,
                parts.ring,
                parsed.connector,
                parsed.name,
                values,
                rate_per_s=parsed.rate,
            )
        print(f"connection {added.id}: {parsed.connector}/{added.name}")
        if added.key is not None:
            print(f"webhook (shown this once): {hook_url(parts, parsed.connector, added.key)}")

    with_parts(work)
    return 0


def run_list(parsed: argparse.Namespace) -> int:
    """`uzel connection list`."""
    from uzel.cli.session import with_parts

    async def work(parts: Any) -> None:
        for item in parts.registry.all():
            reason = f" ({item.state_reason})" if item.state_reason else ""
            print(f"{item.id}\t{item.connector.name}\t{item.name}\t{item.state}{reason}")

    with_parts(work)
    return 0


def run_test(parsed: argparse.Namespace) -> int:
    """`uzel connection test ID`."""
    from uzel.calls.check import check
    from uzel.cli.session import with_parts

    async def work(parts: Any) -> int:
        active = parts.registry.get(parsed.id)
        if active is None:
            raise ConfigError(f"there is no connection {parsed.id}")
        found = await check(active)
        print(f"{'ok' if found.good else 'FAILED'}: {found.text}")
        return 0 if found.good else 1

    return with_parts(work)


def run_key(parsed: argparse.Namespace) -> int:
    """`uzel connection key ID`."""
    from uzel.cli.session import with_parts
    from uzel.connections import manage

    async def work(parts: Any) -> None:
        active = parts.registry.get(parsed.id)
        if active is None or active.connector.webhook is None:
            raise ConfigError(f"there is no connection {parsed.id} that receives webhooks")
        async with parts.pool.acquire() as connection:
            key = await manage.new_key(connection, parsed.id)
        print(f"webhook (shown this once): {hook_url(parts, active.connector.name, key)}")

    with_parts(work)
    return 0


def read_setting(text: str) -> tuple[str, str]:
    """`FIELD=VALUE`; the value `-` is asked for: a secret stays out of the shell's history."""
    name, sign, value = text.partition("=")
    if not sign:
        raise ConfigError(f"--set takes FIELD=VALUE, not {text!r}")
    if value == "-":
        value = getpass.getpass(f"{name}: ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    return name, value


def hook_url(parts: Any, connector: str, key: str) -> str:
    """The address to enter at the provider."""
    return f"{parts.settings.url}/api/webhook/{connector}?key={key}"
