"""How long the money lasts, and what is kept of it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parts import go
from payouts_at_work import paying
from uzel.payouts.accounting import balance_store as store
from uzel.payouts.accounting.balance import averages, balance_view, enough_until, prune
from uzel.payouts.payout import State

FRIDAY = date(2026, 11, 20)
WORKDAYS = dict.fromkeys(range(5), 100)


@pytest.mark.parametrize(
    ("free", "outflow", "until"),
    [
        (0, {}, None),
        (-1, {}, FRIDAY - timedelta(days=1)),
        (99, WORKDAYS, FRIDAY - timedelta(days=1)),
        (100, WORKDAYS, FRIDAY + timedelta(days=2)),
        (300, WORKDAYS, FRIDAY + timedelta(days=4)),
        (100 * 53 * 5, WORKDAYS, None),
    ],
)
def test_the_money_lasts_to_a_day(free: int, outflow: dict[int, int], until: date | None) -> None:
    assert enough_until(free, outflow, FRIDAY) == until


@given(
    st.dictionaries(st.integers(1, 28).map(lambda n: FRIDAY - timedelta(days=n)),
                    st.integers(0, 10**9)),
    st.integers(0, 28),
)  # fmt: skip
def test_an_average_is_never_below_what_was_paid(paid: dict[date, int], days: int) -> None:
    since = FRIDAY - timedelta(days=days)
    found = averages(paid, since, FRIDAY)
    assert len(found) == min(days, 7)
    for weekday, average in found.items():
        mine = [amount for day, amount in paid.items() if day >= since and day.weekday() == weekday]
        times = sum((since + timedelta(days=n)).weekday() == weekday for n in range(days))
        assert 0 <= average * times - sum(mine) < times


def test_where_the_money_stands(shared_dsn: str) -> None:
    async def story() -> None:
        async with paying(shared_dsn) as it:
            now = datetime.now(UTC)
            empty = await balance_view(it.pool, it.connection_id, now)
            assert (empty.balance_minor, empty.is_short, empty.enough_until) == (None, False, None)
            waits = await it.begin(it.wish(7_000))
            sent = await it.begin(it.wish(5_000))
            await it.move(sent.id, State.PROCESSING)
            async with it.pool.acquire() as connection:
                await store.add(connection, it.connection_id, "RUB", 20_000)
                view = await balance_view(it.pool, it.connection_id, datetime.now(UTC))
                assert (view.held_minor, view.unsent_minor, view.free_minor) == (
                    12_000,
                    7_000,
                    8_000,
                )
                assert (view.is_short, view.is_old, len(view.series)) == (False, False, 1)
                before = await store.short(it.pool)
                await store.add(connection, it.connection_id, "RUB", 11_999)
            view = await balance_view(it.pool, it.connection_id, datetime.now(UTC))
            assert view.is_short and await store.short(it.pool) == before + 1
            await it.move(waits.id, State.CANCELLED)
            view = await balance_view(it.pool, it.connection_id, now + timedelta(hours=1))
            assert (view.free_minor, view.is_old) == (6_999, True)
            assert await store.short(it.pool) == before

    go(story)


def test_old_balances_thin_out_and_the_last_of_each_time_stays(shared_dsn: str) -> None:
    async def story() -> None:
        async with paying(shared_dsn) as it:
            now = datetime(2026, 11, 20, 12, 5, tzinfo=UTC)
            times = [now - timedelta(minutes=10 * n) for n in range(6 * 24 * 40)]
            await it.pool.execute(
                "insert into payout_balance select $1, at, 'RUB', 1, 0, 0 "
                "from unnest($2::timestamptz[]) as t (at)",
                it.connection_id,
                times,
            )
            await prune(it.pool, now)
            await prune(it.pool, now)
            left = await points(it)
            young = [at for at in left if at >= now - timedelta(days=2)]
            assert len(young) == 6 * 24 * 2 + 1
            old = [at for at in left if at < now - timedelta(days=35)]
            assert len(old) == len({at.date() for at in old}) == 6
            hourly = [at for at in left if at not in young and at not in old]
            assert len(hourly) == len({(at.date(), at.hour) for at in hourly}) > 24 * 32
            assert max(times) == max(left)

    async def points(it: Any) -> list[datetime]:
        rows = await store.since(it.pool, it.connection_id, datetime(2020, 1, 1, tzinfo=UTC))
        return [row["at"] for row in rows]

    go(story)
