"""Money that people move: alone within the limit, above it by the word of a second one."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from uzel.kit import database
from uzel.ledger.accounts import standing
from uzel.ledger.command import Standing
from uzel.partners import manage, partner_store, proposals
from uzel.partners import proposal_store as store
from uzel.partners.wish import Kind, Made, MoneyRefused, State, Why, Wish
from uzel.people.manage import save_person

ANNA, BORIS, IVAN = "anna", "Boris", "ivan"
LIMIT = 100_000_00


@dataclass
class Desk:
    """A partner, and people who move its money."""

    pool: database.Pool
    partner: Any

    def wish(self, amount: int, kind: Kind = Kind.TOP_UP, by: str = ANNA, **more: Any) -> Wish:
        partner = None if kind is Kind.MONEY_LIMIT else self.partner
        key = more.pop("key", None) or uuid4().hex
        return Wish(kind, partner, amount, by, more.pop("reason", "invoice 17"), key)

    async def ask(self, amount: int, kind: Kind = Kind.TOP_UP, **more: Any) -> Made:
        async with self.pool.acquire() as connection, connection.transaction():
            return await proposals.ask(connection, self.wish(amount, kind, **more))

    async def approve(self, number: int, by: str = BORIS) -> Made:
        async with self.pool.acquire() as connection, connection.transaction():
            return await proposals.approve(connection, number, by=by)

    async def stands(self) -> Standing:
        found = await standing(self.pool, self.partner["account_id"])
        assert found is not None
        return found

    async def value(self, question: str, *values: Any) -> Any:
        return await self.pool.fetchval(question, *values)


@contextlib.asynccontextmanager
async def desk(dsn: str) -> AsyncIterator[Desk]:
    pool = await database.open_pool(dsn, size=8, name="proposals")
    try:
        async with pool.acquire() as connection, connection.transaction():
            for login, role in ((ANNA, "admin"), (BORIS, "admin"), (IVAN, "operator")):
                await save_person(connection, login, f"{login}-password-1", role)
            added = await manage.add(connection, f"Партнёр {uuid4().hex[:8]}", "RUB")
            row = await partner_store.find(connection, added.id)
        yield Desk(pool, row)
    finally:
        pool.terminate()


def why(error: pytest.ExceptionInfo[MoneyRefused]) -> Why:
    return error.value.why


def test_within_the_limit_one_person_is_enough_until_it_adds_up(dsn: str) -> None:
    async def work() -> None:
        async with desk(dsn) as at:
            made = await at.ask(LIMIT - 1)
            assert (made.state, made.entry is not None) == (State.DONE, True)
            assert (await at.ask(1)).state is State.DONE
            assert (await at.ask(1)).state is State.WAITING
            taken = await at.ask(-5, Kind.CORRECTION, by=BORIS)
            assert taken.state is State.WAITING
            assert (await at.stands()).posted_minor == LIMIT
            # What a second person has approved is nobody's word alone.
            await at.pool.execute("alter table partner_proposal disable trigger second_person")
            old = "update partner_proposal set proposed_at = now() - interval '25 hours'"
            await at.pool.execute(old)
            assert (await at.ask(LIMIT)).state is State.DONE

    asyncio.run(work())


def test_nobody_approves_what_they_proposed(dsn: str) -> None:
    async def work() -> None:
        async with desk(dsn) as at:
            made = await at.ask(LIMIT + 1)
            assert (made.state, made.entry) == (State.WAITING, None)
            assert (await at.stands()).posted_minor == 0
            for by in (ANNA, "command:Anna", " anna "):
                with pytest.raises(MoneyRefused) as error:
                    await at.approve(made.number, by)
                assert why(error) is Why.SAME_PERSON
            for by in (IVAN, "command:root", "nobody"):
                with pytest.raises(MoneyRefused) as error:
                    await at.approve(made.number, by)
                assert why(error) is Why.NO_ADMIN
            done = await at.approve(made.number, "command:boris")
            assert done.state is State.APPROVED
            assert (await at.stands()).posted_minor == LIMIT + 1
            with pytest.raises(MoneyRefused) as error:
                await at.approve(made.number)
            assert why(error) is Why.DECIDED
            entry = await at.value("select details::text from ledger_entry where id=$1", done.entry)
            assert "command:boris" in entry

    asyncio.run(work())


@pytest.mark.parametrize(
    ("by", "state", "said"),
    [
        (ANNA, "approved", "second person"),
        ("command:ANNA", "rejected", "second person"),
        (BORIS, "withdrawn", "second person"),
        (IVAN, "approved", "administrator"),
        ("nobody", "rejected", "administrator"),
        (BORIS, "done", "decided once"),
    ],
)
def test_the_database_refuses_what_a_page_might_forget(
    shared_dsn: str, by: str, state: str, said: str
) -> None:
    async def work() -> None:
        async with desk(shared_dsn) as at:
            kind = Kind.CREDIT_LIMIT
            made = await at.ask(LIMIT + 1, kind)
            async with at.pool.acquire() as connection:
                with pytest.raises(asyncpg.PostgresError, match=said):
                    await store.decide(connection, made.number, state, by, "x")
                with pytest.raises(asyncpg.PostgresError, match="decided once"):
                    await connection.execute(
                        "update partner_proposal set amount_minor = 1, state = 'approved', "
                        "decided_by = 'boris', decided_at = now() where id = $1",
                        made.number,
                    )
                with pytest.raises(asyncpg.PostgresError, match="append-only"):
                    await connection.execute("delete from partner_proposal")

    asyncio.run(work())


def test_a_storm_of_approvals_is_one_entry(dsn: str) -> None:
    async def work() -> None:
        async with desk(dsn) as at:
            made = await at.ask(LIMIT * 5)
            storm = (at.approve(made.number) for _ in range(40))
            ends = await asyncio.gather(*storm, return_exceptions=True)
            assert sum(isinstance(end, Made) for end in ends) == 1
            refused = [end for end in ends if isinstance(end, MoneyRefused)]
            assert {end.why for end in refused} == {Why.DECIDED}
            assert len(refused) == 39
            assert (await at.stands()).posted_minor == LIMIT * 5
            acts = "select count(*) from audit where action = 'approve'"
            assert await at.value(acts) == 1

    asyncio.run(work())


def test_the_same_form_sent_at_once_many_times_is_one_entry(dsn: str) -> None:
    async def work() -> None:
        async with desk(dsn) as at:
            made = await asyncio.gather(*(at.ask(700, key="form") for _ in range(30)))
            assert {it.entry for it in made} == {made[0].entry}
            assert sum(not it.repeated for it in made) == 1
            with pytest.raises(MoneyRefused) as error:
                await at.ask(701, key="form")
            assert why(error) is Why.CONFLICT
            assert (await at.stands()).posted_minor == 700
            assert await at.value("select count(*) from audit where action = 'top_up'") == 1

    asyncio.run(work())


def test_asking_at_once_gets_nobody_beyond_the_limit(dsn: str) -> None:
    async def work() -> None:
        async with desk(dsn) as at:
            made = await asyncio.gather(*(at.ask(LIMIT // 4) for _ in range(10)))
            assert sum(it.state is State.DONE for it in made) == 4
            assert (await at.stands()).posted_minor == LIMIT

    asyncio.run(work())


def test_who_rejects_says_why_and_who_made_it_can_take_it_back(dsn: str) -> None:
    async def work() -> None:
        async with desk(dsn) as at:
            first, second = [(await at.ask(LIMIT + n)).number for n in (1, 2)]
            async with at.pool.acquire() as connection, connection.transaction():
                for by, reason, expected in (
                    (ANNA, "no", Why.SAME_PERSON),
                    (IVAN, "no", Why.NO_ADMIN),
                    (BORIS, "  ", Why.REASON),
                ):
                    with pytest.raises(MoneyRefused) as error:
                        await proposals.reject(connection, first, by=by, reason=reason)
                    assert why(error) is expected
                await proposals.reject(connection, first, by=BORIS, reason="no such invoice")
                with pytest.raises(MoneyRefused) as error:
                    await proposals.withdraw(connection, second, by=BORIS)
                assert why(error) is Why.NOT_YOURS
                await proposals.withdraw(connection, second, by="command:anna")
            for number in (first, second):
                with pytest.raises(MoneyRefused) as error:
                    await at.approve(number)
                assert why(error) is Why.DECIDED
            assert (await at.stands()).posted_minor == 0

    asyncio.run(work())


def test_the_limit_goes_down_alone_and_up_with_two(dsn: str) -> None:
    async def work() -> None:
        async with desk(dsn) as at:
            assert (await at.ask(10, Kind.MONEY_LIMIT)).state is State.DONE
            assert await proposals.limit_of(at.pool) == 10
            assert (await at.ask(10_01)).state is State.WAITING
            up = await at.ask(50, Kind.MONEY_LIMIT)
            assert up.state is State.WAITING
            assert await proposals.limit_of(at.pool) == 10
            await at.approve(up.number)
            assert await proposals.limit_of(at.pool) == 50
            assert (await at.ask(50_00)).state is State.DONE

    asyncio.run(work())


def test_credit_is_money_too(dsn: str) -> None:
    async def work() -> None:
        async with desk(dsn) as at:
            assert (await at.ask(LIMIT, Kind.CREDIT_LIMIT)).state is State.DONE
            more = await at.ask(LIMIT + 1, Kind.CREDIT_LIMIT)
            assert more.state is State.WAITING
            assert (await at.stands()).floor_minor == -LIMIT
            await at.approve(more.number)
            assert (await at.stands()).floor_minor == -LIMIT - 1
            assert (await at.ask(5, Kind.CREDIT_LIMIT)).state is State.DONE
            below = await at.ask(-6, Kind.CORRECTION)
            assert below.state is State.WAITING
            with pytest.raises(MoneyRefused) as error:
                await at.approve(below.number)
            assert why(error) is Why.FUNDS
            # What could not be done still waits.
            assert [row["id"] for row in await store.waiting(at.pool)] == [below.number]

    asyncio.run(work())


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(amount=st.integers(-LIMIT * 2, LIMIT * 2), kind=st.sampled_from(list(Kind)[:3]))
def test_a_rehearsal_says_what_then_happens_and_does_nothing(
    shared_dsn: str, amount: int, kind: Kind
) -> None:
    async def work() -> None:
        async with desk(shared_dsn) as at:
            await at.ask(LIMIT // 2)
            wish, before = at.wish(amount, kind), await at.stands()
            try:
                told = await proposals.rehearse(at.pool, wish)
            except MoneyRefused as error:
                # What waits is refused when it is approved, since more may have come in by then.
                with pytest.raises(MoneyRefused) as again:
                    made = await at.ask(amount, kind, key=wish.key)
                    assert made.state is State.WAITING
                    await at.approve(made.number)
                assert again.value.why is error.why
                return
            assert told.before == before == await at.stands()
            made = await at.ask(amount, kind, key=wish.key)
            assert (made.state, made.repeated) == (told.state, False)
            if made.state is State.WAITING:
                await at.approve(made.number)
            assert await at.stands() == told.after

    asyncio.run(work())
