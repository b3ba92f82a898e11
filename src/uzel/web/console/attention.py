"""What waits for a person, and the overview: asked of the database once, shown to many."""

import asyncio
import hashlib
import math
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from uzel.connections.registry import Registry
from uzel.kit.database import Pool
from uzel.partners import proposal_store
from uzel.rates import store as rate_store
from uzel.views import (
    claims_store,
    leads_store,
    mirrors_store,
    overview_store,
    partners_store,
    payouts_store,
    shops_store,
)
from uzel.views.overview import Overview, overview
from uzel.views.payouts import PayoutAttention, payout_attention

# The overview of a busy day costs tens of milliseconds; whoever only watches can share it.
FRESH_FOR_S = 1.0
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Attention:
    """For the badges of every page: calls whose outcome a person has to decide, requests nobody
    could read, orders of shops that are stuck, proposals and rates for a second person, leads
    whose reports their CRM did not take, records of registries whose deal is stuck; and what there
    is about payouts.
    """

    unknown: int
    parked: int
    orders: int
    proposals: int
    rates: int
    leads: int
    mirrored: int
    payouts: PayoutAttention


async def attention(pool: Pool) -> Attention:
    """As of now. All counts read a partial index that is nearly always empty."""
    async with pool.acquire() as connection:
        unknown, _ = await overview_store.unknown_calls(connection)
        waiting = await overview_store.open_raw_events(connection, 60.0)
        stuck = await shops_store.stuck_count(connection)
        proposals, _ = await proposal_store.waiting_count(connection)
        rates = len(await rate_store.waiting(connection))
        leads = await leads_store.failed_count(connection)
        mirrored = await mirrors_store.stuck_count(connection)
        payouts = await payout_attention(connection)
    parked = waiting["parked"].count if "parked" in waiting else 0
    return Attention(unknown.count, parked, stuck, proposals, rates, leads, mirrored, payouts)


class Glance:
    """The overview of one process. Those who ask at the same time share one look at the database,
    and nobody gets one that began before they asked, unless they allow for it.
    """

    def __init__(self, pool: Pool, registry: Registry) -> None:
        self._pool = pool
        self._registry = registry
        self._lock = asyncio.Lock()
        self._begun_at = -math.inf
        self._overview: Overview | None = None

    async def overview(self, older_s: float = 0.0) -> Overview:
        """The overview, at most `older_s` out of date. Raises what a lost database raises."""
        asked_at = time.monotonic()
        async with self._lock:
            if self._overview is None or self._begun_at < asked_at - older_s:
                begun_at = time.monotonic()
                self._overview = await overview(self._pool, unreadable=self._registry.unreadable())
                self._begun_at = begun_at
            return self._overview

    async def pulse(self) -> str:
        """A word that changes when anything does that a page shows."""
        seen = replace(await self.overview(older_s=FRESH_FOR_S), at=NEVER)
        async with self._pool.acquire() as connection:
            orders = await shops_store.pulse(connection)
            money = await partners_store.pulse(connection)
            leads = await leads_store.pulse(connection)
            claims = await claims_store.pulse(connection)
            payouts = await payouts_store.pulse(connection)
            mirrored = await mirrors_store.stuck_count(connection)
        told = f"{seen!r} {orders} {money} {leads} {claims} {payouts} {mirrored}"
        return hashlib.blake2b(told.encode(), digest_size=8).hexdigest()
