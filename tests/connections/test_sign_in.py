"""A session that we open: one at a time, shared by all, and opened anew when it is over."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from direct_messages import Installation, installed
from parts import RING, Sandbox, go
from registry_room import Program
from running_web import WebApp
from uzel.calls.reach import Reach
from uzel.connections import manage
from uzel.connections.grants import Grants
from uzel.connections.registry import Active
from uzel.connectors.vtiger import examples
from uzel.connectors.vtiger.config import VtigerConfig
from uzel.crm.users import KEY_PLACE, NewUser
from uzel.errors import AuthFailed, CallFailed
from vtiger_room import vtiger_behind

OURS = "http://127.0.0.1:8000/public/oauth_callback.php"


@pytest.fixture(scope="module")
def server(
    shared_dsn: str, sandbox_server: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WebApp]:
    with vtiger_behind(sandbox_server.url, shared_dsn, tmp_path_factory.mktemp("crm")) as app:
        yield app


@contextlib.asynccontextmanager
async def house(dsn: str, sandbox: Sandbox, **settings: Any) -> AsyncIterator["House"]:
    sandbox.http.delete("/_journal").raise_for_status()
    async with installed(dsn, sandbox) as there:
        name = f"crm-{len(list(there.parts.registry.all()))}"
        number = await there.connect("vtiger", name, session=None, **settings)
        yield House(there, number)


class House:
    """A connection to the CRM, and processes that use it."""

    def __init__(self, there: Installation, number: int) -> None:
        self.there, self.number = there, number

    @property
    def active(self) -> Active:
        found = self.there.parts.registry.get(self.number)
        assert found is not None
        return found

    def process(self) -> Reach:
        """Another process."""
        return Reach(self.there.pool, Grants(self.there.pool, RING, OURS))

    async def ask(self, reach: Reach, operation: str = "listtypes", **arguments: Any) -> Any:
        return await reach.ask(self.active, self.active.connector.operations[operation], arguments)

    def effects(self) -> int:
        entries = self.there.sandbox.http.get("/_journal", params={"connector": "vtiger"}).json()
        return sum(entry["effect"] for entry in entries)

    def count(self, operation: str) -> int:
        params = {"connector": "vtiger", "operation": operation}
        return len(self.there.sandbox.http.get("/_journal", params=params).json())


def end_sessions(server: WebApp) -> None:
    """As a server does that is started anew."""
    server.run(lambda: server.deps.pool.execute("delete from crm_session"))


@pytest.mark.parametrize("processes", [1, 6])
def test_many_at_once_sign_in_once(
    module_dsn: str, sandbox: Sandbox, server: WebApp, processes: int
) -> None:
    async def run() -> None:
        async with house(module_dsn, sandbox) as here:
            reaches = [here.process() for _ in range(processes)]
            asked = [here.ask(reach) for reach in reaches for _ in range(4)]
            answers = await asyncio.gather(*asked)
            assert all("Contacts" in answer.data["modules"] for answer in answers)
            assert (here.count("getchallenge"), here.count("login")) == (1, 1)

    go(run)


@pytest.mark.parametrize("operation", ["listtypes", "create_project"])
def test_a_session_that_is_over_is_opened_anew_once(
    module_dsn: str, sandbox: Sandbox, server: WebApp, operation: str
) -> None:
    whom = {"contactid": examples.PERSON, "offenderid": examples.COMPANY}
    arguments = {} if operation == "listtypes" else {**whom, "after": 0}

    async def run() -> None:
        async with house(module_dsn, sandbox) as here:
            reaches = [here.process() for _ in range(3)]
            for reach in reaches:
                await here.ask(reach)
            end_sessions(server)
            asked = [here.ask(reach, operation, **arguments) for reach in reaches]
            await asyncio.gather(*asked)
            assert here.count("login") == 2
            # Each was done once: what was refused for its session had no effect.
            assert here.effects() == (3 if operation == "create_project" else 0)

    go(run)


def test_a_session_is_not_used_to_its_very_end(
    module_dsn: str, sandbox: Sandbox, server: WebApp
) -> None:
    async def run() -> None:
        async with house(module_dsn, sandbox) as here:
            await here.ask(here.process())
            await here.there.pool.execute(
                "update oauth_grant set expires_at = now() where connection_id = $1", here.number
            )
            await here.ask(here.process())
            assert here.count("login") == 2

    go(run)


def test_two_accounts_of_one_login_do_not_break_each_other(
    module_dsn: str, sandbox: Sandbox, server: WebApp
) -> None:
    async def run() -> None:
        async with house(module_dsn, sandbox) as one, house(module_dsn, sandbox) as two:
            asked = [it.ask(it.process()) for it in (one, two, one, two)]
            assert len(await asyncio.gather(*asked)) == 4

    go(run)


def with_key(server: WebApp, key: str) -> None:
    """Somebody gave the account another key."""
    user = NewUser(examples.USER, examples.LOGIN, key)
    sealed = server.deps.ring.seal(key.encode(), KEY_PLACE.format(user.id))
    set_key = "update crm_user set access_key = $2 where id = $1"
    server.run(lambda: server.deps.pool.execute(set_key, user.id, sealed))
    assert Program(server, user).log_in().session


def test_a_wrong_key_is_told_and_the_right_one_is_enough(
    module_dsn: str, sandbox: Sandbox, server: WebApp
) -> None:
    async def run() -> None:
        async with house(module_dsn, sandbox, access_key="canaryWrongKey") as here:
            reach = here.process()
            for _ in range(2):
                with pytest.raises(AuthFailed) as caught:
                    await here.ask(reach)
                assert "canary" not in str(caught.value)
            await change(here, access_key=examples.ACCESS_KEY)
            await here.ask(reach)

    go(run)


async def change(here: House, **values: Any) -> None:
    """Somebody types other settings in."""
    given = {"base_url": f"{here.there.sandbox.url}/vtiger", "login": examples.LOGIN, **values}
    async with here.there.pool.acquire() as connection, connection.transaction():
        await manage.change(connection, RING, here.number, given, rate_per_s=1000.0)
    await here.there.parts.registry.refresh()


def test_other_settings_are_signed_in_with_anew(
    module_dsn: str, sandbox: Sandbox, server: WebApp
) -> None:
    async def run() -> None:
        async with house(module_dsn, sandbox) as here:
            reach = here.process()
            await here.ask(reach)
            await change(here, access_key=examples.ACCESS_KEY, checks="strict")
            await here.ask(reach)
            assert here.count("login") == 2

    go(run)


@pytest.mark.parametrize("operation", ["getchallenge", "login"])
@pytest.mark.parametrize("kind", ["500", "reset", "garbage", "429"])
def test_what_goes_wrong_while_signing_in_may_be_tried_again(
    module_dsn: str, sandbox: Sandbox, server: WebApp, operation: str, kind: str
) -> None:
    async def run() -> None:
        async with house(module_dsn, sandbox) as here:
            reach = here.process()
            sandbox.arm_at("vtiger", operation, kind)
            with pytest.raises(CallFailed) as caught:
                await here.ask(reach)
            assert not isinstance(caught.value, AuthFailed)
            await here.ask(reach)

    go(run)


def test_the_session_lies_sealed(module_dsn: str, sandbox: Sandbox, server: WebApp) -> None:
    async def run() -> None:
        async with house(module_dsn, sandbox) as here:
            reach = here.process()
            await here.ask(reach)
            config = await reach.config(here.active)
            assert isinstance(config, VtigerConfig)
            assert config.session is not None
            name = config.session.get_secret_value().rpartition(":")[2]
            row = await here.there.pool.fetchrow(
                "select * from oauth_grant where connection_id = $1", here.number
            )
            assert name
            assert row is not None
            assert name not in repr(dict(row))

    go(run)
