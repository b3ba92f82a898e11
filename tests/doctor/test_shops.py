"""What the doctor says of Kaspi orders that become deals."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from sample_data import MASTER_KEY
from uzel.connections import grant_store, manage, store
from uzel.doctor.finding import Finding, State
from uzel.doctor.inside import of_database
from uzel.doctor.shops import of_environment
from uzel.flows.kaspi_orders import shop_store, task_store
from uzel.kit import database
from uzel.kit.secrets import KeyRing, decode_key
from uzel.kit.settings import Settings

KASPI = {"token": "canary-kaspi"}
LONG_LIVED = {"base_url": "https://example.amocrm.ru", "access_token": "canary"}
BY_OAUTH = {"base_url": "https://example.amocrm.ru", "client_id": "x", "client_secret": "canary"}


async def connect(connection: Any, connector: str, values: dict[str, Any]) -> int:
    ring = KeyRing([decode_key(MASTER_KEY)])
    return (await manage.add(connection, ring, connector, "main", values)).id


async def add_shop(connection: Any, state: str, crm: dict[str, Any] = LONG_LIVED) -> int:
    business = await store.default_business(connection)
    kaspi = await connect(connection, "kaspi", KASPI)
    number = await shop_store.add(
        connection, business, kaspi, await connect(connection, "amocrm", crm), {}
    )
    await shop_store.set_state(connection, number, state)
    return number


def examined(dsn: str, tmp_path: Path, change: Any) -> list[Finding]:
    """What is found about shops and access once `change` was made to an empty installation."""

    async def work() -> list[Finding]:
        connection = await database.connect(dsn, name="test")
        await change(connection)
        await connection.close()
        settings = Settings(tmp_path, database_url=dsn, master_key=MASTER_KEY)
        found = [finding async for finding in of_database(settings, dsn)]
        return [it for it in found if it.check.startswith("shop") or "no access" in it.what]

    return asyncio.run(work())


def test_without_kaspi_nothing_is_said(dsn: str, tmp_path: Path) -> None:
    assert not examined(dsn, tmp_path, lambda it: connect(it, "amocrm", LONG_LIVED))


def test_kaspi_without_a_shop_is_pointed_out(dsn: str, tmp_path: Path) -> None:
    (found,) = examined(dsn, tmp_path, lambda it: connect(it, "kaspi", KASPI))
    assert (found.state, found.what) == (State.WARNING, "kaspi/main has no shop")


@pytest.mark.parametrize(
    ("state", "what"),
    [("off", "switched off"), ("paused", "paused"), ("on", "on, and its tasks go well")],
)
def test_the_state_of_a_shop(dsn: str, tmp_path: Path, state: str, what: str) -> None:
    (found,) = examined(dsn, tmp_path, lambda it: add_shop(it, state))
    assert found.what == what
    assert (found.state is State.GOOD) == (state == "on")
    assert state == "on" or "uzel kaspi resume --shop 1" in found.advice


def test_a_task_that_fails_says_why(dsn: str, tmp_path: Path) -> None:
    async def change(connection: Any) -> None:
        number = await add_shop(connection, "on")
        await task_store.failed(connection, number, "fetch", 60.0, "Kaspi: HTTP 500")

    (found,) = examined(dsn, tmp_path, change)
    assert (found.state, found.what) == (State.WRONG, "fetch fails: Kaspi: HTTP 500")
    assert "uzel kaspi fetch-new" in found.advice


@pytest.mark.parametrize(
    ("proof", "what"),
    [
        ({"doubles": ["1", "2"], "missing": ["3"]}, "2 orders have several deals: 1, 2"),
        ({"doubles": [], "missing": ["3"]}, "1 deal is gone from amoCRM: 3"),
    ],
)
def test_a_proof_that_found_something(
    dsn: str, tmp_path: Path, proof: dict[str, Any], what: str
) -> None:
    async def change(connection: Any) -> None:
        number = await add_shop(connection, "on")
        await task_store.succeeded(connection, number, "proof", 60.0, proof)

    (found,) = examined(dsn, tmp_path, change)
    assert (found.state, found.what) == (State.WARNING, what)


def test_access_that_nobody_granted(dsn: str, tmp_path: Path) -> None:
    def without(findings: list[Finding]) -> list[str]:
        return [it.what for it in findings if it.check == "connection amocrm/main"]

    found = examined(dsn, tmp_path, lambda it: connect(it, "amocrm", BY_OAUTH))
    assert without(found) == ["no access: nobody has granted it yet"]
    assert "http://127.0.0.1:8000/public/oauth_callback.php" in found[0].advice
    assert found[0].advice.startswith("First set UZEL_PUBLIC_URL"), "amoCRM takes no http"

    async def grant(connection: Any) -> None:
        number = await connection.fetchval("select id from connection")
        await grant_store.save(connection, number, b"sealed", None, "x", "olga")

    assert without(examined(dsn, tmp_path, grant)) == []
    revoke = "update oauth_grant set revoked_reason = 'отозван'"
    assert without(examined(dsn, tmp_path, lambda it: it.execute(revoke))) == ["no access: отозван"]


def test_a_refresh_token_of_the_settings_will_do_for_a_start(dsn: str, tmp_path: Path) -> None:
    values = {**BY_OAUTH, "refresh_token": "canary-refresh"}
    assert not examined(dsn, tmp_path, lambda it: connect(it, "amocrm", values))


@pytest.mark.parametrize(
    ("environment", "what"),
    [
        ({}, []),
        ({"AMO_PIPELINE_ID": "x"}, []),
        ({"KASPI_API_TOKEN": "canary"}, ["KASPI_API_TOKEN is set and no AMO_* is"]),
        (
            {"KASPI_API_TOKEN": "canary", "AMO_SUBDOMAIN": "x", "AMO_PIPELINE_ID": "x"},
            ["AMO_PIPELINE_ID must be a number of amoCRM"],
        ),
        (
            {"KASPI_API_TOKEN": "canary", "AMO_SUBDOMAIN": "x", "DEFAULT_COUNTRY": "RU"},
            ["DEFAULT_COUNTRY=RU is not taken"],
        ),
    ],
)
def test_variables_by_halves(tmp_path: Path, environment: dict[str, str], what: list[str]) -> None:
    found = list(of_environment(Settings(tmp_path), environment))
    assert [it.what for it in found] == what
    assert "canary" not in str(found)


def test_a_short_secret_of_the_cron(tmp_path: Path) -> None:
    (found,) = of_environment(Settings(tmp_path, cron_secret="short"), {})
    assert found.what == "CRON_SECRET is short"
    assert not list(of_environment(Settings(tmp_path, cron_secret="x" * 16), {}))


def told(dsn: str, tmp_path: Path, change: Any, about: str) -> list[Finding]:
    """What is found about something once `change` was made to an empty installation."""

    async def work() -> list[Finding]:
        connection = await database.connect(dsn, name="test")
        await change(connection)
        await connection.close()
        settings = Settings(tmp_path, database_url=dsn, master_key=MASTER_KEY)
        found = [finding async for finding in of_database(settings, dsn)]
        return [it for it in found if about in it.check]

    return asyncio.run(work())


def test_two_connections_with_an_allowance_each_are_pointed_out(dsn: str, tmp_path: Path) -> None:
    ring = KeyRing([decode_key(MASTER_KEY)])

    async def two(connection: Any) -> None:
        for name in ("first", "second"):
            await manage.add(connection, ring, "amocrm", name, LONG_LIVED)

    (found,) = told(dsn, tmp_path, two, "connections ")
    assert found.state is State.WARNING and "13.6 times a second" in found.what
    assert found.check == "connections amocrm/first, amocrm/second"

    async def one_is_off(connection: Any) -> None:
        await connection.execute("update connection set state = 'off' where name = 'second'")

    assert not told(dsn, tmp_path, one_is_off, "connections ")


def test_revoked_access_names_its_cure_once(dsn: str, tmp_path: Path) -> None:
    async def revoked(connection: Any) -> None:
        number = await connect(connection, "amocrm", BY_OAUTH)
        await grant_store.save(connection, number, b"", None, "", "owner")
        await connection.execute("update oauth_grant set revoked_reason = 'отозвано'")
        await store.set_state(connection, number, "paused", "отозвано")

    (found,) = told(dsn, tmp_path, revoked, "connection amocrm/main")
    assert found.state is State.WRONG and "отозвано" in found.what
    assert "Подключить заново" in found.advice and "/connections/1" in found.advice


def test_a_paused_marketplace_is_said_to_be_read_no_more(dsn: str, tmp_path: Path) -> None:
    async def paused(connection: Any) -> None:
        number = await connect(connection, "kaspi", KASPI)
        await store.set_state(connection, number, "paused", "нет доступа")

    (found,) = told(dsn, tmp_path, paused, "connection kaspi/main")
    assert found.state is State.WRONG and found.meaning.startswith("Nothing is fetched")
