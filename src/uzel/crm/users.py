"""Registries and their accounts: made, given keys, closed."""

import os
import secrets
import string
from dataclasses import dataclass

from uzel.crm import user_store as store
from uzel.errors import ConfigError
from uzel.kit.database import Connection
from uzel.kit.secrets import KEY_BYTES, KeyRing

KEY_SIGNS = string.ascii_letters + string.digits
KEY_LENGTH = 24
CODE_PLACE = "crm_registry/{}/code_key"
KEY_PLACE = "crm_user/{}/access_key"


@dataclass(frozen=True, slots=True)
class NewUser:
    """An account as it was made: its key is shown once."""

    id: int
    login: str
    access_key: str


async def open_registry(connection: Connection, ring: KeyRing, business_id: int) -> None:
    """Give a business a registry, unless it has one."""
    if await store.registry(connection, business_id) is None:
        key = ring.seal(os.urandom(KEY_BYTES), CODE_PLACE.format(business_id))
        await store.add_registry(connection, business_id, key)


async def add_user(
    connection: Connection,
    ring: KeyRing,
    business_id: int,
    login: str,
    *,
    name: str = "",
    is_admin: bool = False,
) -> NewUser:
    """A new account of a business's registry. Raises ConfigError: the login is taken, or none."""
    login = login.strip()
    if not login.isprintable() or not 0 < len(login) <= 64 or " " in login:
        raise ConfigError("a login has 1 to 64 letters, digits and signs without spaces")
    await open_registry(connection, ring, business_id)
    number = await store.next_user(connection)
    key = new_key()
    sealed = ring.seal(key.encode(), KEY_PLACE.format(number))
    added = await store.add_user(
        connection, number, business_id, login, name or login, sealed, is_admin=is_admin
    )
    if not added:
        raise ConfigError(f"there is an account {login} already")
    return NewUser(number, login, key)


async def change_key(connection: Connection, ring: KeyRing, login: str) -> NewUser:
    """A new access key for an account. Raises ConfigError: there is none."""
    user = await store.user_by_login(connection, login)
    if user is None:
        raise ConfigError(f"there is no account {login}")
    key = new_key()
    await store.set_key(
        connection, user["id"], ring.seal(key.encode(), KEY_PLACE.format(user["id"]))
    )
    return NewUser(user["id"], user["login"], key)


async def set_closed(connection: Connection, login: str, *, closed: bool) -> None:
    """Close an account, or open it again. Raises ConfigError: there is none."""
    user = await store.user_by_login(connection, login)
    if user is None:
        raise ConfigError(f"there is no account {login}")
    await store.set_disabled(connection, user["id"], disabled=closed)


def new_key() -> str:
    """Letters and digits, as programs of the protocol are used to (140 bits)."""
    return "".join(secrets.choice(KEY_SIGNS) for _ in range(KEY_LENGTH))
