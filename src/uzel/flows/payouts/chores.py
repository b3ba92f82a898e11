"""What a provider of payouts is asked for again and again: its banks once a day, its balance every
ten minutes and after hints, its list in the night. Outside of the journal of calls, as every read
that nothing depends on.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from uzel.calls.reach import Reach
from uzel.connections.registry import Active, Registry
from uzel.errors import CallFailed, ConfigError, ContractBroken, Unavailable
from uzel.flows.payouts import chore_store as store
from uzel.flows.payouts import reconcile as reconciling
from uzel.flows.payouts.reconcile import Run
from uzel.kit import database
from uzel.payouts import bank_list
from uzel.payouts.accounting import balance, balance_store, reconcile_store

log = logging.getLogger("uzel.payouts")

PROVIDERS = frozenset({"konsol"})
BANKS, BALANCE, RECONCILE = "banks", "balance", reconciling.CHORE
BANKS_EVERY, BALANCE_EVERY = timedelta(days=1), timedelta(minutes=10)
# Many hints within that time are one look.
AFTER_HINT_S = 30.0
# By the clock of the business that pays: when nobody is paid.
RECONCILED_AT = time(4, 20)
AGAIN_S = {BANKS: 3600.0, BALANCE: 300.0, RECONCILE: 3600.0}
# A long list has many pages, one after another.
LONGEST_S = {BANKS: 60.0, BALANCE: 60.0, RECONCILE: 1800.0}
LEASE_MARGIN_S = 60.0


class Chores:
    """Asks the providers that are due, in any number of processes."""

    def __init__(self, pool: database.Pool, registry: Registry, reach: Reach) -> None:
        self._pool = pool
        self._registry = registry
        self._reach = reach

    def providers(self) -> Iterator[Active]:
        """The connections that can be asked."""
        for active in self._registry.all():
            is_provider = active.connector.name in PROVIDERS
            if is_provider and active.state == "active" and active.config is not None:
                yield active

    async def take_banks(self) -> None:
        """Of all that are due."""
        await self._due(BANKS, self._banks)

    async def take_balances(self) -> None:
        """Of all that are due."""
        await self._due(BALANCE, self._balance)

    async def reconcile(self) -> None:
        """All that are due."""
        await self._due(RECONCILE, self._reconcile)

    async def banks_now(self, active: Active) -> dict[str, Any]:
        """Take one provider's directory at once. Raises CallFailed, ConfigError, TimeoutError."""
        await self._begun(active, BANKS)
        taken: dict[str, Any] = await self._done(active, BANKS, self._banks)
        return taken

    async def balance_now(self, active: Active) -> None:
        """Take one provider's balance at once. Raises CallFailed, ConfigError, TimeoutError."""
        await self._begun(active, BALANCE)
        await self._done(active, BALANCE, self._balance)

    async def prune(self) -> None:
        """Leave fewer of old balances."""
        if next(self.providers(), None) is not None:
            await balance.prune(self._pool, datetime.now(UTC))

    async def _begun(self, active: Active, chore: str) -> None:
        await store.lease(self._pool, [active.id], chore, LONGEST_S[chore], at_once=True)

    async def _due(self, chore: str, do: Callable[[Active], Awaitable[Any]]) -> None:
        there = {active.id: active for active in self.providers()}
        if not there:
            return
        for_s = LONGEST_S[chore] + LEASE_MARGIN_S
        for number in await store.lease(self._pool, list(there), chore, for_s):
            try:
                await self._done(there[number], chore, do)
            except (CallFailed, ConfigError, TimeoutError) as error:
                said = str(error) or "it took too long"
                log.warning("%s of payouts of connection %s: %s", chore, number, said)
            except database.PASSING as error:
                log.warning("%s of payouts has to wait: %s", chore, type(error).__name__)
            except Exception:  # the others are leased, too
                log.exception("%s of payouts of connection %s", chore, number)

    async def _done(
        self, active: Active, chore: str, do: Callable[[Active], Awaitable[Any]]
    ) -> Any:
        try:
            async with asyncio.timeout(LONGEST_S[chore]):
                return await do(active)
        except BaseException as error:
            problem = (str(error) or type(error).__name__)[:500]
            await store.failed(self._pool, active.id, chore, AGAIN_S[chore], problem)
            raise

    async def _ask(self, active: Active, name: str) -> Any:
        return await self._reach.ask(active, active.connector.operations[name], {})

    async def _banks(self, active: Active) -> dict[str, Any]:
        answer = await self._ask(active, "fps_banks")
        async with self._pool.acquire() as connection, connection.transaction():
            await store.alone(connection, active.id, BANKS)
            taken = await bank_list.take(connection, active.id, answer.data["banks"])
            next_at = datetime.now(UTC) + BANKS_EVERY
            await store.succeeded(connection, active.id, BANKS, next_at)
        if taken.gone:
            log.warning("%d banks left the directory of connection %s", taken.gone, active.id)
        return asdict(taken)

    async def _balance(self, active: Active) -> None:
        answer = await self._ask(active, "balance")
        amount = answer.data.get("balance_minor")
        if not isinstance(amount, int):
            raise ContractBroken("no balance in the answer")
        async with self._pool.acquire() as connection, connection.transaction():
            currency = answer.currency or balance.CURRENCY
            await balance_store.add(connection, active.id, currency, amount)
            next_at = datetime.now(UTC) + BALANCE_EVERY
            await store.succeeded(connection, active.id, BALANCE, next_at)

    async def _reconcile(self, active: Active) -> Run:
        run = await reconciling.reconcile(self._pool, self._reach, active, made_by="worker")
        if run.void is not None:
            raise Unavailable(run.void)
        zone = ZoneInfo(await reconcile_store.zone(self._pool, active.id))
        async with self._pool.acquire() as connection:
            await store.succeeded(
                connection, active.id, RECONCILE, next_night(datetime.now(UTC), zone)
            )
        return run


def next_night(now: datetime, zone: ZoneInfo) -> datetime:
    """When books are compared next, by the clock of the business."""
    local = now.astimezone(zone)
    today = datetime.combine(local.date(), RECONCILED_AT, zone)
    if local >= today:
        today = datetime.combine(local.date() + timedelta(days=1), RECONCILED_AT, zone)
    return today.astimezone(UTC)
