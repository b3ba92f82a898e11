"""Rates of banks in miniature, taken over HTTP into a real database."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from parts import Hub, Sandbox, go, open_hub
from uzel.connections.store import set_state
from uzel.errors import Unavailable
from uzel.flows.bank_rates import store
from uzel.flows.bank_rates.take import BankRates, next_look
from uzel.rates.pair import BANKS
from uzel.rates.read import current, waiting

FRIDAY = date(2026, 11, 20)
OLD = datetime(2026, 11, 20, 12, 0, tzinfo=BANKS["cbr"].zone)


@dataclass
class Banks:
    """Both banks, and the connections to them."""

    hub: Hub
    sandbox: Sandbox
    rates: BankRates

    async def take(self, name: str) -> dict[str, Any] | None:
        """Ask at once."""
        return await self.rates.take_now(self.hub.active(self.hub.others[name][0]))

    def registered(self, name: str, day: date | None) -> None:
        body = {"registered": day and day.isoformat()}
        self.sandbox.http.post(f"/{name}/_settings", json=body).raise_for_status()

    def costs(self, name: str, currency: str, value: str, **more: Any) -> None:
        body = {"currency": currency, "value": value, **more}
        self.sandbox.http.post(f"/{name}/_rates", json=body).raise_for_status()

    def asked(self, name: str) -> int:
        """How many requests the bank saw."""
        return len(self.sandbox.http.get(f"/_journal?connector={name}").json())

    async def due(self, name: str) -> None:
        """Have it be asked at the next look."""
        await self.hub.pool.execute(
            "update rate_fetch set next_at = now() where connection_id = $1",
            self.hub.others[name][0],
        )


@contextlib.asynccontextmanager
async def banks(dsn: str, sandbox: Sandbox) -> AsyncIterator[Banks]:
    for name in ("cbr", "nbk"):
        sandbox.http.delete(f"/{name}/_rates").raise_for_status()
    sandbox.http.delete("/_journal").raise_for_status()
    async with open_hub(dsn, sandbox.url, also=("cbr", "nbk")) as hub:
        yield Banks(hub, sandbox, BankRates(hub.pool, hub.registry, hub.runner.reach))


def test_both_banks_are_asked_once_and_nothing_is_stored_twice(dsn: str, sandbox: Sandbox) -> None:
    async def story() -> None:
        async with banks(dsn, sandbox) as it:
            it.registered("cbr", None)
            await asyncio.gather(*(it.rates.take_due() for _ in range(4)))
            await it.rates.take_due()
            assert (it.asked("cbr"), it.asked("nbk")) == (1, 1)
            count = await it.hub.pool.fetchval("select count(*) from rate")
            for name in ("cbr", "nbk"):
                again = await it.take(name)
                assert again is not None
                assert (again["active"], again["repeated"], again["waiting"]) == (0, 9, [])
                assert again["left_out"] == {"XDR": "XDR is not a currency"}
            assert await it.hub.pool.fetchval("select count(*) from rate") == count == 18

    go(story)


def test_what_a_bank_says_is_what_is_in_force(dsn: str, sandbox: Sandbox) -> None:
    async def story() -> None:
        async with banks(dsn, sandbox) as it:
            today = datetime.now(BANKS["cbr"].zone).date()
            it.registered("cbr", today)
            it.costs("cbr", "UZS", "72.3308", nominal=10000)
            it.costs("nbk", "RUB", "5.54")
            await it.take("cbr")
            await it.take("nbk")
            rate = await current(it.hub.pool, "UZS", "RUB")
            assert (rate.value, rate.nominal) == (Decimal("0.00723308"), 10000)
            assert rate.source == "cbr"
            assert (await current(it.hub.pool, "RUB", "KZT")).source == "cbr"
            assert (await current(it.hub.pool, "RUB", "KZT", sources=("nbk",))).value == Decimal(
                "5.54"
            )

    go(story)


def test_a_jump_waits_and_the_old_rate_stays(dsn: str, sandbox: Sandbox) -> None:
    async def story() -> None:
        async with banks(dsn, sandbox) as it:
            today = datetime.now(BANKS["nbk"].zone).date()
            it.costs("nbk", "USD", "500.00")
            it.registered("nbk", today)
            await it.take("nbk")
            # The same list of the next day, which has come meanwhile.
            await yesterday(it.hub)
            it.costs("nbk", "USD", "600.00")
            found = await it.take("nbk")
            assert found is not None
            assert found["waiting"] == ["USD/KZT"]
            assert (await current(it.hub.pool, "USD", "KZT")).value == 500
            assert [each.doubt for each in await waiting(it.hub.pool)] == ["jump"]

    go(story)


async def yesterday(hub: Hub) -> None:
    """Have all that was taken be of the day before."""
    async with hub.pool.acquire() as connection, connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(
            "update rate set source_date = source_date - 1, "
            "valid_from = valid_from - interval '1 day'"
        )


@pytest.mark.parametrize("kind", ["500", "garbage", "429", "403", "reset"])
def test_a_bank_in_trouble_is_asked_again_and_its_rates_stay(
    dsn: str, sandbox: Sandbox, kind: str
) -> None:
    async def story() -> None:
        async with banks(dsn, sandbox) as it:
            await it.take("nbk")
            before = await it.hub.pool.fetchval("select count(*) from rate")
            await it.due("nbk")
            sandbox.arm_at("nbk", "rates", kind)
            await it.rates.take_due()
            rows = {row["connection_id"]: row for row in await store.every(it.hub.pool)}
            row = rows[it.hub.others["nbk"][0]]
            assert row["problem"]
            assert row["leased_until"] is None
            assert timedelta(minutes=9) < row["next_at"] - row["failed_at"] < timedelta(minutes=11)
            assert await current(it.hub.pool, "USD", "KZT")
            assert await it.hub.pool.fetchval("select count(*) from rate where source = 'nbk'") == (
                before
            )
            assert it.hub.active(it.hub.others["nbk"][0]).state == "active"
            await it.due("nbk")
            await it.rates.take_due()
            assert (await store.every(it.hub.pool))[-1]["problem"] is None

    go(story)


def test_a_page_for_people_is_no_list_of_rates(dsn: str, sandbox: Sandbox) -> None:
    async def story() -> None:
        async with banks(dsn, sandbox) as it:
            sandbox.arm_at("cbr", "rates", "garbage")
            with pytest.raises(Unavailable):
                await it.take("cbr")
            assert await it.hub.pool.fetchval("select count(*) from rate") == 0

    go(story)


def test_a_bank_that_is_switched_off_is_not_asked(dsn: str, sandbox: Sandbox) -> None:
    async def story() -> None:
        async with banks(dsn, sandbox) as it:
            for name in ("cbr", "nbk"):
                await set_state(it.hub.pool, it.hub.others[name][0], "off", None)
            await it.hub.registry.refresh()
            await it.rates.take_due()
            assert (it.asked("cbr"), it.asked("nbk")) == (0, 0)

    go(story)


def test_a_day_without_rates_is_looked_at_again(dsn: str, sandbox: Sandbox) -> None:
    async def story() -> None:
        async with banks(dsn, sandbox) as it:
            it.registered("nbk", date(2020, 1, 1))
            found = await it.take("nbk")
            assert found is not None
            assert found["active"] == 0
            (row,) = await store.every(it.hub.pool)
            assert row["source_date"] is None
            it.registered("nbk", None)
            found = await it.take("nbk")
            assert found is not None
            assert found["active"] == 9

    go(story)


@pytest.mark.parametrize(
    ("hour", "is_new", "expected"),
    [
        (9, True, "2026-11-20T16:00"),
        (9, False, "2026-11-20T16:00"),
        (17, True, "2026-11-21T16:00"),
        (17, False, "2026-11-20T18:00"),
        (23, False, "2026-11-21T16:00"),
    ],
)
def test_a_bank_is_asked_when_it_publishes(hour: int, is_new: bool, expected: str) -> None:
    found = next_look("cbr", OLD.replace(hour=hour), is_new)
    assert f"{found:%Y-%m-%dT%H:%M}" == expected
