"""`user add` and `token add`: who may use the console and the API."""

import argparse
from typing import Any


def register(commands: Any) -> None:
    """Add the commands of this part."""
    user = commands.add_parser("user", help="people who may sign in to the console")
    actions = user.add_subparsers(required=True, metavar="ACTION")
    add = actions.add_parser("add", help="add a person, or give one a new password")
    add.add_argument("login")
    add.add_argument("--role", choices=["operator", "admin"], default="admin")
    add.add_argument("--password", help="default: a new one is made and shown once")
    add.set_defaults(run=run_user_add)

    token = commands.add_parser("token", help="tokens of the API")
    actions = token.add_subparsers(required=True, metavar="ACTION")
    add = actions.add_parser("add", help="make a token, shown once")
    add.add_argument("name")
    add.add_argument("--scope", action="append", choices=["read", "replay"], default=None)
    add.set_defaults(run=run_token_add)


def run_user_add(parsed: argparse.Namespace) -> int:
    """`uzel user add LOGIN`."""
    import secrets

    from uzel.cli.session import with_parts
    from uzel.people.manage import save_person

    password = parsed.password or secrets.token_urlsafe(12)

    async def work(parts: Any) -> None:
        async with parts.pool.acquire() as connection, connection.transaction():
            await save_person(connection, parsed.login, password, parsed.role)

    with_parts(work)
    shown = "" if parsed.password else f", password (shown this once): {password}"
    print(f"{parsed.login} may sign in as {parsed.role}{shown}")
    return 0


def run_token_add(parsed: argparse.Namespace) -> int:
    """`uzel token add NAME [--scope read] [--scope replay]`."""
    from uzel.cli.session import with_parts
    from uzel.people.manage import add_token

    async def work(parts: Any) -> str:
        async with parts.pool.acquire() as connection:
            return await add_token(connection, parsed.name, parsed.scope or ["read"])

    print(f"API token (shown this once): {with_parts(work)}")
    return 0
