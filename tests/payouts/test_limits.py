"""Limits of a day: never exceeded, whoever asks at the same time and whenever they are changed."""

import asyncio
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parts import go
from payouts_at_work import Paying, paying
from uzel.payouts import begin as intents
from uzel.payouts.day import day_of
from uzel.payouts.limits import Limits, limits_of, set_limits
from uzel.payouts.payout import Refused, State

SUMS = {"day": 30_000, "person_day": 12_000, "operator_day": 20_000}
ASKS = st.lists(
    st.tuples(
        st.integers(1_000, 9_000), st.sampled_from("abc"), st.sampled_from(("anna", "boris"))
    ),
    min_size=4,
    max_size=14,
)
CHANGES = st.sampled_from((10_000, 20_000, 30_000, 60_000))


async def ask(it: Paying, limits: Limits, amount: int, person: str, made_by: str) -> bool:
    """Whether it was taken in."""
    wish = it.wish(amount, target=person.encode(), made_by=made_by)
    try:
        async with it.pool.acquire() as connection, connection.transaction():
            await intents.begin(connection, it.ring, wish, limits)
    except Refused as refused:
        assert refused.code.startswith("limit_")
        return False
    return True


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(ASKS, CHANGES, ASKS)
def test_no_limit_is_exceeded_by_many_at_once(
    shared_dsn: str,
    asks: list[tuple[int, str, str]],
    changed: int,
    more: list[tuple[int, str, str]],
) -> None:
    async def story() -> None:
        async with paying(shared_dsn) as it:
            limits = Limits(**SUMS, person_count=3)
            await asyncio.gather(*(ask(it, limits, *one) for one in asks))
            before = await left(it)
            within(before, limits)
            limits = Limits(**{**SUMS, "day": changed}, person_count=3)
            await asyncio.gather(*(ask(it, limits, *one) for one in more))
            after = await left(it)
            # What had left already is no reason to let more leave.
            assert after["day"] <= max(changed, before["day"])
            within({**after, "day": 0}, limits)

    go(story)


async def left(it: Paying) -> dict[str, int]:
    """The most that counts against each limit."""
    found = await it.pool.fetchrow(
        "select coalesce((select sum(amount_minor) from payout where connection_id = $1), 0)::int "
        "as day, coalesce((select max(s) from (select sum(amount_minor)::int as s from payout "
        "where connection_id = $1 group by target) x), 0) as person_day, "
        "coalesce((select max(s) from (select count(*)::int as s from payout "
        "where connection_id = $1 group by target) x), 0) as person_count, "
        "coalesce((select max(s) from (select sum(amount_minor)::int as s from payout "
        "where connection_id = $1 group by made_by) x), 0) as operator_day",
        it.connection_id,
    )
    assert found is not None
    return dict(found)


def within(found: dict[str, int], limits: Limits) -> None:
    for name, value in found.items():
        assert value <= getattr(limits, name), name


def test_a_change_counts_at_once_in_both_directions(shared_dsn: str) -> None:
    async def story() -> None:
        async with paying(shared_dsn) as it:

            async def at(day: int | None, amount: int) -> bool:
                return await ask(it, Limits(day=day), amount, "a", "anna")

            # Set in the middle of a day, it counts what has left since midnight.
            assert await at(None, 8_000)
            assert not await at(10_000, 3_000)
            assert await at(10_000, 2_000)
            assert await at(15_000, 5_000)
            assert not await at(12_000, 1)
            assert not await at(15_000, 1)
            assert await at(15_001, 1)
            with pytest.raises(Refused, match="today: 0 minor units") as refused:
                await it.begin_with(Limits(day=5_000), it.wish(1))
            assert refused.value.about == {"left": 0}

    go(story)


def test_what_failed_gives_the_number_of_payouts_back(shared_dsn: str) -> None:
    async def story() -> None:
        async with paying(shared_dsn, Limits(person_count=2)) as it:
            first = await it.begin(it.wish(5_000))
            second = await it.begin(it.wish(70_000))
            with pytest.raises(Refused, match="0 payouts") as refused:
                await it.begin(it.wish(1))
            assert refused.value.code == "limit_person_count"
            await it.begin(it.wish(1, target=b"another"))
            await it.move(first.id, State.FAILED)
            await it.move(second.id, State.PAID)
            await it.begin(it.wish(1))
            with pytest.raises(Refused):
                await it.begin(it.wish(1))
            counted = {name: it for name, it in (await it.held()).items() if "counted" in name}
            assert sorted(counted.values()) == [(1, 1), (2, 1)]

    go(story)


def test_a_day_is_that_of_the_business(shared_dsn: str) -> None:
    tokyo = datetime(2026, 11, 21, 20, 30, tzinfo=UTC).astimezone(ZoneInfo("Asia/Tokyo"))
    day = day_of(tokyo)
    assert day.date == date(2026, 11, 22)
    assert day.begun_at == datetime(2026, 11, 21, 15, tzinfo=UTC)

    async def story() -> None:
        async with paying(shared_dsn, Limits(day=10_000)) as it:
            days = set()
            # The two are never on the same date, whatever the hour is.
            for zone in ("Pacific/Kiritimati", "Pacific/Niue"):
                await it.pool.execute(
                    "update business set time_zone = $1 where id = (select business_id from "
                    "connection where id = $2)",
                    zone,
                    it.connection_id,
                )
                await it.begin(it.wish(4_000))
                days.add(datetime.now(ZoneInfo(zone)).date())
            names = {name.split(":")[2] for name in await it.held() if "of-day" in name}
            assert names == {str(day) for day in days} and len(days) == 2
            await it.pool.execute("update business set time_zone = 'Europe/Moscow'")

    go(story)


def test_limits_are_kept(shared_dsn: str) -> None:
    async def story() -> None:
        async with paying(shared_dsn) as it:
            assert await limits_of(it.pool, it.connection_id) == Limits()
            wanted = Limits(1, 2, 3, 4, 5)
            async with it.pool.acquire() as connection:
                await set_limits(connection, it.connection_id, wanted)
                assert await limits_of(connection, it.connection_id) == wanted
                with pytest.raises(asyncpg.CheckViolationError):
                    await set_limits(connection, it.connection_id, Limits(day=-1))

    go(story)
