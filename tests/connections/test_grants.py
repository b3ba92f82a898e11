"""Access by OAuth: one renewal among all processes, kept before it is used; said when gone."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from cutting_proxy import proxy_to
from parts import RING, Sandbox, go, until
from uzel.calls.reach import Reach
from uzel.connections import manage
from uzel.connections.grants import Grants
from uzel.connections.registry import Active, Registry
from uzel.errors import AuthFailed, CallFailed, Unavailable
from uzel.kit import database

OURS = "http://127.0.0.1:8000/public/oauth_callback.php"
SECRET = "canary-client-secret"


@dataclass
class House:
    """A connection to amoCRM by OAuth, and processes that use it."""

    sandbox: Sandbox
    pool: database.Pool
    registry: Registry
    connection: int
    client_id: str

    @property
    def active(self) -> Active:
        found = self.registry.get(self.connection)
        assert found is not None
        return found

    def process(self) -> Reach:
        """Another process."""
        return Reach(self.pool, Grants(self.pool, RING, OURS))

    def door(self, name: str, **body: Any) -> Any:
        return self.sandbox.http.post(f"/amocrm/{name}", json=body).raise_for_status().json()

    async def connect(self) -> Reach:
        """Somebody agreed, and came back."""
        reach = self.process()
        oauth = self.active.connector.oauth
        assert oauth is not None
        code = self.door("_grant", client_id=self.client_id)["code"]
        tokens = await oauth.exchange(reach.client(self.active), self.active.config, OURS, code)
        await reach.grants.grant(self.active, tokens, OURS, "owner")
        return reach

    async def expire(self) -> None:
        await self.pool.execute(
            "update oauth_grant set expires_at = now() where connection_id = $1", self.connection
        )

    async def account(self, reach: Reach) -> Any:
        """A harmless question."""
        operation = self.active.connector.operations["account"]
        return (await reach.ask(self.active, operation, {})).data

    def renewals(self) -> int:
        entries = self.sandbox.http.get(
            "/_journal", params={"connector": "amocrm", "operation": "access_token"}
        ).json()
        return sum(
            entry["request"].get("grant_type") == "refresh_token"
            and entry["request"].get("client_id") == self.client_id
            for entry in entries
        )


@contextlib.asynccontextmanager
async def house(dsn: str, sandbox: Sandbox, **more: Any) -> AsyncIterator[House]:
    pool = await database.open_pool(dsn, size=6, name="test")
    client_id = str(uuid4())
    values = {
        "base_url": f"{sandbox.url}/amocrm",
        "client_id": client_id,
        "client_secret": SECRET,
        **more,
    }
    sandbox.http.post(
        "/amocrm/_integrations",
        json={"client_id": client_id, "client_secret": SECRET, "redirect_uri": OURS},
    ).raise_for_status()
    try:
        async with pool.acquire() as connection, connection.transaction():
            added = await manage.add(
                connection, RING, "amocrm", client_id, values, rate_per_s=1000.0
            )
        registry = Registry(pool, RING)
        await registry.refresh()
        yield House(sandbox, pool, registry, added.id, client_id)
    finally:
        pool.terminate()


def test_who_is_not_connected_is_told_so(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with house(module_dsn, sandbox) as here:
            with pytest.raises(AuthFailed, match="Подключить"):
                await here.account(here.process())

    go(run)


@pytest.mark.parametrize("processes", [2, 6])
def test_many_processes_renew_once(module_dsn: str, sandbox: Sandbox, processes: int) -> None:
    async def run() -> None:
        async with house(module_dsn, sandbox) as here:
            await here.connect()
            await here.expire()
            reaches = [here.process() for _ in range(processes)]
            told = await asyncio.gather(*(here.account(reach) for reach in reaches))
            assert all(one == told[0] for one in told)
            assert here.renewals() == 1
            # And the next one is as good.
            await here.expire()
            await here.account(here.process())
            assert here.renewals() == 2

    go(run)


def test_a_refused_token_is_renewed_and_asked_once_more(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with house(module_dsn, sandbox) as here:
            reach = await here.connect()
            await here.account(reach)
            access = await reach.config(here.active)
            here.door("_revoke", token=access.access_token.get_secret_value())  # type: ignore[attr-defined]
            await here.pool.execute(
                "update oauth_grant set expires_at = now() + interval '3 hours' "
                "where connection_id = $1",
                here.connection,
            )
            reach = here.process()
            assert (await here.account(reach))["account"]
            assert here.renewals() == 1

    go(run)


def test_access_revoked_soon_after_it_was_granted_is_said_to_be_granted_anew(
    module_dsn: str, sandbox: Sandbox
) -> None:
    """Not what the provider says of a token alone; other processes say the same."""

    async def run() -> None:
        async with house(module_dsn, sandbox) as here:
            first, second = await here.connect(), here.process()
            await here.account(second)
            here.door("_revoke", client_id=here.client_id)
            for reach in (first, second, first):
                with pytest.raises(AuthFailed, match="доступ надо выдать заново"):
                    await here.account(reach)
            assert here.renewals() == 1
            reason = "select revoked_reason from oauth_grant where connection_id = $1"
            assert await here.pool.fetchval(reason, here.connection)

    go(run)


def test_what_is_refused_with_the_newest_token_too_is_not_renewed_for_ever(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with house(module_dsn, sandbox) as here:
            reach = await here.connect()
            sandbox.arm_at("amocrm", "account", "401", times=9)
            try:
                for _ in range(4):
                    with pytest.raises(AuthFailed):
                        await here.account(reach)
            finally:
                sandbox.http.delete("/_faults").raise_for_status()
            assert here.renewals() == 1
            assert (await here.account(reach))["account"]

    go(run)


async def begin_to_renew(here: House, reach: Reach) -> "asyncio.Task[Any]":
    """A renewal whose answer is about to come."""
    here.sandbox.http.delete("/amocrm/_traffic").raise_for_status()
    asking = asyncio.create_task(here.account(reach))

    async def has_arrived() -> bool:
        return bool(here.sandbox.http.get("/amocrm/_traffic").json()["requests"])

    await until(has_arrived)
    return asking


def test_a_pair_outlives_a_restart_of_the_database(module_dsn: str, sandbox: Sandbox) -> None:
    """The old token is used up, and the database is away when the new one comes."""

    async def run() -> None:
        async with proxy_to(module_dsn) as proxy, house(module_dsn, sandbox) as here:
            await here.connect()
            await here.expire()
            pool = await database.open_pool(proxy.own_dsn, size=2, name="cut")
            reach = Reach(pool, Grants(pool, RING, OURS))
            # The renewal's answer takes its time; meanwhile the database goes.
            sandbox.http.post("/amocrm/_settings", json={"latency_s": 0.5}).raise_for_status()
            try:
                asking = await begin_to_renew(here, reach)
                proxy.dead_after = True
                proxy.cut()
                await asyncio.sleep(1.5)
            finally:
                sandbox.http.post("/amocrm/_settings", json={"latency_s": 0}).raise_for_status()
            ending = asyncio.create_task(reach.aclose())
            await asyncio.wait({ending}, timeout=0.3)
            assert not ending.done()  # the end of the process waits for it
            proxy.was_cut.clear()
            await ending
            await asyncio.wait({asking})
            pool.terminate()
            assert (await here.account(here.process()))["account"]
            assert here.renewals() == 1

    go(run)


def test_who_is_late_with_the_next_pair_is_waited_for(module_dsn: str, sandbox: Sandbox) -> None:
    """The lease ended while the database was away; another process used the old token again."""

    async def run() -> None:
        async with house(module_dsn, sandbox) as here:
            first = await here.connect()
            await here.expire()
            old = await first.grants._load(here.active)
            oauth = here.active.connector.oauth
            assert old is not None and oauth is not None
            tokens = await oauth.renew(
                first.client(here.active), here.active.config, OURS, old.tokens.refresh
            )
            asking = asyncio.create_task(here.account(here.process()))
            await asyncio.sleep(0.5)
            await first.grants._keep(here.active, old, tokens)
            assert (await asking)["account"]

    go(run)


def test_revoked_access_is_said_and_asked_for_no_more(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with house(module_dsn, sandbox) as here:
            await here.connect()
            here.door("_revoke", client_id=here.client_id)
            await here.expire()
            for _ in range(3):
                with pytest.raises(AuthFailed) as refused:
                    await here.account(here.process())
                assert "canary" not in str(refused.value)
            assert here.renewals() == 1
            # Connected anew, all is well.
            await here.account(await here.connect())

    go(run)


@pytest.mark.parametrize("kind", ["500", "timeout_before", "429"])
def test_a_renewal_that_did_not_happen_is_tried_again(
    module_dsn: str, sandbox: Sandbox, kind: str
) -> None:
    async def run() -> None:
        async with house(module_dsn, sandbox) as here:
            await here.connect()
            await here.expire()
            sandbox.arm_at("amocrm", "access_token", kind, times=1)
            reach = here.process()
            reach.client(here.active).timeout = 0.3
            with pytest.raises(CallFailed):
                await here.account(reach)
            sandbox.http.delete("/_faults").raise_for_status()
            assert (await here.account(here.process()))["account"]

    go(run)


def test_a_lost_renewal_asks_for_a_person_and_does_not_hang(
    module_dsn: str, sandbox: Sandbox
) -> None:
    """The old token is used up, the new one never came."""

    async def run() -> None:
        async with house(module_dsn, sandbox) as here:
            await here.connect()
            await here.expire()
            sandbox.arm_at("amocrm", "access_token", "timeout_after_accept", times=1)
            reach = here.process()
            reach.client(here.active).timeout = 0.3
            with pytest.raises(Unavailable):
                await here.account(reach)
            with pytest.raises(AuthFailed):
                await here.account(here.process())

    go(run)


def test_tokens_of_the_settings_are_adopted_once(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with house(module_dsn, sandbox) as here:
            reach = await here.connect()
            kept = await reach.grants._load(here.active)
            assert kept is not None and kept.tokens.refresh is not None
            await here.pool.execute(
                "delete from oauth_grant where connection_id = $1", here.connection
            )
            async with here.pool.acquire() as connection, connection.transaction():
                values = {
                    "base_url": f"{sandbox.url}/amocrm",
                    "client_id": here.client_id,
                    "refresh_token": kept.tokens.refresh,
                }
                await manage.change(connection, RING, here.connection, values, rate_per_s=1000.0)
            await here.registry.refresh()
            await here.account(here.process())
            await here.expire()
            await here.account(here.process())
            # The one in the settings was used up by the first; the second used what came of it.
            assert here.renewals() == 2

    go(run)


def test_a_renamed_account_is_found_again(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with house(module_dsn, sandbox) as here:
            await here.connect()

            oauth = here.active.connector.oauth
            assert oauth is not None and oauth.locate is not None
            kept = await Grants(here.pool, RING, OURS)._load(here.active)
            assert kept is not None
            found = await oauth.locate(
                here.process().client(here.active),
                here.active.config,
                kept.tokens.access,
                kept.tokens.refresh,
            )
            # In miniature every account stays at its address.
            assert found == f"{sandbox.url}/amocrm"

    go(run)


def test_what_is_kept_is_sealed(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with house(module_dsn, sandbox) as here:
            reach = await here.connect()
            grant = await reach.grants._load(here.active)
            assert grant is not None
            row = await here.pool.fetchval(
                "select tokens from oauth_grant where connection_id = $1", here.connection
            )
            assert grant.tokens.access.encode() not in row
            with pytest.raises(Exception, match="damaged"):
                RING.open(row, "oauth_grant/0/tokens")

    go(run)


def test_only_who_set_out_comes_back_and_once(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with house(module_dsn, sandbox) as here:
            grants = here.process().grants
            address = await grants.set_out(here.active, "owner")
            state = address.partition("state=")[2].partition("&")[0]
            assert await grants.come_back("state_forged") is None
            found = await grants.come_back(state)
            assert (found["connection_id"], found["made_by"]) == (here.connection, "owner")
            assert await grants.come_back(state) is None

    go(run)
