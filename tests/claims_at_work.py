"""Claims in a database, and people who ask and approve: what tests of claims begin with."""

import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from payouts_at_work import Paying, paying
from uzel.flows.payouts import claims as flow
from uzel.payouts.banks import Directory
from uzel.payouts.claims import acts, approval
from uzel.payouts.claims import claim_store as store
from uzel.payouts.claims.acts import Keys
from uzel.payouts.claims.claim import Form
from uzel.payouts.limits import Limits, set_limits
from uzel.payouts.payout import State as Payout

CARD = "2200 7702 1272 7079"
BY_CARD = Form("1000", "Приз", "Иванова Анна", card=CARD)
BY_PHONE = Form("1000", "Приз", "Иванова Анна", phone="+7 999 000-00-01", bank="сбер")
# Who may approve, and who may not.
APPROVERS = ("vera", "boris", "admin")
OTHERS = ("oleg", "stranger")
Work = Callable[[Any], Awaitable[Any]]


@dataclass(slots=True)
class Claiming:
    """A provider's connection that nobody asks anything of, and a room for claims."""

    it: Paying
    keys: Keys

    async def do(self, work: Work) -> Any:
        """In a transaction."""
        async with self.it.pool.acquire() as connection, connection.transaction():
            return await work(connection)

    async def make(self, form: Form = BY_CARD, by: str = "maker", **more: Any) -> int:
        through = self.it.connection_id
        row = await self.do(lambda c: acts.make(c, self.keys, through, form, by, **more))
        return int(row["id"])

    async def submitted(self, form: Form = BY_CARD, by: str = "maker") -> int:
        number = await self.make(form, by)
        await self.do(lambda c: acts.submit(c, number, by))
        return number

    async def edit(self, number: int, form: Form, by: str = "maker") -> Any:
        return await self.do(lambda c: acts.edit(c, self.keys, number, form, by))

    async def approve(self, number: int, by: str, version: int | None = None) -> Any:
        now = version or (await self.row(number))["version"]
        return await self.do(lambda c: flow.approve(c, self.it.ring, number, now, by))

    async def reject(self, number: int, by: str, reason: str = "no receipt") -> Any:
        return await self.do(lambda c: approval.reject(c, number, by, reason))

    async def row(self, number: int) -> Any:
        return await store.find(self.it.pool, number)

    async def paid(self, number: int, state: Payout = Payout.PAID, **more: Any) -> None:
        """The provider says so of its newest payout."""
        row = await self.row(number)
        await self.it.move(row["payout_id"], state, **more)

    async def set_limits(self, limits: Limits) -> None:
        await self.do(lambda c: set_limits(c, self.it.connection_id, limits))


@contextlib.asynccontextmanager
async def claiming(dsn: str, two_above: int | None = None) -> AsyncIterator[Claiming]:
    """A connection of its own in a database that others use too."""
    async with paying(dsn) as it:
        for login in (*APPROVERS, OTHERS[0]):
            role = {"admin": "admin", "oleg": "operator"}.get(login, "approver")
            await it.pool.execute(
                "insert into person (login, password_hash, role) values ($1, 'x', $2) "
                "on conflict do nothing",
                login,
                role,
            )
        async with it.pool.acquire() as connection:
            await store.set_two_above(connection, it.connection_id, two_above)
        yield Claiming(it, Keys(it.ring, os.urandom(32), Directory()))
