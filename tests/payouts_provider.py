"""Payouts through the provider in miniature, over HTTP, without a worker process."""

import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from parts import RING, Hub, Sandbox, open_hub
from uzel.calls.reach import Reach
from uzel.connections.registry import Active
from uzel.connectors.konsol.miniature import Settings
from uzel.flows.payouts import send
from uzel.flows.payouts.chores import Chores
from uzel.flows.payouts.reconcile import Rules, Run, reconcile
from uzel.payouts import payout_store as store
from uzel.payouts.banks import Directory
from uzel.payouts.limits import Limits
from uzel.payouts.wish import Typed, read

KEY = b"k" * 32
AT_ONCE = Rules(lag=timedelta(0))
_numbers = itertools.count(1)


@dataclass
class Provider:
    """One company at konsol.pro, and the connection to it."""

    hub: Hub
    sandbox: Sandbox
    chores: Chores

    @property
    def active(self) -> Active:
        return self.hub.active(self.hub.others["konsol"][0])

    @property
    def id(self) -> int:
        return self.active.id

    @property
    def reach(self) -> Reach:
        return self.hub.runner.reach

    @property
    def token(self) -> str:
        return str(self.active.config.token.get_secret_value())  # type: ignore[union-attr]

    async def pay(self, amount: str, **target: str) -> Any:
        """The row of a payout that has been asked for."""
        number = next(_numbers)
        target = target or {"phone": f"+7999{number:07}", "bank": "сбер"}
        typed = Typed(amount, "Иванова Анна", f"Заявка {number}", **target)  # type: ignore[arg-type]
        async with self.hub.pool.acquire() as connection, connection.transaction():
            wish = read(typed, self.id, Directory(), KEY, "anna")
            begun = await send.begin(connection, RING, wish, Limits())
        return await store.find(self.hub.pool, begun.public_id)

    async def work(self, rounds: int = 4) -> None:
        """Have everything happen that is planned: people made known, money sent, ends asked for."""
        for _ in range(rounds):
            await self.hub.hurry()
            await self.hub.runner.pump(self.id)
            await self.hub.call()

    async def ask(self, operation: str, **arguments: Any) -> Any:
        return await self.reach.ask(self.active, self.active.connector.operations[operation],
                                    arguments)  # fmt: skip

    async def by_hand(self, reference: str, amount_minor: int = 5_000_00) -> str:
        """A payment that somebody else made; its id."""
        answer = await self.ask(
            "create_payment", reference=reference, planned_at="2026-11-20T00:00:00+00:00",
            purpose="Выплата", amount_minor=amount_minor, kind="fps",
            contractor={"first_name": "Олег", "last_name": "Петров", "patronymic": None},
            contractor_id=None, phone="+79990000007", bank_member_id="100000000111",
        )  # fmt: skip
        return str(answer.reference)

    def settings(self, **changes: Any) -> None:
        self.sandbox.http.post("/konsol/_settings", json=changes).raise_for_status()

    def move(self, payment: str, status: str) -> None:
        """The provider changes its mind, and tells nobody."""
        body = {"token": self.token, "status": status, "silent": True}
        self.sandbox.http.post(f"/konsol/_payments/{payment}", json=body).raise_for_status()

    def fail(self, operation: str, kind: str = "500") -> None:
        self.sandbox.arm_at("konsol", operation, kind)

    async def compare(self, rules: Rules = AT_ONCE, **more: Any) -> Run:
        return await reconcile(
            self.hub.pool, self.reach, self.active, made_by="test", rules=rules, **more
        )

    async def kinds(self) -> list[str]:
        """Of the differences nobody has settled."""
        rows = await self.hub.pool.fetch(
            "select kind from payout_difference where connection_id = $1 and resolved_at is null "
            "order by kind",
            self.id,
        )
        return [row["kind"] for row in rows]


@contextlib.asynccontextmanager
async def provider(dsn: str, sandbox: Sandbox) -> AsyncIterator[Provider]:
    """Without payments, and quick."""
    async with open_hub(dsn, sandbox.url, also=("konsol",)) as hub:
        it = Provider(hub, sandbox, Chores(hub.pool, hub.registry, hub.runner.reach))
        it.settings(**{**Settings().model_dump(), "moves_after_s": 0})
        try:
            yield it
        finally:
            it.settings(**Settings().model_dump())
