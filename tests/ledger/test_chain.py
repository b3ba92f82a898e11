"""Whatever is changed behind the ledger's back is found, and what is right is not."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest

from parts import go, until
from uzel.kit import database
from uzel.ledger import chain
from uzel.ledger.accounts import balance_at, open_account
from uzel.ledger.command import End, Hold, How, Leg, Post
from uzel.ledger.post import Ledger, post

WAITING = (
    "select count(*) from pg_stat_activity "
    "where datname = current_database() and wait_event_type = 'Lock'"
)
TAMPER = "set session_replication_role = replica"


@contextlib.asynccontextmanager
async def filled(dsn: str) -> AsyncIterator[tuple[database.Pool, int, int]]:
    """A pool, a partner's account, and the house's: seven entries in three links, one hold open
    and two that have ended.
    """
    pool = await database.open_pool(dsn, size=6, name="chain")
    try:
        async with pool.acquire() as connection:
            partner = await open_account(connection, "live", "partner", "RUB", floor_minor=0)
            house = await open_account(connection, "live", "house", "RUB")
        ledger = Ledger(pool)
        for number in range(6):
            legs = (Leg(house, -100 - number), Leg(partner, 100 + number))
            await ledger.submit(Post(f"{number}", "top_up", legs, "anna", f"№ {number}"))
            if number % 2:
                assert await chain.seal(pool) == 2
        holds = [await ledger.submit(Hold(f"h{n}", "payment", partner, 50)) for n in range(3)]
        numbers = [hold.number or 0 for hold in holds]
        take = Post("taken", "payment", (Leg(partner, -30), Leg(house, 30)))
        await ledger.submit(End(numbers[0], How.POSTED, take))
        await ledger.submit(End(numbers[1], How.RELEASED))
        yield pool, partner, house
    finally:
        pool.terminate()


def test_books_that_are_right_are_proved(dsn: str) -> None:
    async def story() -> None:
        async with filled(dsn) as (pool, _, _):
            proof = await chain.verify(pool)
            assert proof.faults == ()
            assert (proof.entries, proof.postings, proof.seals, proof.unsealed) == (7, 14, 3, 1)
            noted = proof.head
            assert await chain.seal(pool) == 1
            assert await chain.seal(pool) == 0
            later = await chain.verify(pool, noted)
            assert (later.faults, later.seals, later.unsealed) == ((), 4, 0)
            assert later.head != noted

    go(story)


def test_an_empty_ledger_is_right(dsn: str) -> None:
    async def story() -> None:
        pool = await database.open_pool(dsn, size=2, name="chain")
        try:
            assert await chain.seal(pool) == 0
            assert await chain.verify(pool) == chain.Proof(0, 0, 0, 0, None, ())
        finally:
            pool.terminate()

    go(story)


CHANGES = {
    "an amount": "update ledger_posting set amount_minor = amount_minor + sign(amount_minor) "
                 "where entry_id = 3",
    "an amount and all balances after it": "update ledger_posting set amount_minor = amount_minor "
                 "+ sign(amount_minor) * (entry_id = 3)::int, "
                 "balance_minor = balance_minor + sign(amount_minor) where entry_id >= 3",
    "a reason": "update ledger_entry set reason = 'other' where id = 4",
    "nothing for null": "update ledger_entry set details = 'null'::jsonb where id = 4",
    "who made it": "update ledger_entry set made_by = 'boris' where id = 1",
    "when": "update ledger_entry set created_at = created_at - interval '1 microsecond' "
            "where id = 2",
    "the account's name": "update ledger_account set name = 'boris' where name = 'partner'",
    "the account's currency": "update ledger_account set currency = 'USD'",
    "an entry taken out": "with p as (delete from ledger_posting where entry_id = 2) "
                          "delete from ledger_entry where id = 2",
    "an entry put in": "with e as (insert into ledger_entry (id, kind, origin, created_at) "
                       "overriding system value values (0, 'top_up', 'new', now()) returning id) "
                       "insert into ledger_posting select 0, p.leg, p.account_id, p.amount_minor, "
                       "0, -p.version, p.posted_at from ledger_posting p, e where p.entry_id = 1",
    "two entries exchanged": "update ledger_entry set reason = case id when 1 then '№ 1' "
                             "else '№ 0' end where id in (1, 2)",
    "a link": "update ledger_seal set digest = sha256('x') where id = 2",
    "a link taken out": "delete from ledger_seal where id = 2",
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(CHANGES))
def test_a_change_breaks_the_chain(dsn: str, what: str) -> None:
    async def story() -> None:
        async with filled(dsn) as (pool, _, _):
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute(TAMPER)
                changed = await connection.execute(CHANGES[what])
                assert not changed.endswith(" 0")
                await connection.execute("set session_replication_role = origin")
            kinds = {fault.kind for fault in (await chain.verify(pool)).faults}
            assert kinds & {"broken_seal", "broken_run"}, kinds
            if "put in" not in what:
                assert "broken_seal" in kinds

    go(story)


@pytest.mark.parametrize(
    ("change", "kind", "where"),
    [
        ("update ledger_balance set held_minor = 0", "wrong_balance", {"account_id": 1}),
        ("update ledger_balance set posted_minor = posted_minor + 1 where account_id = 1",
         "wrong_balance", {"account_id": 1}),
        ("delete from ledger_posting where entry_id = 7", "without_postings", {"entry_id": 7}),
        ("update ledger_posting set amount_minor = -31, balance_minor = balance_minor - 1 "
         "where entry_id = 7 and account_id = 1", "unbalanced", {"entry_id": 7}),
        ("update ledger_hold_end set taken_minor = 29 where entry_id = 7", "wrong_hold_end",
         {"hold_id": 1}),
        ("delete from ledger_hold_end where hold_id = 2", "wrong_balance", {"account_id": 1}),
        ("update ledger_posting set version = 9 where entry_id = 7 and account_id = 1",
         "broken_run", {"entry_id": 7, "account_id": 1, "version": 9}),
        ("update ledger_posting set closes = false where entry_id = 7 and account_id = 1",
         "broken_run", {"entry_id": 7, "account_id": 1, "version": 7}),
    ],
)  # fmt: skip
def test_what_no_link_covers_is_found_by_reckoning(
    dsn: str, change: str, kind: str, where: dict[str, Any]
) -> None:
    async def story() -> None:
        async with filled(dsn) as (pool, _, _):
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute(TAMPER)
                await connection.execute(change)
                await connection.execute("set session_replication_role = origin")
            assert chain.Fault(kind, where) in (await chain.verify(pool)).faults

    go(story)


def test_an_end_that_was_cut_off_shows_to_who_noted_it(dsn: str) -> None:
    async def story() -> None:
        async with filled(dsn) as (pool, _, _):
            noted = (await chain.verify(pool)).head
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute(TAMPER)
                await connection.execute("delete from ledger_seal where id = 3")
                await connection.execute("set session_replication_role = origin")
            assert (await chain.verify(pool)).faults == ()
            (fault,) = (await chain.verify(pool, noted)).faults
            assert fault.kind == "missing_head"
            await chain.seal(pool)
            (fault,) = (await chain.verify(pool, "2:00")).faults
            assert fault.kind == "other_head"

    go(story)


def test_links_are_made_while_others_post(dsn: str) -> None:
    """Nothing that is committed late slips below a link."""

    async def story() -> None:
        async with filled(dsn) as (pool, partner, house):
            ledgers = [Ledger(pool) for _ in range(3)]
            busy = True

            async def link() -> int:
                made = 0
                while busy:
                    made += await chain.seal(pool)
                return made + await chain.seal(pool)

            async def slow() -> None:
                """A transaction that has its numbers and takes its time."""
                for _ in range(5):
                    async with pool.acquire() as connection, connection.transaction():
                        legs = (Leg(house, -1), Leg(partner, 1))
                        await post(connection, [Post(f"s{uuid4()}", "top_up", legs)])
                        await asyncio.sleep(0.05)

            linking = asyncio.create_task(link())
            legs = (Leg(house, -1), Leg(partner, 1))
            posting = [ledgers[n % 3].submit(Post(f"p{n}", "top_up", legs)) for n in range(120)]
            await asyncio.gather(*posting, slow())
            busy = False
            assert await linking == 120 + 5 + 1
            proof = await chain.verify(pool)
            assert (proof.faults, proof.unsealed) == ((), 0)

    go(story)


async def top_up(pool: database.Pool, partner: int, house: int) -> None:
    async with pool.acquire() as connection, connection.transaction():
        legs = (Leg(house, -1), Leg(partner, 1))
        (made,) = await post(connection, [Post(f"{uuid4()}", "top_up", legs)])
        assert made.is_done


def test_a_link_has_at_most_so_many_entries_however_their_numbers_run(dsn: str) -> None:
    async def story() -> None:
        async with filled(dsn) as (pool, partner, house):
            await pool.execute("select setval('ledger_entry_id_seq', 3 * $1)", chain.LONGEST_LINK)
            for _ in range(3):
                await top_up(pool, partner, house)
            async with pool.acquire() as connection:
                last = await pool.fetchval("select max(id) from ledger_entry")
                links = [await chain.add_link(connection, last, 3) for _ in range(3)]
            assert links == [3, 1, 0]
            await pool.execute("select setval('ledger_entry_id_seq', 6 * $1)", chain.LONGEST_LINK)
            await top_up(pool, partner, house)
            assert await chain.seal(pool) == 1
            proof = await chain.verify(pool)
            assert (proof.faults, proof.seals, proof.unsealed) == ((), 6, 0)

    go(story)


def test_a_posting_that_takes_long_is_not_waited_for(dsn: str) -> None:
    async def story() -> None:
        async with filled(dsn) as (pool, partner, house):
            async with pool.acquire() as connection, connection.transaction():
                legs = (Leg(house, -1), Leg(partner, 1))
                await post(connection, [Post("slow", "top_up", legs)])
                assert await chain.seal(pool) == 0
            assert await chain.seal(pool) == 2

    go(story)


def test_of_two_who_add_the_same_link_one_does(dsn: str) -> None:
    async def story() -> None:
        async with filled(dsn) as (pool, _, _):
            async with pool.acquire() as connection, connection.transaction():
                assert await chain.add_link(connection, 99) == 1
                late = asyncio.create_task(chain.seal(pool))
                await until(lambda: pool.fetchval(WAITING))
            assert await late == 0
            proof = await chain.verify(pool)
            assert (proof.faults, proof.seals, proof.unsealed) == ((), 4, 0)

    go(story)


def test_a_proof_is_of_one_moment_and_tells_how_far_it_is(dsn: str) -> None:
    """What is posted while it looks belongs to the next one."""

    async def story() -> None:
        async with filled(dsn) as (pool, partner, house):
            told: list[tuple[str, int, int]] = []

            async def meanwhile() -> None:
                other = await database.open_pool(dsn, size=1, name="meanwhile")
                await top_up(other, partner, house)
                other.terminate()

            def tell(what: str, done: int, of: int) -> None:
                told.append((what, done, of))
                if (what, done) == ("seals", 2):
                    with ThreadPoolExecutor(1) as thread:
                        thread.submit(go, meanwhile).result()

            proof = await chain.verify(pool, progress=tell)
            assert (proof.entries, proof.postings, proof.unsealed) == (7, 14, 1)
            checks = [(kind, number, 5) for number, kind in enumerate(chain.CHECKS)]
            assert told == [*checks, *(("seals", number, 3) for number in (1, 2, 3))]
            assert (await chain.verify(pool)).entries == 8

    go(story)


def test_a_broken_link_is_named_and_the_first_one_only(dsn: str) -> None:
    async def story() -> None:
        async with filled(dsn) as (pool, _, _):
            head = (await chain.verify(pool)).head
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute(TAMPER)
                await connection.execute("update ledger_entry set reason = 'x' where id in (3, 5)")
                await connection.execute("update ledger_seal set entries = 9 where id = 3")
                await connection.execute("set session_replication_role = origin")
            proof = await chain.verify(pool, head)
            assert proof.faults == (chain.Fault("broken_seal", {"seal": 2, "after": 2, "last": 4}),)
            other = f"3:{'00' * 32}"
            assert (await chain.verify(pool, other)).faults[1:] == (
                chain.Fault("other_head", {"noted": other, "found": head}),
            )
            missing = f"30:{'00' * 32}"
            assert (await chain.verify(pool, missing)).faults[1:] == (
                chain.Fault("missing_head", {"noted": missing, "found": None}),
            )

    go(story)


def test_a_link_tells_how_many_entries_it_has(dsn: str) -> None:
    async def story() -> None:
        async with filled(dsn) as (pool, _, _):
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute(TAMPER)
                await connection.execute("update ledger_seal set entries = 3 where id = 3")
                await connection.execute("set session_replication_role = origin")
            (fault,) = (await chain.verify(pool)).faults
            assert fault == chain.Fault("broken_seal", {"seal": 3, "after": 4, "last": 6})

    go(story)


def test_a_look_shows_ten_faults_of_a_kind(dsn: str) -> None:
    async def story() -> None:
        async with filled(dsn) as (pool, partner, house):
            for _ in range(12):
                await top_up(pool, partner, house)
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute(TAMPER)
                await connection.execute("delete from ledger_posting where entry_id > 7")
                await connection.execute("set session_replication_role = origin")
            kinds = [fault.kind for fault in (await chain.verify(pool)).faults]
            assert kinds == ["without_postings"] * 10 + ["wrong_balance"] * 2

    go(story)


def test_the_time_of_an_account_never_runs_backwards(dsn: str) -> None:
    """Even where the server's clock was set back."""

    async def story() -> None:
        async with filled(dsn) as (pool, partner, house):
            ahead = datetime.now(UTC) + timedelta(hours=1)
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute(TAMPER)
                for change in (
                    "update ledger_posting set posted_at = $1 where entry_id = 7",
                    "update ledger_balance set posted_at = $1",
                ):
                    await connection.execute(change, ahead)
                await connection.execute("set session_replication_role = origin")
            before = await balance_at(pool, partner, ahead - timedelta(minutes=1))
            await top_up(pool, partner, house)
            assert (await chain.verify(pool)).faults == ()
            assert await balance_at(pool, partner, ahead - timedelta(minutes=1)) == before
            assert await balance_at(pool, partner, ahead) == before - 30 + 1

    go(story)


# One entry of two legs, written by hand, and the digest of the first link over it.
PINNED = """
insert into ledger_account (id, book, name, currency) overriding system value
values (1, 'live', 'partner', 'RUB'), (2, 'live', 'house', 'RUB');
insert into ledger_entry (id, kind, origin, created_at, made_by, reason, details)
overriding system value
values (1, 'top_up', 'a', '2026-11-20 09:00:00.000001+00', 'anna', null, '{"paid": "cash"}');
insert into ledger_posting (entry_id, leg, account_id, amount_minor, balance_minor, version, closes,
                            posted_at)
values (1, 0, 2, -5, -5, 1, true, '2026-11-20 09:00:00+00'),
       (1, 1, 1, 5, 5, 1, true, '2026-11-20 09:00:00+00');
"""
PINNED_TEXT = (
    '[1, "top_up", "a", 1795165200000001, "anna", null, null, {"paid": "cash"}, false, '
    '[[0, 2, "live", "house", "RUB", -5, -5, 1, 1795165200000000], '
    '[1, 1, "live", "partner", "RUB", 5, 5, 1, 1795165200000000]]]'
)


def test_what_an_earlier_release_sealed_is_still_proved(dsn: str) -> None:
    """Whoever changes how a link is reckoned breaks every chain there is."""

    async def story() -> None:
        pool = await database.open_pool(dsn, size=2, name="chain")
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(TAMPER)
            await connection.execute(PINNED)
            await connection.execute("set session_replication_role = origin")
            assert await chain.add_link(connection, 1) == 1
            digest = await connection.fetchval("select digest from ledger_seal")
        entry = sha256(PINNED_TEXT.encode()).digest()
        assert digest == sha256(bytes(32) + entry).digest()
        pool.terminate()

    go(story)
