"""Which rate is in force, now and at any moment of the past."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from parts import go
from rate_books import TODAY, earlier, end, new_pair, of_bank, opened, propose
from uzel.model.currency import Rounding, minor
from uzel.rates.pair import BANKS, Pair, Rate, RateMissing, RateRefused, RateTooOld, convert
from uzel.rates.policy import set_policy
from uzel.rates.read import current, history, standings


def test_a_currency_in_itself_is_one(shared_dsn: str) -> None:
    async def story() -> None:
        async with opened(shared_dsn) as pool:
            rate = await current(pool, "RUB", "RUB")
            assert rate == Rate("RUB", "RUB", Decimal(1))
            assert convert(Decimal("10.555"), rate) == Decimal("10.555")

    go(story)


def test_there_is_no_rate_that_nobody_entered_and_none_by_way_of_a_third(shared_dsn: str) -> None:
    async def story() -> None:
        async with opened(shared_dsn) as pool:
            pair = new_pair()
            with pytest.raises(RateMissing):
                await current(pool, pair.base, pair.quote)
            # Both in roubles, and still nothing of one in the other.
            await of_bank(pool, Pair(pair.base, "RUB"), "2", TODAY)
            await of_bank(pool, Pair(pair.quote, "RUB"), "4", TODAY)
            with pytest.raises(RateMissing):
                await current(pool, pair.base, pair.quote)
            with pytest.raises(RateRefused):
                await current(pool, "USD", "ABC")
            with pytest.raises(ValueError, match="zone"):
                await current(pool, pair.base, pair.quote, datetime(2026, 1, 1))

    go(story)


def test_the_other_way_round_is_divided_by_the_same_version(shared_dsn: str) -> None:
    async def story() -> None:
        async with opened(shared_dsn) as pool:
            pair = new_pair()
            made = await propose(pool, pair, "3")
            there = await current(pool, pair.base, pair.quote)
            back = await current(pool, pair.quote, pair.base)
            assert (there.version, back.version) == (made.version, made.version)
            assert (there.divides, back.divides) == (False, True)
            assert there.value == back.value == 3
            assert back == Rate(
                pair.quote, pair.base, Decimal(3), made.version, divides=True, since=there.since
            )

    go(story)


def test_two_banks_that_speak_of_a_pair_both_ways_leave_no_gain(dsn: str) -> None:
    """Roubles to tenge by one bank and back by the other would be money from nothing."""

    async def story() -> None:
        async with opened(dsn) as pool:
            await of_bank(pool, Pair("KZT", "RUB"), "0.2", TODAY, "cbr")
            await of_bank(pool, Pair("RUB", "KZT"), "5.5", TODAY, "nbk")
            for order in (("admin", "cbr", "nbk"), ("admin", "nbk", "cbr")):
                async with pool.acquire() as connection, connection.transaction():
                    await set_policy(connection, by="anna", sources=order)
                there = await current(pool, "RUB", "KZT")
                back = await current(pool, "KZT", "RUB")
                assert there.source == back.source == order[1]
                tenge = minor(convert(Decimal(1000), there), "KZT", Rounding.DOWN)
                assert (
                    minor(convert(Decimal(tenge).scaleb(-2), back), "RUB", Rounding.DOWN) <= 100000
                )

    go(story)


def test_a_persons_word_goes_before_a_banks_until_it_is_taken_back(shared_dsn: str) -> None:
    async def story() -> None:
        async with opened(shared_dsn) as pool:
            pair = new_pair()
            await of_bank(pool, pair, "100", TODAY)
            # Compared with the bank's, which is what was in force.
            assert (await propose(pool, pair, "110")).state == "waiting"
            await propose(pool, pair, "102")
            assert (await current(pool, pair.base, pair.quote)).source == "admin"
            bank_only = await current(pool, pair.base, pair.quote, sources=("cbr", "nbk"))
            assert bank_only.value == 100
            await end(pool, pair)
            found = await current(pool, pair.base, pair.quote)
            assert (found.source, found.value) == ("cbr", Decimal(100))

    go(story)


def test_a_bank_that_is_silent_for_too_long_is_not_believed(shared_dsn: str) -> None:
    async def story() -> None:
        async with opened(shared_dsn) as pool:
            pair = new_pair()
            today = datetime.now(BANKS["cbr"].zone).date()
            await of_bank(pool, pair, "100", today - timedelta(4))
            assert (await current(pool, pair.base, pair.quote)).value == 100
            later = datetime.now(UTC) + timedelta(days=1)
            with pytest.raises(RateTooOld) as caught:
                await current(pool, pair.base, pair.quote, later)
            assert caught.value.rate.value == 100
            shown = {it.pair: it for it in await standings(pool)}[pair]
            assert shown.rate is not None

    go(story)


def test_another_bank_takes_the_place_of_one_that_is_too_old(shared_dsn: str) -> None:
    async def story() -> None:
        async with opened(shared_dsn) as pool:
            pair = new_pair()
            await of_bank(pool, pair, "100", TODAY - timedelta(30), "cbr")
            with pytest.raises(RateTooOld):
                await current(pool, pair.base, pair.quote)
            await of_bank(pool, pair, "101", TODAY, "nbk")
            assert (await current(pool, pair.base, pair.quote)).source == "nbk"

    go(story)


def test_a_persons_rate_lasts_for_ever_unless_an_age_is_set(dsn: str) -> None:
    async def story() -> None:
        async with opened(dsn) as pool:
            pair = new_pair()
            await propose(pool, pair, "100")
            await earlier(pool, timedelta(days=400), pair)
            assert (await current(pool, pair.base, pair.quote)).value == 100
            async with pool.acquire() as connection, connection.transaction():
                await set_policy(connection, by="anna", admin_days=30)
            with pytest.raises(RateTooOld):
                await current(pool, pair.base, pair.quote)

    go(story)


def test_tomorrows_rate_waits_for_its_day(shared_dsn: str) -> None:
    async def story() -> None:
        async with opened(shared_dsn) as pool:
            pair, zone = new_pair(), BANKS["cbr"].zone
            today = datetime.now(zone).date()
            await of_bank(pool, pair, "100", today)
            await of_bank(pool, pair, "101", today + timedelta(1))
            midnight = datetime.combine(today + timedelta(1), datetime.min.time(), zone)
            before = await current(
                pool, pair.base, pair.quote, midnight - timedelta(microseconds=1)
            )
            assert before.value == 100
            assert (await current(pool, pair.base, pair.quote, midnight)).value == 101
            assert [
                it.version for it in await history(pool, pair.base, pair.quote, earliest())
            ] == [before.version]

    go(story)


def earliest() -> datetime:
    return datetime.now(UTC) - timedelta(days=3)


def test_a_version_is_found_for_every_moment_of_its_time(shared_dsn: str) -> None:
    """Against a list that is searched from its end; ends and proposals of all kinds among them."""
    dice = random.Random(7)

    async def story() -> None:
        async with opened(shared_dsn) as pool:
            pair = new_pair()
            said: list[tuple[datetime, Decimal | None]] = []
            for _ in range(40):
                if said and said[-1][1] is not None and dice.random() < 0.2:
                    await end(pool, pair)
                    value = None
                else:
                    value = Decimal(dice.randint(9900, 10100)).scaleb(-2)
                    await propose(pool, pair, str(value))
                at = await pool.fetchval(
                    "select max(effective_at) from rate_decision where pair = $1", pair.key
                )
                said.append((at, value))
            begin, last = said[0][0], said[-1][0]
            moments = [at for at, _ in said] + [
                begin + (last - begin) * dice.random() for _ in range(60)
            ]
            for at in moments:
                expected = next(value for moment, value in reversed(said) if moment <= at)
                if expected is None:
                    with pytest.raises(RateMissing):
                        await current(pool, pair.base, pair.quote, at)
                else:
                    assert (await current(pool, pair.base, pair.quote, at)).value == expected
            with pytest.raises(RateMissing):
                await current(pool, pair.base, pair.quote, begin - timedelta(microseconds=1))
            points = await history(pool, pair.base, pair.quote, begin - timedelta(days=1))
            assert [(it.at, it.rate.value if it.rate else None) for it in points] == said

    go(story)


def test_the_history_begins_with_what_was_in_force_then(shared_dsn: str) -> None:
    async def story() -> None:
        async with opened(shared_dsn) as pool:
            pair = new_pair()
            old = await propose(pool, pair, "100")
            await earlier(pool, timedelta(days=50), pair)
            new = await propose(pool, pair, "101", by="boris")
            points = await history(pool, pair.quote, pair.base, datetime.now(UTC) - timedelta(30))
            assert [it.version for it in points] == [old.version, new.version]
            assert [it.entered_by for it in points] == ["anna", "boris"]
            assert all(it.rate is not None and it.rate.divides for it in points)

    go(story)
