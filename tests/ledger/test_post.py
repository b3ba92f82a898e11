"""Groups of commands on a real database: what is written is what the books say."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger_books import ACCOUNTS, Books, amounts, legs, origins
from parts import go
from uzel.kit import database
from uzel.ledger.accounts import balance_at, open_account, set_floor, standing
from uzel.ledger.command import Command, End, Hold, How, Leg, No, Post, Verdict
from uzel.ledger.post import Ledger, post

posts = st.builds(Post, origins, st.just("any"), legs())
holds = st.builds(Hold, origins.map(lambda o: f"h-{o}"), st.just("any"), st.integers(1, 5), amounts)
ends = st.one_of(
    st.builds(End, st.integers(1, 5), st.sampled_from([How.RELEASED, How.EXPIRED])),
    st.builds(End, st.integers(1, 5), st.just(How.POSTED), posts),
)


@contextlib.asynccontextmanager
async def fresh(dsn: str) -> AsyncIterator[tuple[database.Pool, list[int]]]:
    """A pool, and the accounts of `ACCOUNTS` in a book of their own: the numbers they have."""
    pool = await database.open_pool(dsn, size=8, name="ledger")
    try:
        async with pool.acquire() as connection:
            unique = datetime.now(UTC).isoformat()
            numbers = [
                await open_account(connection, "live", f"{name} {unique}", currency, floor_minor=f)
                for name, currency, f in ACCOUNTS
            ]
        yield pool, numbers
    finally:
        pool.terminate()


async def grouped(pool: database.Pool, commands: Sequence[Command]) -> list[Verdict]:
    async with pool.acquire() as connection, connection.transaction():
        return await post(connection, commands)


@given(st.lists(st.lists(st.one_of(posts, holds, ends), min_size=1, max_size=8), max_size=8))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_groups_do_what_the_books_say(shared_dsn: str, groups: list[list[Command]]) -> None:
    async def story() -> None:
        async with fresh(shared_dsn) as (pool, numbers):
            numbered = dict(enumerate(numbers, 1))
            books = Books(
                {real: ACCOUNTS[n - 1][2] for n, real in numbered.items()},
                {real: ACCOUNTS[n - 1][1] for n, real in numbered.items()},
            )
            world = World(numbered, books, f"{numbers[0]}:")
            for group in groups:
                commands = [world.real(command) for command in group]
                for command, verdict in zip(commands, await grouped(pool, commands), strict=True):
                    assert verdict.refused is books.says(command), command
                    if verdict.is_done and not verdict.repeated:
                        assert verdict.number is not None
                        world.note(command, verdict.number)
                        books.do(command, verdict.number)
                await agrees(pool, books)

    go(story)


class World:
    """Numbers as the generators use them → numbers as the database gives them."""

    def __init__(self, accounts: dict[int, int], books: Books, prefix: str) -> None:
        self._accounts, self._books, self._prefix = accounts, books, prefix
        self._holds: list[int] = []

    def real(self, command: Command) -> Command:
        if isinstance(command, Post):
            real = tuple(
                Leg(self._accounts.get(leg.account, -1), leg.amount_minor) for leg in command.legs
            )
            return Post(self._prefix + command.origin, command.kind, real)
        if isinstance(command, Hold):
            account = self._accounts[command.account]
            return Hold(self._prefix + command.origin, "any", account, command.amount_minor)
        known = len(self._holds)
        number = self._holds[command.hold - 1] if command.hold <= known else -command.hold
        inner = self.real(command.post) if command.post else None
        assert inner is None or isinstance(inner, Post)
        return End(number, command.how, inner)

    def note(self, command: Command, number: int) -> None:
        if isinstance(command, Hold):
            self._holds.append(number)


async def agrees(pool: database.Pool, books: Books) -> None:
    """Balances, postings and holds are those of the books."""
    for account in books.floors:
        now = await standing(pool, account)
        assert now is not None
        assert (now.posted_minor, now.held_minor) == (
            books.posted.get(account, 0),
            books.held(account),
        )
        total = (
            "select coalesce(sum(amount_minor), 0)::text from ledger_posting where account_id = $1"
        )
        assert int(await pool.fetchval(total, account)) == now.posted_minor


def test_a_poor_one_costs_its_neighbours_nothing(shared_dsn: str) -> None:
    async def story() -> None:
        async with fresh(shared_dsn) as (pool, (first, _, _, house, _)):
            unique = f"poor {first}"
            pay = [
                Post(f"{unique} {n}", "payment", (Leg(first, -40), Leg(house, 40)))
                for n in range(4)
            ]
            top_up = Post(f"{unique} top-up", "top_up", (Leg(house, -100), Leg(first, 100)))
            verdicts = await grouped(pool, [pay[0], top_up, *pay[1:], pay[1]])
            assert [it.refused for it in verdicts] == [
                No.FUNDS, None, None, None, No.FUNDS, None
            ]  # fmt: skip
            assert verdicts[-1].repeated
            assert verdicts[-1].number == verdicts[2].number
            assert (await standing(pool, first)).available_minor == 20  # type: ignore[union-attr]

    go(story)


@pytest.mark.parametrize("processes", [1, 3])
def test_a_balance_is_drained_to_the_last_coin(shared_dsn: str, processes: int) -> None:
    """Of many who pay at once exactly as many succeed as there is money for."""

    async def story() -> None:
        async with fresh(shared_dsn) as (pool, (first, _, _, house, _)):
            fill = Post(
                f"fill {first}", "top_up", (Leg(house, -7 * 90 - 5), Leg(first, 7 * 90 + 5))
            )
            await grouped(pool, [fill])
            ledgers = [Ledger(pool) for _ in range(processes)]
            verdicts = await asyncio.gather(
                *(
                    ledgers[n % processes].submit(
                        Post(f"drain {first} {n}", "payment", (Leg(first, -7), Leg(house, 7)))
                        if n % 2
                        else Hold(f"drain {first} {n}", "payment", first, 7)
                    )
                    for n in range(200)
                )
            )
            assert sum(it.is_done for it in verdicts) == 90
            assert {it.refused for it in verdicts} == {None, No.FUNDS}
            left = await standing(pool, first)
            assert left is not None
            assert left.available_minor == 5

    go(story)


def test_one_origin_in_two_processes_is_one_entry(shared_dsn: str) -> None:
    """Even on accounts that have nothing in common, where no lock is shared."""

    async def story() -> None:
        async with fresh(shared_dsn) as (pool, (first, second, _, house, _)):
            ledgers = [Ledger(pool) for _ in range(4)]
            for turn in range(20):
                origin = f"one {first} {turn}"
                verdicts = await asyncio.gather(
                    *(
                        ledger.submit(
                            Post(origin, "any", (Leg(house, -1), Leg([first, second][n % 2], 1)))
                        )
                        for n, ledger in enumerate(ledgers)
                    )
                )
                assert sum(it.is_done and not it.repeated for it in verdicts) == 1
                assert sum(it.refused is No.CONFLICT for it in verdicts) == 2

    go(story)


def test_a_hold_ends_once(shared_dsn: str) -> None:
    async def story() -> None:
        async with fresh(shared_dsn) as (pool, (first, _, _, house, _)):
            fill = Post(f"f {first}", "top_up", (Leg(house, -1000), Leg(first, 1000)))
            await grouped(pool, [fill])
            ledgers = [Ledger(pool) for _ in range(3)]
            for turn in range(15):
                (held,) = await grouped(pool, [Hold(f"h {first} {turn}", "payment", first, 60)])
                assert held.number is not None
                take = (Leg(first, -40), Leg(house, 40))
                verdicts = await asyncio.gather(
                    ledgers[0].submit(End(held.number, How.RELEASED)),
                    ledgers[1].submit(
                        End(held.number, How.POSTED, Post(f"p {first} {turn}", "payment", take))
                    ),
                    ledgers[2].submit(
                        End(held.number, How.POSTED, Post(f"q {first} {turn}", "payment", take))
                    ),
                )
                assert sum(it.is_done for it in verdicts) == 1
                assert {it.refused for it in verdicts} == {None, No.HOLD_ENDED}
            left = await standing(pool, first)
            assert left is not None
            assert left.held_minor == 0
            assert (left.posted_minor - 1000) % 40 == 0

    go(story)


def test_a_hold_that_is_over_can_only_expire(shared_dsn: str) -> None:
    async def story() -> None:
        async with fresh(shared_dsn) as (pool, (first, second, _, house, _)):
            past = datetime.now(UTC) - timedelta(seconds=1)
            (held,) = await grouped(pool, [Hold(f"x {first}", "payment", second, 300, past)])
            assert held.number is not None
            take = Post(f"y {first}", "payment", (Leg(second, -300), Leg(house, 300)))
            verdicts = await grouped(
                pool,
                [
                    End(held.number, How.POSTED, take),
                    End(held.number, How.RELEASED),
                    End(held.number, How.EXPIRED),
                    End(held.number, How.EXPIRED),
                ],
            )
            assert [it.refused for it in verdicts] == [No.HOLD_EXPIRED, No.HOLD_EXPIRED, None, None]
            assert verdicts[-1].repeated

    go(story)


def test_a_balance_of_any_moment_is_that_of_its_last_posting(shared_dsn: str) -> None:
    async def story() -> None:
        async with fresh(shared_dsn) as (pool, (first, _, _, house, _)):
            before = await pool.fetchval("select clock_timestamp()")
            seen: list[tuple[Any, int]] = [(before, 0)]
            for turn in range(12):
                group = [
                    Post(f"t {first} {turn} {n}", "top_up", (Leg(house, -n - 1), Leg(first, n + 1)))
                    for n in range(3)
                ]
                verdicts = await grouped(pool, group)
                last = verdicts[-1].standing
                assert last is not None
                now = await pool.fetchval("select clock_timestamp()")
                seen.append((now, seen[-1][1] + 6))
            for at, balance in seen:
                assert await balance_at(pool, first, at) == balance
                assert await balance_at(pool, house, at) == -balance

    go(story)


def test_credit_is_not_taken_away_once_it_is_used(shared_dsn: str) -> None:
    async def story() -> None:
        async with fresh(shared_dsn) as (pool, (_, second, _, house, _)):
            pay = Post(f"c {second}", "payment", (Leg(second, -500), Leg(house, 500)))
            assert (await grouped(pool, [pay]))[0].is_done
            async with pool.acquire() as connection:
                assert not await set_floor(connection, second, -499)
                assert await set_floor(connection, second, -500)
                assert await set_floor(connection, second, None)

    go(story)


ENTRY = """
insert into ledger_entry (kind, origin, created_at) values ('raw', gen_random_uuid()::text, now())
returning id
"""
POSTING = """
insert into ledger_posting (entry_id, leg, account_id, amount_minor, balance_minor, version,
                            closes, posted_at)
select $1, n - 1, a, x, b, v, $6, clock_timestamp()
  from unnest($2::int[], $3::bigint[], $4::bigint[], $5::bigint[]) with ordinality
       as r(a, x, b, v, n)
"""


NOT_ZERO, NOT_WHOLE = "add up to zero", "one whole entry"
NOT_ON = "go on where the last one stopped"


@pytest.mark.parametrize(
    ("said", "accounts", "amounts", "balances", "versions", "closes"),
    [
        (NOT_ZERO, (0, 3), (-5, 4), (95, -96), (2, 2), True),
        pytest.param(NOT_ZERO, (0, 4), (-5, 5), (95, 5), (2, 1), True, id="in each currency"),
        pytest.param(NOT_ZERO, (0, 3, 4), (-5, 5, 1), (95, -95, 1), (2, 2, 1), True, id="a third"),
        pytest.param(NOT_ZERO, (0,), (-5,), (95,), (2,), True, id="one leg"),
        pytest.param(NOT_WHOLE, (0, 9), (-5, 5), (95, 5), (2, 1), True, id="nobody's account"),
        pytest.param(NOT_WHOLE, (0, 5), (-5, 5), (95, 5), (2, 1), True, id="two books"),
        pytest.param(NOT_ON, (0, 3), (-5, 5), (96, -95), (2, 2), True, id="no such balance"),
        pytest.param(NOT_ON, (0, 3), (-5, 5), (95, -95), (3, 2), True, id="a version left out"),
        pytest.param(NOT_ON, (0, 3), (-5, 5), (95, -95), (2, 2), False, id="closes nothing"),
        pytest.param("amount_minor", (0, 3), (0, 0), (100, -100), (2, 2), True, id="nothing"),
        pytest.param("ledger_balance", (0, 3), (-101, 101), (-1, 1), (2, 2), True, id="floor"),
    ],
)
def test_the_database_itself_refuses(
    shared_dsn: str,
    said: str,
    accounts: tuple[int, ...],
    amounts: tuple[int, ...],
    balances: tuple[int, ...],
    versions: tuple[int, ...],
    closes: bool,
) -> None:
    """Whoever writes past the ledger."""

    async def story() -> None:
        async with fresh(shared_dsn) as (pool, numbers):
            fill = (Leg(numbers[3], -100), Leg(numbers[0], 100))
            await grouped(pool, [Post(f"r {numbers[0]}", "top_up", fill)])
            async with pool.acquire() as connection:
                other = await open_account(connection, "test", f"r {numbers[0]}", "RUB")
                known = [*numbers, other]
                real = [known[n] if n < len(known) else -1 for n in accounts]
                with pytest.raises(asyncpg.IntegrityConstraintViolationError, match=said):
                    async with connection.transaction():
                        entry = await connection.fetchval(ENTRY)
                        written = (entry, real, amounts, balances, versions, closes)
                        await connection.execute(POSTING, *written)
                        await connection.execute(
                            "update ledger_balance b set posted_minor = n.b, version = n.v from "
                            "unnest($1::int[], $2::bigint[], $3::bigint[]) as n(a, b, v) "
                            "where b.account_id = n.a",
                            real,
                            balances,
                            versions,
                        )

    go(story)


@pytest.mark.parametrize(
    "statement",
    [
        "update ledger_posting set amount_minor = amount_minor + 1",
        "delete from ledger_posting",
        "truncate ledger_posting",
        "update ledger_entry set reason = 'other'",
        "delete from ledger_entry",
        "truncate ledger_entry cascade",
        "delete from ledger_account",
        "update ledger_account set currency = 'USD'",
        "update ledger_hold set amount_minor = 1",
        "delete from ledger_hold",
        "delete from ledger_hold_end",
        "delete from ledger_balance",
        "update ledger_balance set posted_minor = posted_minor + 1 where posted_minor = 9",
        "update ledger_balance set version = version + 1 where version > 0",
        "delete from ledger_seal",
    ],
)
def test_what_was_written_stays(shared_dsn: str, statement: str) -> None:
    async def story() -> None:
        async with fresh(shared_dsn) as (pool, (first, _, _, house, _)):
            fill = Post(f"s {first}", "top_up", (Leg(house, -9), Leg(first, 9)))
            await grouped(pool, [fill, Hold(f"sh {first}", "payment", first, 2)])
            with pytest.raises(asyncpg.IntegrityConstraintViolationError):
                await pool.execute(statement)

    go(story)


def test_postings_are_not_added_to_an_entry_later(shared_dsn: str) -> None:
    async def story() -> None:
        async with fresh(shared_dsn) as (pool, (first, _, _, house, _)):
            fill = Post(f"l {first}", "top_up", (Leg(house, -9), Leg(first, 9)))
            (made,) = await grouped(pool, [fill])
            add = POSTING.replace("select $1, n - 1", "select $1, n + 9")
            more = (made.number, [house, first], [-1, 1], [-10, 10], [2, 2], True)
            with pytest.raises(asyncpg.IntegrityConstraintViolationError, match=NOT_WHOLE):
                await pool.execute(add, *more)

    go(story)
