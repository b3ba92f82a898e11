"""`connection add|list|test|key|register`."""

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
    test.set_defaults(run=run_test)

    key = actions.add_parser("key", help="give a connection a new webhook key")
    key.set_defaults(run=run_key)

    enter = actions.add_parser(
        "register", help="give a connection a new webhook key and enter its address at the provider"
    )
    enter.add_argument("--yes", action="store_true", help="do not ask before")
    enter.set_defaults(run=run_register)

    for action in (test, key, enter):
        action.add_argument(
            "connection", metavar="ID", help="the number that `list` shows, or CONNECTOR/NAME"
        )


def run_add(parsed: argparse.Namespace) -> int:
    """`uzel connection add CONNECTOR [--name N] [--set FIELD=VALUE …]`."""
    from uzel.cli.setting_words import check_settings
    from uzel.connections import manage
    from uzel.session import with_parts

    connector = manage.find_connector(parsed.connector)
    values = dict(read_setting(text) for text in parsed.set)
    check_settings(connector, values)

    async def work(parts: Any) -> None:
        async with parts.pool.acquire() as connection, connection.transaction():
            added = await manage.add(
                connection, parts.ring, connector.name, parsed.name, values, rate_per_s=parsed.rate
            )
        print(f"connection {added.id}: {connector.name}/{added.name}")
        if added.key is not None:
            show_hook(parts, connector, added.key)

    with_parts(work)
    return 0


def run_list(parsed: argparse.Namespace) -> int:
    """`uzel connection list`."""
    from uzel.session import with_parts

    async def work(parts: Any) -> None:
        for item in parts.registry.all():
            reason = f" ({item.state_reason})" if item.state_reason else ""
            print(f"{item.id}\t{item.connector.name}\t{item.name}\t{item.state}{reason}")

    with_parts(work)
    return 0


def run_test(parsed: argparse.Namespace) -> int:
    """`uzel connection test ID`."""
    from zoneinfo import ZoneInfo

    from uzel.calls.check import Seen, check_and_note
    from uzel.cli.recipients import me
    from uzel.session import with_parts
    from uzel.views import provider_store

    async def work(parts: Any) -> int:
        active = find(parts, parsed.connection)
        seen = Seen(*await provider_store.seen(parts.pool, active.id), ZoneInfo("UTC"))
        found = await check_and_note(parts.pool, active, parts.reach, me(), seen)
        print(f"{'ok' if found.good else 'FAILED'}: {found.text}")
        return 0 if found.good else 1

    return with_parts(work)


def run_key(parsed: argparse.Namespace) -> int:
    """`uzel connection key ID`."""
    from uzel.session import with_parts

    async def work(parts: Any) -> None:
        active = find(parts, parsed.connection)
        if active.connector.webhook is None:
            raise ConfigError(f"{active.connector.title} sends nothing, so there is no key")
        show_hook(parts, active.connector, await new_key(parts, active.id))

    with_parts(work)
    return 0


def run_register(parsed: argparse.Namespace) -> int:
    """`uzel connection register ID [--yes]`."""
    from uzel.calls.registration import obstacle, register
    from uzel.session import with_parts

    async def work(parts: Any) -> int:
        active = find(parts, parsed.connection)
        title = active.connector.title
        if (hindrance := obstacle(active, parts.settings)) is not None:
            raise ConfigError(f"{title} is not asked: {hindrance}")
        if not parsed.yes and not agreed(title, hook_url(parts, active.connector, "…")):
            return 1
        key = await new_key(parts, active.id)
        done = await register(active, parts.reach, hook_url(parts, active.connector, key))
        if done.good:
            print(f"{title} now posts to {hook_url(parts, active.connector, '…')}")
            return 0
        print(f"FAILED: {done.text}")
        print("The key is new all the same: try again, or enter the address by hand.")
        show_hook(parts, active.connector, key)
        return 1

    return with_parts(work)


def agreed(title: str, url: str) -> bool:
    """Whether the person at the terminal wants it. Raises ConfigError where there is none."""
    if not sys.stdin.isatty():
        raise ConfigError("nobody is there to be asked; give --yes to do it all the same")
    print(
        f"The hook gets a new key: the address {title} has now stops working at once.\n"
        f"Then {url} is entered there, and earlier addresses of this hook are taken out.\n"
        "Handlers of others stay as they are."
    )
    return input("Go on? [y/N] ").strip().lower() in ("y", "yes", "д", "да")


def find(parts: Any, text: str) -> Any:
    """The connection with this id or name. Raises ConfigError listing what there is."""
    known = {f"{item.connector.name}/{item.name}": item for item in parts.registry.all()}
    if text in known:
        return known[text]
    meant = [
        item
        for item in known.values()
        if text in (str(item.id), item.name) or text == item.connector.name
    ]
    if len(meant) != 1:
        there = ", ".join(f"{item.id} {name}" for name, item in known.items()) or "none"
        which = "more than one connection is called" if meant else "there is no connection"
        raise ConfigError(f"{which} {text}; there are: {there}")
    return meant[0]


async def new_key(parts: Any, connection_id: int) -> str:
    """A new key for the hook; the old one is no longer good."""
    from uzel.connections import manage

    async with parts.pool.acquire() as connection:
        return await manage.new_key(connection, connection_id)


def read_setting(text: str) -> tuple[str, str]:
    """`FIELD=VALUE`; the value `-` is asked for: a secret stays out of the shell's history."""
    name, sign, value = text.partition("=")
    if not sign:
        raise ConfigError(f"--set takes FIELD=VALUE, not {text!r}")
    if value == "-":
        value = getpass.getpass(f"{name}: ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    return name, value


def show_hook(parts: Any, connector: Any, key: str) -> None:
    """Print the address to enter at the provider, and say so if nobody out there can reach it."""
    from uzel.kit.public_address import leads_inside

    print(f"webhook (shown this once): {hook_url(parts, connector, key)}")
    if leads_inside(parts.settings.url):
        problem = "leads inside" if parts.settings.public_url else "is not set"
        print(
            f"uzel: {connector.title} cannot reach this address: UZEL_PUBLIC_URL {problem}. Set it "
            "to the address under which the outside world reaches Uzel (https://…), for every "
            f"process of Uzel, and put it in place of {parts.settings.url}; the key stays.",
            file=sys.stderr,
        )


def hook_url(parts: Any, connector: Any, key: str) -> str:
    """The address of a hook."""
    return f"{parts.settings.url}/api/webhook/{connector.name}?key={key}"
