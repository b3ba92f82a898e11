"""Taking a bank's rates in: asked outside of the journal of calls, as every read that nothing
depends on; the same answer twice makes no second version.

A bank that is away is asked again every ten minutes. Meanwhile its last rates stay in force until
they are too old to be used; see `rates.policy`.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from uzel.calls.reach import Reach
from uzel.connections.registry import Active, Registry
from uzel.errors import CallFailed, ConfigError, ContractBroken
from uzel.flows.bank_rates import store
from uzel.kit import database
from uzel.kit.database import Connection
from uzel.rates.change import Proposed, State, propose
from uzel.rates.pair import BANKS, Pair, RateRefused, checked, of_one

log = logging.getLogger("uzel.rates")

OPERATION = "rates"
# By the clock of the bank. The Bank of Russia has tomorrow's rates by the evening, the National
# Bank of Kazakhstan today's in the night.
PUBLISHED_AT: Mapping[str, time] = {"cbr": time(16, 0), "nbk": time(0, 15)}
# Until the day's rates are there they are asked for again, and after midnight no more.
AGAIN = timedelta(hours=1)
AGAIN_AFTER_FAILURE_S = 600.0
LONGEST_S = 45.0
LEASE_S = 90.0


@dataclass(slots=True)
class Taken:
    """What came of one look. `waiting`: those that a person has to look at."""

    date: date
    active: int = 0
    repeated: int = 0
    waiting: list[str] = field(default_factory=list)
    # Currencies that cannot be read or that nobody here can count in, and why.
    left_out: dict[str, str] = field(default_factory=dict)

    def note(self, pair: Pair, made: Proposed) -> None:
        if made.repeated:
            self.repeated += 1
        elif made.state is State.WAITING:
            self.waiting.append(str(pair))
        elif made.state is State.ACTIVE:
            self.active += 1

    def told(self) -> dict[str, Any]:
        """For people."""
        return {
            "date": self.date.isoformat(),
            "active": self.active,
            "repeated": self.repeated,
            "waiting": self.waiting,
            "left_out": self.left_out,
        }


class BankRates:
    """Asks the banks that are due, in any number of processes."""

    def __init__(self, pool: database.Pool, registry: Registry, reach: Reach) -> None:
        self._pool = pool
        self._registry = registry
        self._reach = reach

    async def take_due(self) -> None:
        """All that is due."""
        there = {active.id: active for active in self.banks()}
        for row in await store.lease(self._pool, list(there), LEASE_S) if there else ():
            try:
                await self._take(there[row["connection_id"]], row["source_date"])
            except (CallFailed, ConfigError, TimeoutError) as error:
                said = str(error) or "it took too long"
                log.warning("the rates of connection %s: %s", row["connection_id"], said)
            except database.PASSING as error:
                log.warning("the rates have to wait: %s", type(error).__name__)
            except Exception:  # the others are leased, too
                log.exception("the rates of connection %s", row["connection_id"])

    async def take_now(self, active: Active) -> dict[str, Any] | None:
        """Ask one bank at once: what came of it; None: somebody is at it. Raises CallFailed,
        ConfigError, TimeoutError.
        """
        rows = await store.lease(self._pool, [active.id], LEASE_S, at_once=True)
        return await self._take(active, rows[0]["source_date"]) if rows else None

    def banks(self) -> Iterator[Active]:
        """The connections that can be asked."""
        for active in self._registry.all():
            is_bank = active.connector.name in BANKS
            if is_bank and active.state == "active" and active.config is not None:
                yield active

    async def _take(self, active: Active, newest: date | None) -> dict[str, Any]:
        try:
            async with asyncio.timeout(LONGEST_S):
                operation = active.connector.operations[OPERATION]
                answer = await self._reach.ask(active, operation, {})
                return await self._store(active, answer.data, newest)
        except BaseException as error:
            problem = str(error) or type(error).__name__
            await store.failed(self._pool, active.id, AGAIN_AFTER_FAILURE_S, problem[:500])
            raise

    async def _store(
        self, active: Active, data: Mapping[str, Any], newest: date | None
    ) -> dict[str, Any]:
        """Keep what is new of an answer, all of it or nothing."""
        source = active.connector.name
        taken = Taken(day_of(data))
        taken.left_out = dict.fromkeys(data.get("unread", ()), "unread")
        values = sorted(read(data, BANKS[source].currency, taken), key=lambda it: it[0].key)
        async with self._pool.acquire() as connection, connection.transaction():
            for pair, value, nominal in values:
                made = await propose_in(connection, active, taken.date, pair, value, nominal)
                taken.note(pair, made)
            now = datetime.now(BANKS[source].zone)
            is_new = bool(values) and (newest is None or taken.date > newest)
            day = taken.date if values else None
            await store.succeeded(
                connection, active.id, day, next_look(source, now, is_new), taken.told()
            )
        if taken.waiting:
            log.warning("rates of %s wait for a person: %s", source, ", ".join(taken.waiting))
        return taken.told()


async def propose_in(
    connection: Connection, active: Active, day: date, pair: Pair, value: Decimal, nominal: int
) -> Proposed:
    return await propose(
        connection,
        pair,
        value,
        by=f"connection:{active.id}",
        source=active.connector.name,
        source_date=day,
        nominal=nominal,
    )


def day_of(data: Mapping[str, Any]) -> date:
    """Raises ContractBroken."""
    try:
        return date.fromisoformat(data["date"])
    except (KeyError, TypeError, ValueError) as error:
        raise ContractBroken("no day in the rates") from error


def read(data: Mapping[str, Any], home: str, taken: Taken) -> Iterator[tuple[Pair, Decimal, int]]:
    """Pair, value of one unit, nominal; what cannot be a rate is noted as left out. Raises
    ContractBroken where the bank speaks of another currency than its own.
    """
    if data.get("base") != home:
        raise ContractBroken(f"rates in {data.get('base')} instead of {home}")
    seen = set()
    for rate in data["rates"]:
        currency, nominal = rate["currency"], rate["nominal"]
        try:
            pair = checked(Pair(currency, home))
            value = of_one(Decimal(rate["value"]), nominal)
        except (RateRefused, InvalidOperation) as error:
            taken.left_out[currency] = str(error) or "not a number"
            continue
        if currency in seen:
            taken.left_out[currency] = "twice in one list"
            continue
        seen.add(currency)
        yield pair, value, nominal


def next_look(source: str, now: datetime, is_new: bool) -> datetime:
    """When a bank is asked next: when it publishes, and every hour from then to midnight until it
    has. `now` is aware, by the bank's clock.
    """
    today = datetime.combine(now.date(), PUBLISHED_AT[source], now.tzinfo)
    if now < today:
        return today
    soon = now + AGAIN
    tomorrow = datetime.combine(now.date() + timedelta(1), PUBLISHED_AT[source], now.tzinfo)
    return tomorrow if is_new or soon.date() > now.date() else soon
