"""A payout's money, whatever the provider says and in whatever order."""

import asyncio

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parts import go
from payouts_at_work import CARD_NUMBER, paying
from uzel.ledger import chain
from uzel.payouts import payout_store as store
from uzel.payouts.limits import Limits
from uzel.payouts.payout import MOVES, OPEN, Refused, State

DAY, PERSON = 30_000, 15_000
LIMITS = Limits(payout=12_000, person_day=PERSON, day=DAY)


def test_every_state_can_be_left_or_is_the_last() -> None:
    assert set(MOVES) == set(State)
    ends = {state for state, after in MOVES.items() if not after}
    assert ends == {State.CANCELLED, State.RETURNED}
    # Once it has gone out to be paid, nothing but the provider's word ends it.
    assert State.CANCELLED not in MOVES[State.UNKNOWN] | MOVES[State.PROCESSING]


def in_books(state: State, amount: int) -> tuple[int, int]:
    """(posted, held) of the money's account, for one payout in this state."""
    if state in OPEN:
        return 0, amount
    return (-amount, 0) if state is State.PAID else (0, 0)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(State), max_size=12))
def test_the_books_follow_the_money(shared_dsn: str, told: list[State]) -> None:
    async def story() -> None:
        async with paying(shared_dsn) as it:
            begun = await it.begin(it.by_card())
            now = State.WAITING
            for state in told:
                moved = await it.move(begun.id, state)
                assert moved == (state in MOVES[now])
                now = state if moved else now
                money = (await it.held())[f"payouts:{it.connection_id}"]
                assert money == in_books(now, 10_000), (told, now)
            row = await store.find(it.pool, begun.public_id)
            assert row["state"] == now
            # The number of the card is gone with the last chance that it is needed.
            needed = now in (State.WAITING, State.UNKNOWN)
            left = await it.pool.fetchval(
                "select count(*) from vault where id = $1", row["vault_id"]
            )
            assert bool(left) == needed or row["vault_id"] is None
            assert (row["vault_id"] is not None) == needed
            assert (await chain.verify(it.pool)).faults == ()

    go(story)


def test_limits_hold_against_many_at_once(shared_dsn: str) -> None:
    async def story() -> None:
        async with paying(shared_dsn, LIMITS) as it:
            people = ["+79990000001", "+79990000002", "+79990000003"]
            asked = [
                it.begin(it.wish(5_000, phone=people[n % 3], target=people[n % 3].encode()))
                for n in range(24)
            ]
            done = await asyncio.gather(*asked, return_exceptions=True)
            begun = [one for one in done if not isinstance(one, BaseException)]
            refused = {one.code for one in done if isinstance(one, Refused)}
            assert len(begun) == DAY // 5_000
            assert refused <= {"limit_day", "limit_person_day"}
            assert len(begun) + sum(isinstance(one, Refused) for one in done) == len(done)
            rows = await it.pool.fetch(
                "select phone, sum(amount_minor)::int as sum from payout "
                "where connection_id = $1 group by 1",
                it.connection_id,
            )
            assert all(row["sum"] <= PERSON for row in rows)
            held = await it.held()
            assert held[f"payouts:{it.connection_id}"] == (0, DAY)

    go(story)


def test_what_failed_may_be_paid_again_and_what_was_paid_counts(shared_dsn: str) -> None:
    async def story() -> None:
        async with paying(shared_dsn, Limits(person_day=10_000)) as it:
            first = await it.begin(it.wish(7_000))
            with pytest.raises(Refused, match="3000"):
                await it.begin(it.wish(7_000))
            await it.move(first.id, State.FAILED)
            second = await it.begin(it.wish(7_000))
            await it.move(second.id, State.PAID)
            await it.move(second.id, State.RETURNED)
            with pytest.raises(Refused, match="3000"):
                await it.begin(it.wish(7_000))
            with pytest.raises(Refused) as refused:
                await it.begin(it.by_card(12_000))
            assert refused.value.code == "limit_person_day"
            await it.begin(it.by_card(9_000))

    go(story)


def test_one_number_is_one_payout(shared_dsn: str) -> None:
    async def story() -> None:
        async with paying(shared_dsn) as it:
            own = f"order-{it.connection_id}"

            async def ask() -> object:
                try:
                    return (await it.begin(it.by_card(external_id=own))).public_id
                except asyncpg.UniqueViolationError:
                    return (await it.begin(it.by_card(external_id=own))).public_id

            assert len(set(await asyncio.gather(*(ask() for _ in range(8))))) == 1
            with pytest.raises(Refused) as refused:
                await it.begin(it.by_card(10_001, external_id=own))
            assert refused.value.code == "external_id_reused"
            assert (await it.held())[f"payouts:{it.connection_id}"] == (0, 10_000)
            assert (
                await it.pool.fetchval(
                    "select count(*) from payout where connection_id = $1", it.connection_id
                )
                == 1
            )

    go(story)


def test_no_row_shows_the_number_of_a_card(shared_dsn: str) -> None:
    async def story() -> None:
        async with paying(shared_dsn) as it:
            await it.begin(it.by_card())
            for table in ("payout", "payee", "vault", "payout_step", "ledger_hold"):
                rows = await it.pool.fetch(f"select t::text as row from {table} t")
                assert all(CARD_NUMBER not in row["row"] for row in rows)
            assert CARD_NUMBER not in repr(it.by_card())

    go(story)
