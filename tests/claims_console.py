"""Claims behind a console, and those who ask, decide and look after payouts."""

import contextlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from claims_at_work import BY_CARD
from console_visitor import Visitor, rows, value
from running_web import WebApp, running_web
from sample_data import ADMIN, OPERATOR
from uzel.connections import manage
from uzel.kit.database import Connection
from uzel.payouts import payout_store
from uzel.payouts.banks import Directory
from uzel.payouts.claims import acts, claim_store, claimant_store, thread
from uzel.payouts.claims.acts import Keys
from uzel.payouts.claims.claim import Form
from uzel.payouts.keys import fingerprint_key
from uzel.payouts.limits import Limits, set_limits
from uzel.payouts.payout import State
from uzel.payouts.steps import move
from uzel.people.manage import save_person

VERA, BORIS = ("vera", "vera-password-1"), ("boris", "boris-password-1")
PICTURE = b"\x89PNG\r\n\x1a\n" + b"not much of a picture"
Work = Callable[[Connection], Awaitable[Any]]


@dataclass
class ClaimsRoom:
    """`olga` is an administrator, `vera` and `boris` approve, `ivan` is an operator."""

    web: WebApp
    through: int
    olga: Visitor
    vera: Visitor
    boris: Visitor
    ivan: Visitor

    def value(self, query: str, *values: Any) -> Any:
        return value(self.web, query, *values)

    def rows(self, query: str, *values: Any) -> list[Any]:
        return rows(self.web, query, *values)

    def state(self, number: int) -> str:
        return str(self.value("select state from claim where id = $1", number))

    def do(self, work: Work) -> Any:
        """In a transaction of the server's."""

        async def worked() -> Any:
            pool = self.web.deps.pool
            async with pool.acquire() as connection, connection.transaction():
                return await work(connection)

        return self.web.run(worked)

    def submitted(self, form: Form = BY_CARD, by: str = "ivan", who: str | None = None) -> int:
        """The number of a claim that waits; `who`: the key of a claimant."""

        async def work(connection: Connection) -> int:
            claimant = None
            if who is not None:
                claimant = await claimant_store.known(connection, who, "Анна из кофейни")
            ring = self.web.deps.ring
            keys = Keys(ring, await fingerprint_key(connection, ring), Directory())
            row = await acts.make(connection, keys, self.through, form, by, claimant_id=claimant)
            await acts.submit(connection, row["id"], by)
            return int(row["id"])

        return int(self.do(work))

    def attach(self, number: int, content: bytes = PICTURE, name: str = "чек.png") -> int:
        return int(self.do(lambda c: thread.attach(c, number, name, content, "telegram:7")))

    def say(self, number: int, text: str) -> None:
        self.do(lambda c: thread.say(c, number, text, "telegram:7", is_claimants=True))

    def set_limits(self, limits: Limits, two_above: int | None = None) -> None:
        async def work(connection: Connection) -> None:
            await set_limits(connection, self.through, limits)
            await claim_store.set_two_above(connection, self.through, two_above)

        self.do(work)

    def payout(self, number: int) -> str:
        """The public number of a claim's newest payout."""
        query = "select public_id from payout p join claim c on c.payout_id = p.id where c.id = $1"
        return str(self.value(query, number))

    def moved(self, number: int, state: State, reason: str | None = None) -> None:
        """A claim's payout, by the provider's word."""

        async def work(connection: Connection) -> None:
            claim = await claim_store.find(connection, number)
            row = await payout_store.lock(connection, claim["payout_id"])
            await move(connection, row, state, made_by="provider", reason=reason)

        self.do(work)

    def approve(self, number: int, who: Visitor | None = None) -> Any:
        version = self.value("select version from claim where id = $1", number)
        return (who or self.vera).post(f"/claims/{number}/approve", version=str(version))


@contextlib.contextmanager
def claims_room(dsn: str, folder: Path) -> Iterator[ClaimsRoom]:
    """A server over a copy of the sample data, with a provider that nobody asks anything of."""
    with running_web(dsn, folder) as web:
        yield fill(web)


def fill(web: WebApp) -> ClaimsRoom:
    async def work() -> int:
        deps = web.deps
        async with deps.pool.acquire() as connection, connection.transaction():
            config = {"token": "sandbox-token", "base_url": "http://127.0.0.1:9/konsol"}
            added = await manage.add(connection, deps.ring, "konsol", "main", config)
            await save_person(connection, *VERA, "approver")
            await save_person(connection, *BORIS, "approver")
        await deps.registry.refresh()
        return added.id

    through = web.run(work)
    people = (Visitor(web.url).sign_in(*who) for who in (ADMIN, VERA, BORIS, OPERATOR))
    return ClaimsRoom(web, through, *people)
