"""The demo's registry: an account for a program, with a new key at each start."""

from uzel.connections.store import default_business
from uzel.crm import user_store
from uzel.crm.users import add_user, change_key
from uzel.kit.database import Connection
from uzel.kit.secrets import KeyRing

LOGIN = "api"


async def ensure(connection: Connection, ring: KeyRing) -> dict[str, str]:
    """What a program signs in with."""
    if await user_store.user_by_login(connection, LOGIN) is None:
        business = await default_business(connection)
        user = await add_user(connection, ring, business, LOGIN, name="Сайт", is_admin=True)
    else:
        user = await change_key(connection, ring, LOGIN)
    return {"username": user.login, "access_key": user.access_key}
