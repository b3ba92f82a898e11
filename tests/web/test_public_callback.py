"""Where amoCRM sends the owner of an account back: a real server, and amoCRM in miniature."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import pytest

from parts import Sandbox, sandbox, sandbox_server
from running_web import WebApp, running_web
from uzel.connections import manage, store
from uzel.connections.grants import CALLBACK
from uzel.web.public_callback import server_in

__all__ = ["sandbox", "sandbox_server"]

BY = "olga"


@dataclass
class Owner:
    """Who grants access to an amoCRM account, in a browser that follows no redirects."""

    app: WebApp
    sandbox: Sandbox
    connection: int

    def set_out(self) -> str:
        """Press *connect*: the address at amoCRM."""
        return self.app.run(lambda: self.app.deps.reach.grants.set_out(self.active(), BY))

    def answer(self, address: str, answer: str = "allow") -> str:
        """Agree there, or refuse: the address that amoCRM leads back to."""
        response = self.sandbox.http.get(f"{address}&answer={answer}", follow_redirects=False)
        assert response.status_code == 302
        return str(response.headers["location"])

    def come_back(self, address: str, **changed: str) -> Any:
        """Open it, with other values than amoCRM gave."""
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}" == self.app.url and parts.path == CALLBACK
        given = {**dict(parse_qsl(parts.query)), **changed}
        return self.app.client.get(CALLBACK, params={k: v for k, v in given.items() if v})

    def active(self) -> Any:
        return self.app.deps.registry.get(self.connection)

    def grant(self) -> Any:
        async def read() -> Any:
            return await self.app.deps.pool.fetchrow(
                "select * from oauth_grant where connection_id = $1", self.connection
            )

        return self.app.run(read)

    def works(self) -> bool:
        """Whether amoCRM takes the access that is stored."""
        active = self.active()

        async def ask() -> Any:
            return await self.app.deps.reach.ask(active, active.connector.operations["account"], {})

        return bool(self.app.run(ask).data)

    def set_state(self, state: str) -> None:
        async def change() -> None:
            await store.set_state(self.app.deps.pool, self.connection, state, "HTTP 401")
            await self.app.deps.registry.refresh()

        self.app.run(change)


@pytest.fixture
def owner(sample_dsn: str, tmp_path: Path, sandbox: Sandbox) -> Iterator[Owner]:
    with running_web(sample_dsn, tmp_path) as app:
        values = {
            "base_url": f"{sandbox.url}/amocrm",
            "client_id": str(uuid4()),
            "client_secret": "canary-client-secret",
        }

        async def add() -> int:
            async with app.deps.pool.acquire() as connection, connection.transaction():
                added = await manage.add(connection, app.deps.ring, "amocrm", "shop", values)
            await app.deps.registry.refresh()
            return added.id

        yield Owner(app, sandbox, app.run(add))


def test_who_agrees_is_connected(owner: Owner) -> None:
    owner.set_state("paused")
    answer = owner.come_back(owner.answer(owner.set_out()))
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/connections/{owner.connection}?done=granted"
    assert answer.headers["referrer-policy"] == "no-referrer"
    kept = owner.grant()
    assert (kept["granted_by"], kept["version"]) == (BY, 1)
    assert kept["redirect_uri"] == f"{owner.app.url}{CALLBACK}"
    assert owner.works()
    assert owner.active().state == "active"


def test_it_is_written_down_who_agreed(owner: Owner) -> None:
    owner.come_back(owner.answer(owner.set_out()))

    async def read() -> Any:
        return await owner.app.deps.pool.fetchrow("select * from audit order by id desc limit 1")

    said = owner.app.run(read)
    subject = f"connection:{owner.connection}"
    assert (said["actor"], said["action"], said["subject"]) == (BY, "grant_access", subject)


def test_what_somebody_switched_off_stays_off(owner: Owner) -> None:
    address = owner.answer(owner.set_out())
    owner.set_state("off")
    assert owner.come_back(address).status_code == 303
    assert owner.grant() is not None and owner.active().state == "off"


def test_a_state_is_good_once(owner: Owner) -> None:
    address = owner.answer(owner.set_out())
    assert owner.come_back(address).status_code == 303
    again = owner.come_back(address)
    assert again.status_code == 400 and "Ссылка больше не действует" in again.text
    assert owner.grant()["version"] == 1


def test_a_state_of_more_than_an_hour_ago_is_worth_nothing(owner: Owner) -> None:
    address = owner.answer(owner.set_out())
    older = "update oauth_state set created_at = created_at - interval '61 minutes'"
    owner.app.run(lambda: owner.app.deps.pool.execute(older))
    assert "Ссылка больше не действует" in owner.come_back(address).text
    assert owner.grant() is None


@pytest.mark.parametrize("state", ["state_x", "x" * 3000, "\x00", "' or 1=1"])
def test_a_state_of_somebody_elses_making_is_refused(owner: Owner, state: str) -> None:
    answer = owner.come_back(owner.answer(owner.set_out()), state=state)
    assert answer.status_code == 400 and "Ссылка больше не действует" in answer.text
    assert owner.grant() is None


def test_a_refusal_is_said_and_the_way_on_shown(owner: Owner) -> None:
    answer = owner.come_back(owner.answer(owner.set_out(), "refuse"))
    assert answer.status_code == 403
    assert "Доступ не выдан" in answer.text and "нажали «Отказать»" in answer.text
    assert f'href="/connections/{owner.connection}"' in answer.text
    assert owner.grant() is None


@pytest.mark.parametrize("referer", ["other.amocrm.ru", "https://other.amocrm.ru/", "OTHER.RU"])
def test_another_account_is_not_taken_for_this_one(owner: Owner, referer: str) -> None:
    answer = owner.come_back(owner.answer(owner.set_out()), referer=referer)
    assert answer.status_code == 409 and "Это другой аккаунт" in answer.text
    assert server_in(referer) in answer.text
    assert owner.grant() is None


def test_no_word_of_the_account_is_no_contradiction(owner: Owner) -> None:
    assert owner.come_back(owner.answer(owner.set_out()), referer="").status_code == 303


def test_a_code_that_is_no_good_is_explained(owner: Owner) -> None:
    answer = owner.come_back(owner.answer(owner.set_out()), code="def50200canary")
    assert answer.status_code == 400
    assert "Cannot decrypt the authorization code" in answer.text
    assert f"{owner.app.url}{CALLBACK}" in answer.text
    assert owner.grant() is None


def test_a_provider_that_is_down_keeps_what_there_was(owner: Owner) -> None:
    owner.come_back(owner.answer(owner.set_out()))
    address = owner.answer(owner.set_out())
    owner.sandbox.arm_at("amocrm", "access_token", "500", times=1)
    answer = owner.come_back(address)
    assert answer.status_code == 502 and "Пока не получилось" in answer.text
    assert owner.grant()["version"] == 1 and owner.works()


def test_an_installation_from_the_marketplace_is_told_what_to_press(owner: Owner) -> None:
    answer = owner.come_back(owner.answer(owner.set_out()), state="", from_widget="1")
    assert answer.status_code == 400
    assert "Остался один шаг" in answer.text and "нажмите «Подключить»" in answer.text
    assert owner.grant() is None


def test_who_only_looks_uses_nothing_up(owner: Owner) -> None:
    address = owner.answer(owner.set_out())
    path = address.removeprefix(owner.app.url)
    assert owner.app.client.head(path).status_code == 200
    assert owner.app.client.post(path).status_code == 405
    assert owner.come_back(address).status_code == 303


def test_a_connection_that_needs_no_consent_any_more(owner: Owner) -> None:
    address = owner.answer(owner.set_out())
    values = {"base_url": f"{owner.sandbox.url}/amocrm", "access_token": "token-x"}

    async def change() -> None:
        async with owner.app.deps.pool.acquire() as connection, connection.transaction():
            ring = owner.app.deps.ring
            await manage.change(connection, ring, owner.connection, values, rate_per_s=None)

    owner.app.run(change)
    answer = owner.come_back(address)
    assert answer.status_code == 409 and "Подключение изменилось" in answer.text


def test_neither_code_nor_state_gets_anywhere(
    owner: Owner, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "uzel")
    caplog.set_level(logging.DEBUG, "uvicorn")
    told, secrets = "", []
    for changed in ({}, {"code": "def50200canary"}, {"referer": "other.amocrm.ru"}):
        address = owner.answer(owner.set_out())
        given = dict(parse_qsl(urlsplit(address).query))
        secrets += [given["state"], changed.get("code", given["code"])]
        answer = owner.come_back(address, **changed)
        told += answer.text + str(dict(answer.headers))
    owner.app.run(lambda: owner.app.deps.pool.execute("alter table oauth_state rename to gone"))
    answer = owner.come_back(f"{owner.app.url}{CALLBACK}?state=canary-state&code=canary-code")
    assert answer.status_code == 500 and "Что-то сломалось" in answer.text
    told += answer.text + str(dict(answer.headers)) + caplog.text
    assert not [secret for secret in [*secrets, "canary"] if secret in told]


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("example.amocrm.ru", "example.amocrm.ru"),
        ("https://Example.amocrm.ru/leads", "example.amocrm.ru"),
        (" example.amocrm.ru/ ", "example.amocrm.ru"),
        ("", ""),
    ],
)
def test_a_server_is_read_out_of_what_stands_around_it(address: str, server: str) -> None:
    assert server_in(address) == server
