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
from parts import go, until
from uzel.kit import database
from uzel.ledger.accounts import balance_at, open_account, set_floor, standing
from uzel.ledger.command import Command, End, Hold, How, Leg, No, Post, Standing, Verdict
from uzel.ledger.post import Ledger, post

posts = st.builds(Post, origins, st.just("any"), legs())
holds = st.builds(Hold, origins.map(lambda o: f"h-{o}"), st.just("any"), st.integers(1, 5), amounts)
ends = st.one_of(
    st.builds(End, st.integers(1, 5), st.sampled_from([How.RELEASED, How.EXPIRED])),
    st.builds(End, st.integers(1, 5), st.just(How.POSTED), posts),
)

WAITING = (
    "select count(*) from pg_stat_activity "
    "where datname = current_database() and wait_event_type = 'Lock'"
)
ENTRIES = """
select kind, origin, made_by, reason, reverses_id, details from ledger_entry
 where id = any($1) order by id
"""
HOLDS = """
select h.kind, h.origin, h.account_id, h.amount_minor, h.expires_at, h.details,
       x.how, x.taken_minor, x.entry_id, x.made_by, x.reason
  from ledger_hold h join ledger_hold_end x on x.hold_id = h.id
 where h.id = any($1) order by h.id
"""


@contextlib.asynccontextmanager
async def fresh(dsn: str, size: int = 8) -> AsyncIterator[tuple[database.Pool, list[int]]]:
    """A pool, and the accounts of `ACCOUNTS` in a book of their own: the numbers they have."""
    pool = await database.open_pool(dsn, size=size, name="ledger")
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
        async with fresh(shared_dsn) as (pool, (first, _, dollars, house, house_usd)):
            ledgers = [Ledger(pool) for _ in range(4)]
            moves = [(Leg(house, -1), Leg(first, 1)), (Leg(house_usd, -1), Leg(dollars, 1))]
            for turn in range(20):
                origin = f"one {first} {turn}"
                verdicts = await asyncio.gather(
                    *(
                        ledger.submit(Post(origin, "any", moves[n % 2]))
                        for n, ledger in enumerate(ledgers)
                    )
                )
                assert sum(it.is_done and not it.repeated for it in verdicts) == 1
                assert sum(it.refused is No.CONFLICT for it in verdicts) == 2

    go(story)


def test_who_comes_second_under_an_origin_costs_its_neighbours_nothing(shared_dsn: str) -> None:
    async def story() -> None:
        async with fresh(shared_dsn) as (pool, (first, _, dollars, house, house_usd)):
            ledger, origin = Ledger(pool), f"second {first}"
            async with pool.acquire() as connection, connection.transaction():
                faster = Post(origin, "any", (Leg(house_usd, -1), Leg(dollars, 1)))
                (made,) = await post(connection, [faster])
                move = (Leg(house, -1), Leg(first, 1))
                group = [
                    asyncio.create_task(ledger.submit(Post(name, "any", move)))
                    for name in (f"{origin} before", origin, f"{origin} after")
                ]
                await until(lambda: pool.fetchval(WAITING))
            assert made.is_done
            assert [it.refused for it in await asyncio.gather(*group)] == [None, No.CONFLICT, None]
            assert await standing(pool, first) == Standing(2, 0, 0)

    go(story)


def test_those_who_wait_for_an_account_leave_the_pool_to_others(shared_dsn: str) -> None:
    """However many they are, they take one connection; and those that came first go first."""

    async def story() -> None:
        async with fresh(shared_dsn, size=3) as (pool, (first, _, _, house, _)):
            ledger = Ledger(pool)
            async with pool.acquire() as connection, connection.transaction():
                await post(connection, [Post(f"w {first}", "any", (Leg(house, -1), Leg(first, 1)))])
                waiting = []
                for turn in range(4):
                    amount = -1 if turn else 2
                    move = (Leg(house, -amount), Leg(first, amount))
                    command = Post(f"w {first} {turn}", "any", move)
                    waiting.append(asyncio.create_task(ledger.submit(command)))
                    await until(lambda: pool.fetchval(WAITING))
                assert await pool.fetchval(WAITING) == 1
                async with pool.acquire(timeout=5):
                    pass
            await ledger.close()
            verdicts = [it.result() for it in waiting]
            assert [it.refused for it in verdicts] == [None, None, None, None]
            assert await standing(pool, first) == Standing(0, 0, 0)

    go(story)


def test_what_was_submitted_is_done_when_a_ledger_is_closed(shared_dsn: str) -> None:
    async def story() -> None:
        async with fresh(shared_dsn) as (pool, (first, _, _, house, _)):
            ledger = Ledger(pool)
            move = (Leg(house, -1), Leg(first, 1))
            waiting = [
                asyncio.create_task(ledger.submit(Post(f"close {first} {n}", "any", move)))
                for n in range(3)
            ]
            await asyncio.sleep(0)
            await ledger.close()
            assert await standing(pool, first) == Standing(3, 0, 0)
            assert all(it.is_done for it in await asyncio.gather(*waiting))

    go(story)


def test_all_that_was_told_can_be_read_again(shared_dsn: str) -> None:
    async def story() -> None:
        async with fresh(shared_dsn) as (pool, (first, second, _, house, _)):
            later = datetime.now(UTC) + timedelta(hours=1)
            told, asked = {"order": "№ 7", "lines": [1, None]}, 'it\'s "their" \\ wish, {all}'
            fill = (Leg(house, -90), Leg(first, 90))
            moves: list[Command] = [
                Post(f"a {first}", "top_up", fill, "anna", asked, None, told),
                Hold(f"h {first}", "payment", first, 60, later, told),
                Hold(f"i {first}", "deposit", second, 20),
            ]
            made, held, other = [it.number or 0 for it in await grouped(pool, moves)]
            back = Post(f"r {first}", "refund", (Leg(house, 90), Leg(first, -90)), None, None, made)
            take = Post(f"t {first}", "fee", (Leg(first, -40), Leg(house, 40)), "clara")
            closing: list[Command] = [
                End(held, How.POSTED, take, "dora", asked),
                End(other, How.RELEASED, None, "eva", "late"),
                Post(f"u {first}", "top_up", (Leg(house, -40), Leg(first, 40))),
                back,
            ]
            verdicts = await grouped(pool, closing)
            assert [it.refused for it in verdicts] == [None] * 4
            again = await grouped(pool, closing)
            assert all(it.repeated for it in again)
            assert [it.number for it in again] == [it.number for it in verdicts]
            taken, taken_back = verdicts[0].number, verdicts[3].number
            rows = await pool.fetch(ENTRIES, [made, taken, taken_back])
            assert [tuple(row) for row in rows] == [
                ("top_up", f"a {first}", "anna", asked, None, told),
                ("fee", f"t {first}", "clara", None, None, None),
                ("refund", f"r {first}", None, None, made, None),
            ]
            assert [tuple(row) for row in await pool.fetch(HOLDS, [held, other])] == [
                (
                    "payment",
                    f"h {first}",
                    first,
                    60,
                    later,
                    told,
                    "posted",
                    40,
                    taken,
                    "dora",
                    asked,
                ),
                (
                    "deposit",
                    f"i {first}",
                    second,
                    20,
                    None,
                    None,
                    "released",
                    0,
                    None,
                    "eva",
                    "late",
                ),
            ]

    go(story)


def test_an_entry_is_taken_back_once_whoever_asks(shared_dsn: str) -> None:
    """In a later group, by what the database knows."""

    async def story() -> None:
        async with fresh(shared_dsn) as (pool, (first, _, _, house, _)):
            (made,) = await grouped(
                pool, [Post(f"b {first}", "top_up", (Leg(house, -9), Leg(first, 9)))]
            )
            back, part = (Leg(house, 9), Leg(first, -9)), (Leg(house, 4), Leg(first, -4))

            def taking(name: str, legs: tuple[Leg, ...], number: int | None) -> Post:
                return Post(f"{name} {first}", "any", legs, reverses=number)

            verdicts = [
                (await grouped(pool, [command]))[0]
                for command in (
                    taking("part", part, made.number),
                    taking("nothing", back, -1),
                    taking("all", back, made.number),
                    taking("all", back, made.number),
                    taking("again", back, made.number),
                )
            ]
            refused = [it.refused for it in verdicts]
            assert refused == [No.CONFLICT, No.CONFLICT, None, None, No.REVERSED]
            assert verdicts[3].repeated
            assert verdicts[3].number == verdicts[2].number
            assert await standing(pool, first) == Standing(0, 0, 0)

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
