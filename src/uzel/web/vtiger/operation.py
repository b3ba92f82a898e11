"""What an operation is, and what it works with."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import UploadFile

from uzel.crm import user_store
from uzel.crm.catalogue import Modules, modules_of
from uzel.crm.record import Writer
from uzel.crm.sessions import Sessions, User
from uzel.crm.users import CODE_PLACE
from uzel.kit.database import Connection, Pool
from uzel.kit.secrets import KeyRing
from uzel.web.vtiger.turns import Turns

SOURCE = "WEBSERVICE"


@dataclass(slots=True)
class Call:
    """One request for an operation.

    given    its parameters, from where the operation takes them
    session  the name under which it was asked; None: none was given
    turns    of all questions to the database, and of whole files
    """

    pool: Pool
    ring: KeyRing
    sessions: Sessions
    method: str
    given: Mapping[str, str]
    session: str | None
    files: Mapping[str, UploadFile] = field(default_factory=dict)
    user: User | None = None
    turns: Turns = field(default_factory=Turns)

    def text(self, name: str) -> str:
        """A parameter; empty where it was not given."""
        return self.given.get(name, "")

    @property
    def account(self) -> User:
        """Who asks; an operation that needs no session does not ask for it."""
        assert self.user is not None
        return self.user

    @property
    def writer(self) -> Writer:
        """As whom records are written."""
        user = self.account
        return Writer(user.business_id, user.id, f"crm:{user.login}", SOURCE, user.strict)

    async def modules(self, connection: Connection | Pool | None = None) -> Modules:
        """Those of the asker's registry."""
        return await modules_of(connection or self.pool, self.account.business_id)

    async def code_key(self) -> bytes:
        """The key of digests of codes of the asker's registry."""
        business_id = self.account.business_id
        row = await user_store.registry(self.pool, business_id)
        return self.ring.open(row["code_key"], CODE_PLACE.format(business_id))


@dataclass(frozen=True, slots=True)
class Operation:
    """How an operation is asked for.

    by_post   whether its parameters stand in the form, else in the query
    is_open   whether it needs no session
    """

    run: Callable[[Call], Awaitable[Any]]
    by_post: bool = False
    is_open: bool = False
