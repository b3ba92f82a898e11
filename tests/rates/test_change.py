"""Versions of rates on a real database: who may bring them into force; nothing is ever changed."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import asyncpg
import pytest

from parts import go
from rate_books import TODAY, approve, earlier, end, new_pair, of_bank, opened, propose, refuse
from uzel.kit import database
from uzel.rates.change import Proposed, State
from uzel.rates.pair import Pair, RateMissing, RateRefused, Why
from uzel.rates.policy import policy, set_policy
from uzel.rates.read import current, waiting


def test_a_small_move_counts_at_once_and_a_large_one_waits(shared_dsn: str) -> None:
    async def story() -> None:
        async with opened(shared_dsn) as pool:
            pair = new_pair()
            assert (await propose(pool, pair, "100")).state is State.ACTIVE
            assert (await propose(pool, pair, "105")).state is State.ACTIVE
            # Of 105, and of the 100 that the day began with.
            large = await propose(pool, pair, "105.01")
            assert (large.state, large.doubt, large.move) == ("waiting", "move", Decimal("0.0501"))
            assert (await current(pool, pair.base, pair.quote)).value == 105
            await approve(pool, large.version, "boris")
            assert (await current(pool, pair.base, pair.quote)).value == Decimal("105.01")

    go(story)


def test_many_small_moves_are_one_large_one(shared_dsn: str) -> None:
    async def story() -> None:
        async with opened(shared_dsn) as pool:
            pair = new_pair()
            await propose(pool, pair, "100")
            assert (await propose(pool, pair, "104")).state is State.ACTIVE
            assert (await propose(pool, pair, "108")).state is State.WAITING
            # After a day it is another day's move.
            await earlier(pool, timedelta(hours=25), pair)
            assert (await propose(pool, pair, "108")).state is State.ACTIVE

    go(story)


def test_what_a_second_person_approved_is_what_the_next_move_is_counted_from(
    shared_dsn: str,
) -> None:
    async def story() -> None:
        async with opened(shared_dsn) as pool:
            pair = new_pair()
            await propose(pool, pair, "100")
            large = await propose(pool, pair, "200")
            await approve(pool, large.version, "boris")
            assert (await propose(pool, pair, "205")).state is State.ACTIVE
            assert (await propose(pool, pair, "211")).state is State.WAITING

    go(story)


def test_to_end_a_pair_is_no_way_around_the_second_person(shared_dsn: str) -> None:
    async def story() -> None:
        async with opened(shared_dsn) as pool:
            pair = new_pair()
            await propose(pool, pair, "100")
            await end(pool, pair)
            with pytest.raises(RateMissing):
                await current(pool, pair.base, pair.quote)
            assert (await propose(pool, pair, "150")).state is State.WAITING
            other_way = Pair(pair.quote, pair.base)
            assert (await propose(pool, other_way, "0.02")).state is State.WAITING
            assert (await propose(pool, other_way, "0.01")).state is State.ACTIVE
            found = await current(pool, pair.base, pair.quote)
            assert (found.value, found.divides) == (Decimal("0.01"), True)
            with pytest.raises(RateMissing):
                await end(pool, new_pair())

    go(story)


def test_a_pair_that_was_ended_long_ago_goes_on_from_its_last_rate(shared_dsn: str) -> None:
    async def story() -> None:
        async with opened(shared_dsn) as pool:
            pair = new_pair()
            await propose(pool, pair, "100")
            await earlier(pool, timedelta(days=2), pair)
            await approve(pool, (await propose(pool, pair, "200")).version, "boris")
            await earlier(pool, timedelta(days=2), pair)
            await end(pool, pair)
            await earlier(pool, timedelta(days=2), pair)
            assert (await propose(pool, pair, "101")).state is State.WAITING
            assert (await propose(pool, pair, "202")).state is State.ACTIVE
            # Of that last one, though it lies near to what was there a day ago.
            await end(pool, pair)
            assert (await propose(pool, pair, "191")).state is State.WAITING

    go(story)


@pytest.mark.parametrize("by", ["anna", " Anna ", "command:anna"])
def test_the_second_person_is_another_one(shared_dsn: str, by: str) -> None:
    async def story() -> None:
        async with opened(shared_dsn) as pool:
            pair = new_pair()
            await propose(pool, pair, "100")
            large = await propose(pool, pair, "200", by="anna")
            with pytest.raises(RateRefused) as caught:
                await approve(pool, large.version, by)
            assert caught.value.why is Why.SAME_PERSON
            # Nor by going around the program.
            with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="second person"):
                await decide_by_hand(pool, large.version, by)
            with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="second person"):
                await decide_by_hand(pool, large.version, None)
            assert (await current(pool, pair.base, pair.quote)).value == 100

    go(story)


async def decide_by_hand(pool: database.Pool, version: int, by: str | None) -> None:
    await pool.execute(
        "insert into rate_decision (rate_id, pair, source, outcome, effective_at, decided_by) "
        "select id, pair, source, 'active', clock_timestamp() + interval '1 second', $2 "
        "from rate where id = $1",
        version,
        by,
    )


def test_a_decision_is_made_once(shared_dsn: str) -> None:
    async def story() -> None:
        async with opened(shared_dsn) as pool:
            pair = new_pair()
            await propose(pool, pair, "100")
            large = await propose(pool, pair, "200")
            ends = await asyncio.gather(
                *(approve(pool, large.version, f"person {n}") for n in range(4)),
                *(refuse(pool, large.version, f"person {n}") for n in range(4)),
                return_exceptions=True,
            )
            refused = [it for it in ends if isinstance(it, RateRefused)]
            assert len(refused) == len(ends) - 1
            assert {it.why for it in refused} == {Why.DECIDED}
            with pytest.raises(RateRefused) as caught:
                await approve(pool, 10**12, "boris")
            assert caught.value.why is Why.UNKNOWN

    go(story)


def test_what_was_overtaken_comes_into_force_no_more(shared_dsn: str) -> None:
    async def story() -> None:
        async with opened(shared_dsn) as pool:
            pair = new_pair()
            await propose(pool, pair, "100")
            old = await propose(pool, pair, "200")
            await propose(pool, pair, "101")
            assert old.version not in [it.version for it in await waiting(pool)]
            with pytest.raises(RateRefused) as caught:
                await approve(pool, old.version, "boris")
            assert caught.value.why is Why.SUPERSEDED
            await refuse(pool, old.version, "anna")

    go(story)


def test_proposals_at_the_same_time_come_one_after_the_other(shared_dsn: str) -> None:
    """Had two of them the same rate to move from, both moves together would be too large."""

    async def story() -> None:
        async with opened(shared_dsn) as pool:
            for _ in range(10):
                pair = new_pair()
                await propose(pool, pair, "100")
                values = ["103", "96", "104", "99", "95.5", "102"]
                made = await asyncio.gather(*(propose(pool, pair, it) for it in values))
                now = await current(pool, pair.base, pair.quote)
                active = [it.version for it in made if it.state is State.ACTIVE]
                assert now.version == max(active)
                order = await pool.fetch(
                    "select r.value from rate_decision d join rate r on r.id = d.rate_id "
                    "where d.pair = $1 order by d.effective_at, d.rate_id",
                    pair.key,
                )
                chain = [row["value"] for row in order]
                assert all(abs(b / a - 1) <= Decimal("0.05") for a, b in pairwise(chain))

    go(story)


def test_first_proposals_at_the_same_time_have_one_first(shared_dsn: str) -> None:
    async def story() -> None:
        async with opened(shared_dsn) as pool:
            pair = new_pair()
            made = await asyncio.gather(*(propose(pool, pair, str(n)) for n in (10, 100, 1000)))
            assert sorted(it.state for it in made) == ["active", "waiting", "waiting"]

    go(story)


@pytest.mark.parametrize(
    "statement",
    [
        "update rate set value = 1",
        "delete from rate",
        "truncate rate cascade",
        "update rate_decision set outcome = 'refused'",
        "delete from rate_decision",
        "update rate_policy set move_percent = 99",
    ],
)
def test_nothing_is_ever_changed(shared_dsn: str, statement: str) -> None:
    async def story() -> None:
        async with opened(shared_dsn) as pool:
            await propose(pool, new_pair(), "100")
            with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
                await pool.execute(statement)

    go(story)


def test_a_banks_rate_is_taken_once_a_day(shared_dsn: str) -> None:
    async def story() -> None:
        async with opened(shared_dsn) as pool:
            pair = new_pair()
            first = await of_bank(pool, pair, "90.10", TODAY)
            assert first.state is State.ACTIVE
            made = await asyncio.gather(*(of_bank(pool, pair, "90.1", TODAY) for _ in range(5)))
            assert set(made) == {Proposed(first.version, State.ACTIVE, repeated=True)}

    go(story)


def test_a_jump_a_correction_and_a_day_far_ahead_wait_for_a_person(shared_dsn: str) -> None:
    async def story() -> None:
        async with opened(shared_dsn) as pool:
            pair = new_pair()
            await of_bank(pool, pair, "100", TODAY - timedelta(1))
            jump = await of_bank(pool, pair, "115.01", TODAY)
            assert (jump.state, jump.doubt) == ("waiting", "jump")
            other = await of_bank(pool, pair, "101", TODAY)
            assert (other.state, other.doubt) == ("waiting", "corrected")
            far = await of_bank(pool, pair, "100", TODAY + timedelta(60))
            assert (far.state, far.doubt) == ("waiting", "far_date")
            assert (await current(pool, pair.base, pair.quote)).value == 100
            assert (await of_bank(pool, pair, "115.01", TODAY)).state is State.WAITING
            await approve(pool, other.version, "anna")
            assert (await current(pool, pair.base, pair.quote)).value == 101

    go(story)


def test_an_older_day_never_takes_the_place_of_a_newer_one(shared_dsn: str) -> None:
    async def story() -> None:
        async with opened(shared_dsn) as pool:
            pair = new_pair()
            await of_bank(pool, pair, "100", TODAY)
            late = await of_bank(pool, pair, "99", TODAY - timedelta(1))
            assert late.state is State.REFUSED
            assert (await current(pool, pair.base, pair.quote)).value == 100
            again = await of_bank(pool, pair, "99", TODAY - timedelta(1))
            assert (again.state, again.repeated) == ("refused", True)

    go(story)


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": Decimal("NaN")},
        {"value": Decimal(0)},
        {"value": Decimal("1e-30")},
        {"by": " "},
        {"pair": Pair("USD", "USD")},
        {"pair": Pair("USD", "XDR")},
    ],
)
def test_what_can_be_no_rate_leaves_nothing_behind(shared_dsn: str, wrong: dict[str, Any]) -> None:
    async def story() -> None:
        async with opened(shared_dsn) as pool:
            before = await pool.fetchval("select count(*) from rate")
            given = {"pair": Pair("USD", "ZMW"), "value": "1", "by": "anna", **wrong}
            with pytest.raises(RateRefused) as caught:
                await propose(pool, given["pair"], given["value"], given["by"])
            assert caught.value.why is Why.NOT_A_RATE
            assert await pool.fetchval("select count(*) from rate") == before

    go(story)


def test_the_limits_can_be_set(dsn: str) -> None:
    async def story() -> None:
        async with opened(dsn) as pool:
            async with pool.acquire() as connection, connection.transaction():
                await set_policy(connection, by="anna", move_percent=Decimal("0.5"))
                made = await set_policy(connection, by="anna", bank_days=10)
            assert made == await policy(pool)
            assert (made.move_percent, made.bank_days) == (Decimal("0.5"), 10)
            pair = new_pair()
            await propose(pool, pair, "100")
            assert (await propose(pool, pair, "100.6")).state is State.WAITING
            wrong: tuple[dict[str, Any], ...] = (
                {"move_percent": Decimal(100)},
                {"bank_days": -1},
                {"sources": ("admin", "admin")},
                {"sources": ("ecb",)},
                {"sources": ()},
            )
            for changes in wrong:
                async with pool.acquire() as connection, connection.transaction():
                    with pytest.raises(RateRefused):
                        await set_policy(connection, by="anna", **changes)

    go(story)


def test_outside_of_a_transaction_nothing_is_changed(shared_dsn: str) -> None:
    async def story() -> None:
        from uzel.rates import change

        async with opened(shared_dsn) as pool, pool.acquire() as connection:
            with pytest.raises(ValueError, match="transaction"):
                await change.propose(connection, new_pair(), Decimal(1), by="anna")

    go(story)
