"""Linking people with their accounts in a messenger: a code from here, sent from there."""

import secrets
from datetime import timedelta

from uzel.errors import ConfigError
from uzel.kit.database import Connection
from uzel.kit.secrets import fingerprint
from uzel.people import link_store as store
from uzel.people.manage import plain
from uzel.people.store import note

LASTS = timedelta(minutes=10)
# Without those that are mistaken for one another; fifty bits, which nobody guesses in ten minutes.
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
LENGTH = 10


async def new_code(connection: Connection, login: str, by: str) -> str:
    """A code for one person, good once and for ten minutes; the database keeps its fingerprint.
    Raises ConfigError where there is no such person.
    """
    person_id = await the_person(connection, login)
    code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    await store.add_code(connection, fingerprint(code), person_id, LASTS)
    await note(connection, by, "link_code", f"person:{plain(login)}", {})
    return code


async def link(connection: Connection, code: str, connection_id: int, user_id: int) -> str | None:
    """The login of who is linked with this account from now on. None: the code is used up, too old,
    or was never one. Raises ConfigError where the account is somebody else's.
    """
    row = await store.use_code(connection, fingerprint(code.strip().upper()))
    if row is None:
        return None
    known = await store.linked_as(connection, user_id)
    if known not in (None, row["person_id"]):
        raise ConfigError("this account is linked with another person")
    await store.link(connection, row["person_id"], connection_id, user_id)
    subject, about = f"person:{row['login']}", {"connection": connection_id, "user": user_id}
    await note(connection, f"telegram:{user_id}", "link", subject, about)
    return str(row["login"])


async def burn(connection: Connection, code: str) -> None:
    """Others have seen it."""
    await store.use_code(connection, fingerprint(code.strip().upper()))


async def unlink(connection: Connection, login: str, by: str) -> bool:
    """False: nothing was linked. Raises ConfigError where there is no such person."""
    done = await store.unlink(connection, await the_person(connection, login))
    if done:
        await note(connection, by, "unlink", f"person:{plain(login)}", {})
    return done


async def the_person(connection: Connection, login: str) -> int:
    """Raises ConfigError."""
    found = await store.find_person(connection, plain(login))
    if found is None:
        raise ConfigError(f"nobody who may sign in is called {login}")
    return found
