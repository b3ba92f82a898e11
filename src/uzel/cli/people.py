"""`user add|link|unlink`, `token add|list|revoke`: who may use the console and the API."""

import argparse
from typing import Any

from uzel.errors import ConfigError
from uzel.people.scopes import CLAIMS_DECIDE, SCOPES

TIMES = ("created", "last_used", "revoked")


def register(commands: Any) -> None:
    """Add the commands of this part."""
    user = commands.add_parser("user", help="people who may sign in to the console")
    actions = user.add_subparsers(required=True, metavar="ACTION")
    add = actions.add_parser("add", help="add a person, or give one a new password")
    add.add_argument("login")
    add.add_argument("--role", choices=["operator", "approver", "admin"], default="admin")
    add.add_argument("--password", help="default: a new one is made and shown once")
    add.set_defaults(run=run_user_add)

    link = actions.add_parser("link", help="a code by which the bot in Telegram knows a person")
    link.add_argument("login")
    link.set_defaults(run=run_user_link)
    unlink = actions.add_parser("unlink", help="have the bot in Telegram know a person no longer")
    unlink.add_argument("login")
    unlink.set_defaults(run=run_user_unlink)

    token = commands.add_parser("token", help="tokens of the API")
    actions = token.add_subparsers(required=True, metavar="ACTION")
    add = actions.add_parser("add", help="make a token, shown once")
    add.add_argument("name")
    add.add_argument("--scope", action="append", choices=SCOPES, default=None)
    add.add_argument("--through", metavar="NAME", help="good for payouts of this connection only")
    add.add_argument("--person", metavar="LOGIN", help="it speaks for them: decides on claims")
    add.set_defaults(run=run_token_add)
    listed = actions.add_parser("list", help="all tokens: what they may, when they were used last")
    listed.set_defaults(run=run_token_list)
    revoke = actions.add_parser("revoke", help="have a token work no longer")
    revoke.add_argument("id", type=int, metavar="ID", help="the number that `list` shows")
    revoke.set_defaults(run=run_token_revoke)


def run_user_add(parsed: argparse.Namespace) -> int:
    """`uzel user add LOGIN`."""
    import secrets

    from uzel.people.manage import save_person
    from uzel.session import with_parts

    password = parsed.password or secrets.token_urlsafe(12)

    async def work(parts: Any) -> None:
        async with parts.pool.acquire() as connection, connection.transaction():
            await save_person(connection, parsed.login, password, parsed.role)

    with_parts(work)
    shown = "" if parsed.password else f", password (shown this once): {password}"
    print(f"{parsed.login} may sign in as {parsed.role}{shown}")
    return 0


def run_user_link(parsed: argparse.Namespace) -> int:
    """`uzel user link LOGIN`."""
    from uzel.cli.recipients import me
    from uzel.people.links import new_code
    from uzel.session import with_parts

    async def work(parts: Any) -> str:
        async with parts.pool.acquire() as connection, connection.transaction():
            return await new_code(connection, parsed.login, me())

    print(f"within ten minutes, to the bot, in private: /link {with_parts(work)}")
    return 0


def run_user_unlink(parsed: argparse.Namespace) -> int:
    """`uzel user unlink LOGIN`."""
    from uzel.cli.recipients import me
    from uzel.people.links import unlink
    from uzel.session import with_parts

    async def work(parts: Any) -> bool:
        async with parts.pool.acquire() as connection, connection.transaction():
            return await unlink(connection, parsed.login, me())

    done = with_parts(work)
    print(f"{parsed.login} is {'no longer known' if done else 'not known'} to the bot")
    return 0


def run_token_add(parsed: argparse.Namespace) -> int:
    """`uzel token add NAME [--scope S]... [--through NAME] [--person LOGIN]`."""
    from uzel.cli.payout_work import connection_of
    from uzel.kit.secrets import fingerprint
    from uzel.people.manage import add_token
    from uzel.people.token_store import bind
    from uzel.session import with_parts

    if CLAIMS_DECIDE in (parsed.scope or []) and parsed.person is None:
        raise ConfigError(f"{CLAIMS_DECIDE} takes a person: --person LOGIN")

    async def work(parts: Any) -> str:
        async with parts.pool.acquire() as connection, connection.transaction():
            through = connection_of(parts, parsed.through).id if parsed.through else None
            token = await add_token(connection, parsed.name, parsed.scope or ["read"], through)
            speaks = parsed.person is None or await bind(
                connection, fingerprint(token), parsed.person
            )
            if not speaks:
                raise ConfigError(f"--person: nobody is called {parsed.person}")
            return token

    print(f"API token (shown this once): {with_parts(work)}")
    return 0


def run_token_list(parsed: argparse.Namespace) -> int:
    """`uzel token list`: never a token, of which only a fingerprint is kept."""
    from uzel.people.token_store import tokens
    from uzel.session import with_parts

    async def work(parts: Any) -> list[Any]:
        return await tokens(parts.pool)

    rows = with_parts(work)
    print("id", "name", "scopes", *TIMES, sep="\t")
    for row in rows:
        times = (f"{at:%Y-%m-%d %H:%M} UTC" if (at := row[f"{n}_at"]) else "-" for n in TIMES)
        print(row["id"], row["name"], ",".join(row["scopes"]), *times, sep="\t")
    return 0


def run_token_revoke(parsed: argparse.Namespace) -> int:
    """`uzel token revoke ID`."""
    from uzel.people.token_store import revoke
    from uzel.session import with_parts

    async def work(parts: Any) -> str | None:
        return await revoke(parts.pool, parsed.id)

    name = with_parts(work)
    if name is None:
        raise ConfigError(f"there is no living token {parsed.id}; see: uzel token list")
    print(f"token {parsed.id} ({name}) works no longer")
    return 0
