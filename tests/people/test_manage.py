"""Who may sign in: passwords, sessions, tokens, and what guessing costs."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from parts import RING, go
from uzel.errors import ConfigError
from uzel.kit import database
from uzel.kit.secrets import fingerprint
from uzel.people import manage, store
from uzel.people.browsers import read_cookie
from uzel.people.manage import (
    FREE_FAILURES,
    FREE_FAILURES_OF_LOGIN,
    LONGEST_WAIT_S,
    MOST_AT_ONCE,
    Busy,
    Throttled,
)

PASSWORD = "correct horse 1"


async def open_pool(dsn: str) -> database.Pool:
    return await database.open_pool(dsn, size=8, name="test")


async def add(pool: database.Pool, login: str, password: str = PASSWORD) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await manage.save_person(connection, login, password, "operator")


def with_pool(dsn: str, work: Callable[[database.Pool], Awaitable[None]]) -> None:
    async def run() -> None:
        pool = await open_pool(dsn)
        try:
            await work(pool)
        finally:
            pool.terminate()

    go(run)


def test_the_right_password_opens_a_session_that_can_be_ended(module_dsn: str) -> None:
    async def work(pool: database.Pool) -> None:
        await add(pool, " Olga ")
        token = await manage.sign_in(pool, "OLGA", PASSWORD, "192.0.2.1")
        assert token is not None and token.startswith("session_")
        session = await manage.find_session(pool, token)
        assert session is not None
        assert (session.login, session.role) == ("olga", "operator") and len(session.csrf) >= 24
        await manage.sign_out(pool, token)
        assert await manage.find_session(pool, token) is None

    with_pool(module_dsn, work)


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("ivan", "wrong password"),
        ("ivan", ""),
        ("ivan", "x" * 100_000),
        ("ivan", "half a pair \ud800"),
        ("nobody", PASSWORD),
        ("", ""),
        ("ivan\x00", PASSWORD + "\x00"),
        ("half a pair \ud800", PASSWORD),
        ("ivan' or 1=1 --", PASSWORD),
        ("i" * 100_000, PASSWORD),
    ],
)
def test_anything_else_does_not(module_dsn: str, login: str, password: str) -> None:
    async def work(pool: database.Pool) -> None:
        await add(pool, "ivan")
        await pool.execute("delete from sign_in_failure")
        assert await manage.sign_in(pool, login, password, "192.0.2.2") is None
        assert (
            await pool.fetchval(
                "select count(*) from session s join person p "
                "on p.id = s.person_id where p.login = 'ivan'"
            )
            == 0
        )

    with_pool(module_dsn, work)


@pytest.mark.parametrize("password", ["short", "x" * 1001])
def test_a_password_that_could_not_be_used_is_refused(module_dsn: str, password: str) -> None:
    async def work(pool: database.Pool) -> None:
        with pytest.raises(ConfigError):
            await add(pool, "petr", password)

    with_pool(module_dsn, work)


@pytest.mark.parametrize(
    "password", ["8 chars!", "x" * 1000, "пароль из букв", "half a pair \ud83d"]
)
def test_every_password_that_is_taken_works(module_dsn: str, password: str) -> None:
    async def work(pool: database.Pool) -> None:
        await pool.execute("delete from sign_in_failure")
        await add(pool, "petr", password)
        assert await manage.sign_in(pool, "petr", password, "192.0.2.3")

    with_pool(module_dsn, work)


def test_a_new_password_ends_all_sessions(module_dsn: str) -> None:
    async def work(pool: database.Pool) -> None:
        await add(pool, "anna")
        token = await manage.sign_in(pool, "anna", PASSWORD, "192.0.2.4")
        assert token is not None
        await add(pool, "anna", "another horse 2")
        assert await manage.find_session(pool, token) is None
        assert await manage.sign_in(pool, "anna", PASSWORD, "192.0.2.4") is None

    with_pool(module_dsn, work)


def test_sessions_expire_and_people_can_be_shut_out(module_dsn: str) -> None:
    async def work(pool: database.Pool) -> None:
        await add(pool, "oleg")
        old = await manage.sign_in(pool, "oleg", PASSWORD, "192.0.2.5")
        assert old is not None
        await pool.execute(
            "update session set expires_at = now() - interval '1 s' where token_hash = $1",
            fingerprint(old),
        )
        assert await manage.find_session(pool, old) is None
        new = await manage.sign_in(pool, "oleg", PASSWORD, "192.0.2.5")
        assert new is not None
        await pool.execute("update person set disabled_at = now() where login = 'oleg'")
        assert await manage.find_session(pool, new) is None
        assert await manage.sign_in(pool, "oleg", PASSWORD, "192.0.2.5") is None

    with_pool(module_dsn, work)


async def preset(pool: database.Pool, bucket: str, failures: int) -> None:
    """As if so many guesses had been made just now."""
    await pool.execute("delete from sign_in_failure")
    await pool.execute("insert into sign_in_failure values ($1, $2, now())", bucket, failures)


async def let_pass(pool: database.Pool, seconds: float) -> None:
    await pool.execute(
        "update sign_in_failure set last_at = last_at - make_interval(secs => $1)", seconds
    )


def test_guesses_made_all_at_once_are_counted_like_those_made_one_by_one(module_dsn: str) -> None:
    async def work(pool: database.Pool) -> None:
        await add(pool, "vera")
        await preset(pool, "login:vera", FREE_FAILURES_OF_LOGIN - 5)
        answers = await asyncio.gather(
            *(manage.sign_in(pool, "vera", f"guess {n}", f"192.0.2.{n}") for n in range(16)),
            return_exceptions=True,
        )
        refused = [answer for answer in answers if isinstance(answer, Throttled)]
        assert answers.count(None) <= 5 + 3
        assert len(refused) + answers.count(None) == 16

    with_pool(module_dsn, work)


@pytest.mark.parametrize(
    ("bucket", "free"),
    [("login:lena", FREE_FAILURES_OF_LOGIN), ("address:198.51.100.1", FREE_FAILURES)],
)
def test_each_failure_makes_the_next_wait_longer_and_a_success_ends_it(
    module_dsn: str, bucket: str, free: int
) -> None:
    async def work(pool: database.Pool) -> None:
        await add(pool, "lena")
        for more, wait_s in ((6, 64), (8, 256), (30, LONGEST_WAIT_S)):
            await preset(pool, bucket, free + more)
            with pytest.raises(Throttled) as wait:
                await manage.sign_in(pool, "lena", PASSWORD, "198.51.100.1")
            assert wait_s - 30 < wait.value.wait_s <= wait_s
            await let_pass(pool, wait_s)
        assert await manage.sign_in(pool, "lena", PASSWORD, "198.51.100.1")
        rows = await pool.fetch("select bucket, failures from sign_in_failure")
        # What an address has guessed is not forgotten for one password that it knows.
        left = {"address:198.51.100.1": free + 30} if bucket.startswith("address") else {}
        assert {row["bucket"]: row["failures"] for row in rows if row["failures"]} == left

    with_pool(module_dsn, work)


def test_a_login_guessed_at_from_many_addresses_waits(module_dsn: str) -> None:
    async def work(pool: database.Pool) -> None:
        await add(pool, "nina")
        await preset(pool, "login:nina", FREE_FAILURES_OF_LOGIN - 2)
        for number in range(2):
            assert await manage.sign_in(pool, "nina", "a guess", f"192.0.2.{number}") is None
        with pytest.raises(Throttled):
            await manage.sign_in(pool, "nina", PASSWORD, "192.0.2.99")

    with_pool(module_dsn, work)


def test_the_addresses_of_one_ipv6_network_are_one(module_dsn: str) -> None:
    async def work(pool: database.Pool) -> None:
        for number in range(FREE_FAILURES):
            address = f"2a02:6b8:0:1:{number:x}::{number:x}"
            assert await manage.sign_in(pool, f"six {number}", "a guess", address) is None
        with pytest.raises(Throttled):
            await manage.sign_in(pool, "seven", "a guess", "2a02:6b8:0:1::ffff")
        assert await manage.sign_in(pool, "seven", "a guess", "2a02:6b8:0:2::ffff") is None

    with_pool(module_dsn, work)


def test_a_new_password_ends_the_wait_that_guesses_have_brought(module_dsn: str) -> None:
    async def work(pool: database.Pool) -> None:
        await add(pool, "kira")
        await preset(pool, "login:kira", FREE_FAILURES_OF_LOGIN + 30)
        await add(pool, "kira", "another horse 2")
        assert await manage.sign_in(pool, "kira", "another horse 2", "192.0.2.1")

    with_pool(module_dsn, work)


async def cookie_of(pool: database.Pool, login: str) -> str:
    """What the browser of somebody gets who has just signed in; earlier guesses are forgotten."""
    await pool.execute("delete from sign_in_failure")
    assert await manage.sign_in(pool, login, PASSWORD, "192.0.2.50")
    cookie = await manage.remember_browser(pool, RING, login)
    assert cookie is not None
    return cookie


def test_a_stranger_cannot_keep_the_owner_out_of_a_browser_of_his(module_dsn: str) -> None:
    async def work(pool: database.Pool) -> None:
        await add(pool, "boris")
        browser = read_cookie(RING, "boris", await cookie_of(pool, " BORIS"))
        assert browser is not None
        for bucket in ("login:boris", "address:192.0.2.50"):
            await preset(pool, bucket, FREE_FAILURES_OF_LOGIN + 30)
            with pytest.raises(Throttled):
                await manage.sign_in(pool, "boris", PASSWORD, "192.0.2.50")
            assert await manage.sign_in(pool, "boris", PASSWORD, "192.0.2.50", browser)
            # The stranger waits as before.
            with pytest.raises(Throttled):
                await manage.sign_in(pool, "boris", PASSWORD, "192.0.2.50")

    with_pool(module_dsn, work)


def test_a_known_browser_may_guess_no_more_than_an_address(module_dsn: str) -> None:
    async def work(pool: database.Pool) -> None:
        await add(pool, "gleb")
        cookies = [await cookie_of(pool, "gleb") for _ in range(2)]
        browser, other = (read_cookie(RING, "gleb", cookie) for cookie in cookies)
        assert browser is not None and other is not None
        for number in range(FREE_FAILURES):
            guess = manage.sign_in(pool, "gleb", "a guess", f"192.0.2.{number}", browser)
            assert await guess is None
        with pytest.raises(Throttled):
            await manage.sign_in(pool, "gleb", PASSWORD, "192.0.2.60", browser)
        assert await manage.sign_in(pool, "gleb", PASSWORD, "192.0.2.60", other)
        await let_pass(pool, LONGEST_WAIT_S)
        assert await manage.sign_in(pool, "gleb", PASSWORD, "192.0.2.60", browser)

    with_pool(module_dsn, work)


def test_a_new_password_forgets_the_browsers(module_dsn: str) -> None:
    async def work(pool: database.Pool) -> None:
        await add(pool, "dina")
        browser = read_cookie(RING, "dina", await cookie_of(pool, "dina"))
        await add(pool, "dina", "another horse 2")
        await preset(pool, "login:dina", FREE_FAILURES_OF_LOGIN + 30)
        with pytest.raises(Throttled):
            await manage.sign_in(pool, "dina", "another horse 2", "192.0.2.1", browser)

    with_pool(module_dsn, work)


def test_a_flood_of_sign_ins_is_sent_away_and_counted_for_nobody(module_dsn: str) -> None:
    async def work(pool: database.Pool) -> None:
        await add(pool, "yana")
        browser = read_cookie(RING, "yana", await cookie_of(pool, "yana"))
        flood = [
            manage.sign_in(pool, f"flood {n}", "a guess", f"198.51.100.{n}") for n in range(100)
        ]
        owner = manage.sign_in(pool, "yana", PASSWORD, "192.0.2.1", browser)
        *answers, token = await asyncio.gather(*flood, owner, return_exceptions=True)
        assert answers[:MOST_AT_ONCE] == [None] * MOST_AT_ONCE
        assert all(isinstance(answer, Busy) for answer in answers[MOST_AT_ONCE:])
        assert isinstance(token, str)
        counted = "select count(*) from sign_in_failure where bucket like 'login:flood %'"
        assert await pool.fetchval(counted) == MOST_AT_ONCE
        assert await manage.sign_in(pool, "yana", PASSWORD, "192.0.2.1")

    with_pool(module_dsn, work)


def test_an_address_that_guesses_many_logins_waits_too(module_dsn: str) -> None:
    async def work(pool: database.Pool) -> None:
        for number in range(FREE_FAILURES):
            await manage.sign_in(pool, f"login {number}", "a wrong guess", "203.0.113.9")
        with pytest.raises(Throttled):
            await manage.sign_in(pool, "yet another", "a wrong guess", "203.0.113.9")
        # What was refused is counted for nobody.
        assert not await pool.fetchval(
            "select count(*) from sign_in_failure where bucket = 'login:yet another'"
        )
        assert await manage.sign_in(pool, "yet another", "a wrong guess", "203.0.113.10") is None

    with_pool(module_dsn, work)


def test_neither_password_nor_token_is_stored(module_dsn: str) -> None:
    async def work(pool: database.Pool) -> None:
        await add(pool, "zoya", "canary password 1")
        session = await manage.sign_in(pool, "zoya", "canary password 1", "192.0.2.6")
        async with pool.acquire() as connection:
            token = await manage.add_token(connection, "reports", ["read"])
        stored = ""
        for table in ("person", "session", "api_token", "sign_in_failure", "audit"):
            stored += "".join(str(dict(row)) for row in await pool.fetch(f"select * from {table}"))
        assert session is not None
        assert "canary" not in stored and session not in stored and token not in stored
        found = await store.find_token(pool, fingerprint(token))
        assert (found["name"], found["scopes"]) == ("reports", ["read"])
        assert await store.find_token(pool, fingerprint(token + "x")) is None

    with_pool(module_dsn, work)
