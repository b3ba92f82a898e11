"""What is done for shops again and again: new orders, all orders, the proof."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from uzel.calls.reach import Reach
from uzel.connections.registry import Active, Registry
from uzel.connections.store import changed_at, set_state
from uzel.errors import AuthFailed, CallFailed, ConfigError
from uzel.flows.kaspi_orders import line_store, proof, shop_store, task_store
from uzel.flows.kaspi_orders.fetch import ARCHIVE, BACK, OPEN_STATES, Fetcher, fetch_from
from uzel.kit import database

log = logging.getLogger("uzel.orders")

FETCH, RECONCILE, PROOF = "fetch", "reconcile", "proof"
EVERY_S: Mapping[str, float] = {FETCH: 60.0, RECONCILE: 600.0, PROOF: 86400.0}
AGAIN_S: Mapping[str, float] = {FETCH: 20.0, RECONCILE: 60.0, PROOF: 600.0}
# A run whose process died is taken over after so long; one that lives says so.
LEASE_S = 30.0
ALIVE_EVERY_S = 5.0
LONGEST_RUN_S = 840.0
# So that each minute is each minute: what a run took is part of it.
EARLY_S = 2.0


class Tasks:
    """Runs the tasks of all shops that are due, in any number of processes."""

    def __init__(self, pool: database.Pool, registry: Registry, reach: Reach) -> None:
        self._pool = pool
        self._registry = registry
        self._reach = reach

    async def run_due(self) -> None:
        """All that is due, at the same time."""
        rows = await task_store.lease(self._pool, LEASE_S)
        await asyncio.gather(*(self._run_safely(row) for row in rows))

    async def run_now(self, shop_id: int, task: str) -> dict[str, Any] | None:
        """One task at once: what it found; None: somebody is at it. Raises CallFailed, ConfigError
        for what kept it from its end.
        """
        rows = await task_store.lease(self._pool, LEASE_S, shop_id, task)
        return await self._run(rows[0]) if rows else None

    async def _run_safely(self, row: Any) -> None:
        try:
            await self._run(row)
        except (CallFailed, ConfigError, TimeoutError) as error:
            log.warning("%s of shop %s: %s", row["task"], row["shop_id"], error)
        except database.PASSING as error:
            log.warning("%s of shop %s has to wait: %s", row["task"], row["shop_id"], error)
        except Exception:
            log.exception("%s of shop %s failed", row["task"], row["shop_id"])

    async def _run(self, row: Any) -> dict[str, Any]:
        shop_id, task = row["shop_id"], row["task"]
        shop = await shop_store.one(self._pool, shop_id)
        alive = asyncio.create_task(self._stay_alive(shop_id, task))
        try:
            async with asyncio.timeout(LONGEST_RUN_S):
                return await WORK[task](self, shop, row["watermark"])
        except BaseException as error:
            problem = str(error) or type(error).__name__
            if isinstance(error, AuthFailed):
                await set_state(self._pool, shop["source_id"], "paused", error.detail)
            await task_store.failed(self._pool, shop_id, task, AGAIN_S[task], problem[:500])
            raise
        finally:
            alive.cancel()

    async def _stay_alive(self, shop_id: int, task: str) -> None:
        """Keep the lease while the run lasts."""
        while True:
            await asyncio.sleep(ALIVE_EVERY_S)
            try:
                await task_store.extend(self._pool, shop_id, task, LEASE_S)
            except database.PASSING as error:
                log.warning("a lease is not kept: %s", type(error).__name__)

    async def _fetch(self, shop: Any, watermark: datetime | None) -> dict[str, Any]:
        """New orders since the last time, and some time before."""
        until = datetime.now(UTC)
        fetcher = Fetcher(self._pool, self._reach, shop, await self._source(shop))
        await fetcher.fetch(OPEN_STATES, fetch_from(shop, watermark), until)
        found = fetcher.found.told()
        await task_store.succeeded(
            self._pool, shop["id"], FETCH, EVERY_S[FETCH] - EARLY_S, found, until
        )
        return found

    async def _reconcile(self, shop: Any, watermark: datetime | None) -> dict[str, Any]:
        """All orders of the last fourteen days, however far they are."""
        until = datetime.now(UTC)
        fetcher = Fetcher(self._pool, self._reach, shop, await self._source(shop))
        await fetcher.fetch((*OPEN_STATES, ARCHIVE), max(until - BACK, shop["since"]), until)
        await line_store.sweep(self._pool, shop["id"])
        found = fetcher.found.told()
        await task_store.succeeded(
            self._pool, shop["id"], RECONCILE, EVERY_S[RECONCILE] - EARLY_S, found, until
        )
        return found

    async def _prove(self, shop: Any, watermark: datetime | None) -> dict[str, Any]:
        """Read the deals; what they prove is written down when the last page is there."""
        await proof.begin(self._pool, shop, EVERY_S[PROOF])
        return {}

    async def _source(self, shop: Any) -> Active:
        """The connection that orders come from. Raises ConfigError where it cannot be used."""
        active = self._registry.get(shop["source_id"])
        if active is None or active.config is None or active.state != "active":
            reason = active.state_reason if active else None
            if active is not None and active.state == "paused" and active.config is not None:
                since = await changed_at(self._pool, active.id)
                reason = f"paused since {since:%Y-%m-%d %H:%M} UTC: {reason or 'by a person'}"
            raise ConfigError(reason or "the connection of the shop is not in use")
        return active


WORK = {FETCH: Tasks._fetch, RECONCILE: Tasks._reconcile, PROOF: Tasks._prove}
