"""What the commands of a registry share."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from uzel.app import Parts
from uzel.cli.plain import plain
from uzel.cli.recipients import me
from uzel.connections import business_store
from uzel.connections.store import default_business
from uzel.crm.users import open_registry
from uzel.errors import ConfigError
from uzel.kit.database import Connection
from uzel.kit.secrets import KeyRing
from uzel.people.store import note
from uzel.session import with_parts

Result = TypeVar("Result")


def in_registry(
    business: str | None,
    work: Callable[[Connection, KeyRing, int], Awaitable[Result]],
    act: str | None = None,
    subject: str | None = None,
) -> Result:
    """Run `work` in a transaction, on the registry of a business. `act` goes into the audit. Raises
    ConfigError.
    """

    async def worked(parts: Parts) -> Result:
        async with parts.pool.acquire() as connection, connection.transaction():
            number = await business_named(connection, business)
            await open_registry(connection, parts.ring, number)
            result = await work(connection, parts.ring, number)
            if act is not None:
                await note(connection, me(), f"registry.{act}", subject, {"business": number})
            return result

    return with_parts(worked)


async def business_named(connection: Connection, name: str | None) -> int:
    """The number of a business; without a name the first one. Raises ConfigError."""
    if name is None:
        return await default_business(connection)
    known = await business_store.businesses(connection)
    for row in known:
        if row["name"].casefold() == name.strip().casefold():
            return int(row["id"])
    names = ", ".join(row["name"] for row in known)
    raise ConfigError(f"there is no business {name}; there are: {names}")


def user_line(row: Any) -> str:
    """One account of a list."""
    at = row["last_login_at"]
    return "\t".join(
        (
            row["login"],
            row["last_name"],
            plain(row["is_admin"]),
            f"{at:%Y-%m-%d %H:%M} UTC" if at else "-",
            "closed" if row["disabled_at"] else "open",
        )
    )
