"""The addresses that the cron of a hosting panel calls, on a real server and a real sandbox."""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from parts import Sandbox, sandbox, sandbox_server, settings_of, until
from running_web import WebApp, running_web
from shops import SETTINGS
from uzel.connections import manage
from uzel.flows.kaspi_orders import shop_store, task_store
from uzel.kit import database
from uzel.web.public_cron import Cron
from uzel.web.public_token import MOST_WRONG, WITHIN_S, Guesses

__all__ = ["sandbox", "sandbox_server"]

SECRET = "canary-cron-secret"
CRON, MIGRATE = "/public/cron.php", "/public/migrate.php"


@dataclass
class Panel:
    """A hosting panel, the installation it calls, and one shop there."""

    app: WebApp
    sandbox: Sandbox
    shop: int
    token: str

    def call(self, task: str = "new", token: str = SECRET) -> Any:
        return self.app.client.get(CRON, params={"task": task, "token": token})

    def make(self, count: int) -> None:
        asked = {"token": self.token, "count": count}
        self.sandbox.http.post("/kaspi/_orders", json=asked).raise_for_status()

    def set_at_kaspi(self, **settings: Any) -> None:
        self.sandbox.http.post("/kaspi/_settings", json=settings).raise_for_status()

    def cron(self, answer_within_s: float) -> Cron:
        return Cron(self.app.deps, SECRET, answer_within_s)

    def task(self, name: str = "fetch") -> Any:
        async def read() -> Any:
            rows = await task_store.of_shop(self.app.deps.pool, self.shop)
            return next(row for row in rows if row["task"] == name)

        return self.app.run(read)


async def add_shop(app: WebApp, sandbox_url: str) -> tuple[int, str]:
    """A shop that is switched on: (its number, its token at Kaspi)."""
    given = {name: settings_of(name, sandbox_url) for name in ("kaspi", "amocrm")}
    async with app.deps.pool.acquire() as connection, connection.transaction():
        added = {
            name: await manage.add(connection, app.deps.ring, name, "cron", values)
            for name, values in given.items()
        }
        business = await connection.fetchval("select min(id) from business")
        ends = (added["kaspi"].id, added["amocrm"].id)
        shop = await shop_store.add(connection, business, *ends, SETTINGS)
        await shop_store.set_state(connection, shop, "on")
        await shop_store.begin_earlier(connection, shop, 1)
    await app.deps.registry.refresh()
    return shop, given["kaspi"]["token"]


@pytest.fixture
def panel(sample_dsn: str, tmp_path: Path, sandbox: Sandbox) -> Iterator[Panel]:
    with running_web(sample_dsn, tmp_path, cron_secret=SECRET) as app:
        shop, token = app.run(lambda: add_shop(app, sandbox.url))
        yield Panel(app, sandbox, shop, token)
    sandbox.http.post("/kaspi/_settings", json={"latency_ms": 0}).raise_for_status()


def test_without_a_secret_there_are_no_such_pages(shared_web: WebApp) -> None:
    unknown = shared_web.client.get("/public/nothing.php?token=x")
    assert unknown.status_code == 404
    for path in (CRON, MIGRATE):
        for token in ("", "?token=", "?token=None", "?token=x"):
            answer = shared_web.client.get(path + token)
            assert answer.status_code == 404
            assert len(answer.content) == len(unknown.content)


def test_new_orders_are_fetched_by_get_and_by_post(panel: Panel) -> None:
    panel.make(3)
    answer = panel.call()
    assert answer.status_code == 200
    done = {"shop": panel.shop, "state": "done", "orders": 3, "new": 3, "changed": 3}
    told = {"ok": True, "task": "new", "state": "done", "orders": 3, "new": 3, "changed": 3}
    assert answer.json() == {**told, "shops": [done]}
    panel.make(1)
    posted = panel.app.client.post(CRON, data={"task": "reconcile", "token": SECRET})
    assert (posted.status_code, posted.json()["new"], posted.json()["orders"]) == (200, 1, 4)


def test_a_wrong_token_is_refused_and_counted(panel: Panel) -> None:
    panel.make(1)
    for token in ("", "canary-cron-secre", SECRET + "x", "секрет", "\x00", "x" * 5000):
        answer = panel.call(token=token)
        assert answer.status_code == 403
        assert answer.json()["problem"] == "the token is not the one in CRON_SECRET"
    assert panel.app.deps.door.outcomes["?", "cron"] == 6
    assert panel.task()["succeeded_at"] is None


def test_who_goes_on_guessing_is_not_listened_to(panel: Panel) -> None:
    for _ in range(MOST_WRONG):
        assert panel.call(token="x").status_code == 403
    answer = panel.call()
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= WITHIN_S


def test_guesses_are_forgotten_with_time_and_one_address_costs_no_other() -> None:
    now = [1000.0]
    guesses = Guesses(lambda: now[0])
    for _ in range(MOST_WRONG - 1):
        guesses.note("a")
    assert guesses.wait_s("a") == 0
    guesses.note("a")
    assert guesses.wait_s("a") == WITHIN_S + 1 and guesses.wait_s("b") == 0
    now[0] += WITHIN_S
    assert guesses.wait_s("a") == 0
    guesses.note("a")
    assert guesses.wait_s("a") == 0


def test_an_unknown_task_is_said(panel: Panel) -> None:
    answer = panel.call("all")
    assert answer.status_code == 400
    assert answer.json() == {"ok": False, "problem": "task is one of: new, reconcile"}


def test_a_run_that_is_under_way_is_not_begun_twice(panel: Panel) -> None:
    panel.app.run(lambda: task_store.lease(panel.app.deps.pool, 60.0, panel.shop, "fetch"))
    answer = panel.call()
    assert answer.status_code == 200
    assert answer.json()["state"] == "already running" and answer.json()["ok"]
    assert panel.call("reconcile").json()["state"] == "done"


def test_what_the_provider_says_is_told_with_200(panel: Panel) -> None:
    panel.sandbox.arm_at("kaspi", "orders", "500", times=5)
    answer = panel.call()
    assert answer.status_code == 200
    told = answer.json()
    assert (told["ok"], told["state"]) == (False, "failed")
    assert told["shops"][0]["problem"] == panel.task()["problem"]
    panel.sandbox.reset()
    assert panel.call().json()["ok"]


def test_a_shop_that_is_off_is_left_alone(panel: Panel) -> None:
    async def off() -> None:
        async with panel.app.deps.pool.acquire() as connection:
            await shop_store.set_state(connection, panel.shop, "off")

    panel.app.run(off)
    told = panel.call().json()
    assert (told["ok"], told["state"], told["shops"]) == (True, "no shop is switched on", [])


def test_a_long_run_is_not_waited_for_and_goes_on(panel: Panel) -> None:
    panel.make(2)
    panel.set_at_kaspi(latency_ms=150)
    reports = panel.app.run(lambda: panel.cron(0.05).run_all([panel.shop], "fetch"))
    assert reports == [{"shop": panel.shop, "state": "still running"}]

    async def done() -> bool:
        rows = await task_store.of_shop(panel.app.deps.pool, panel.shop)
        return any(row["task"] == "fetch" and row["found"].get("orders") == 2 for row in rows)

    assert panel.app.run(lambda: until(done))


def test_a_process_that_ends_gives_the_run_back(
    sample_dsn: str, tmp_path: Path, sandbox: Sandbox
) -> None:
    with running_web(sample_dsn, tmp_path, cron_secret=SECRET) as app:
        shop, token = app.run(lambda: add_shop(app, sandbox.url))
        panel = Panel(app, sandbox, shop, token)
        panel.set_at_kaspi(latency_ms=60_000)
        app.run(lambda: panel.cron(0.05).run_all([shop], "fetch"))
        assert panel.task()["leased_until"] is not None
    sandbox.http.post("/kaspi/_settings", json={"latency_ms": 0}).raise_for_status()

    async def lease() -> Any:
        connection = await database.connect(sample_dsn, name="test")
        rows = await task_store.of_shop(connection, shop)
        await connection.close()
        return [row["leased_until"] for row in rows]

    assert asyncio.run(lease()) == [None, None, None]


def test_who_only_looks_fetches_nothing(panel: Panel) -> None:
    panel.make(1)
    answer = panel.app.client.head(CRON, params={"task": "new", "token": SECRET})
    assert (answer.status_code, answer.content) == (200, b"")
    assert panel.task()["succeeded_at"] is None


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", [CRON, MIGRATE])
def test_what_no_cron_asks_by_does_nothing_and_is_no_guess(
    panel: Panel, path: str, method: str
) -> None:
    panel.make(1)
    for token in (SECRET, *("x" for _ in range(MOST_WRONG + 1))):
        asked = {"task": "new", "token": token}
        answer = panel.app.client.request(method, path, params=asked)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")
    assert panel.task()["succeeded_at"] is None
    assert panel.call().json()["new"] == 1


def test_the_schema_is_up_to_date_or_it_is_said(panel: Panel) -> None:
    assert panel.app.client.get(MIGRATE).status_code == 403
    answer = panel.app.client.get(MIGRATE, params={"token": SECRET})
    assert answer.json()["ok"] and answer.json()["text"] == "nothing to do"
    panel.app.run(lambda: panel.app.deps.pool.execute("update alembic_version set version_num = 1"))
    answer = panel.app.client.get(MIGRATE, params={"token": SECRET})
    assert (answer.json()["ok"], answer.json()["revision"]) == (False, "1")


def test_the_token_gets_into_no_log_and_no_answer(
    panel: Panel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "uzel")
    caplog.set_level(logging.DEBUG, "uvicorn")
    panel.sandbox.arm_at("kaspi", "orders", "500", times=5)
    answers = [panel.call(), panel.call("x"), panel.call(token=SECRET + "x")]
    panel.app.run(lambda: panel.app.deps.pool.execute("alter table shop rename to gone"))
    answers.append(panel.call())
    assert answers[-1].status_code == 500
    told = caplog.text + "".join(a.text + str(dict(a.headers)) for a in answers)
    assert "canary-cron" not in told
