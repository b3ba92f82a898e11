"""A real server of vtiger's protocol behind the sandbox, with what its examples speak of."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from parts import Sandbox
from registry_room import Program, new_form
from running_web import WebApp, running_web
from uzel.connections.business_store import add_business
from uzel.connectors.vtiger import examples
from uzel.crm import session_store, user_store
from uzel.crm.users import KEY_PLACE, NewUser, add_user
from uzel.kit.secrets import fingerprint

IDLE_S = 3600


@contextlib.contextmanager
def vtiger_behind(sandbox: str, dsn: str, data_dir: Path) -> Iterator[WebApp]:
    """Requests to the sandbox's vtiger reach this server until the block ends."""
    with running_web(dsn, data_dir) as app, httpx2.Client(trust_env=False) as http:
        furnish(app)
        door = f"{sandbox}/vtiger/_server"
        http.post(door, json={"url": app.url}).raise_for_status()
        try:
            yield app
        finally:
            http.delete(door).raise_for_status()


@pytest.fixture(scope="module")
def program(
    shared_dsn: str, sandbox_server: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Program]:
    """Somebody else who works in the vtiger behind the sandbox."""
    with vtiger_behind(sandbox_server.url, shared_dsn, tmp_path_factory.mktemp("crm")) as app:
        user = NewUser(examples.USER, examples.LOGIN, examples.ACCESS_KEY)
        yield Program(app, user, examples.SESSION)


def furnish(app: WebApp) -> Program:
    """The account, session, records and form of `examples`."""
    program = Program(app, app.run(lambda: open_account(app)), examples.SESSION)
    assert program.post("CreateContact", **examples.CONTACT) == str(examples.PERSON)
    spare = program.create("Contacts", lastname="Лишний", firstname="Лев")
    assert spare["id"] == f"12x{examples.SPARE}"
    assert program.post("CreateAccount", **examples.ACCOUNT) == str(examples.COMPANY)
    public_id, _ = new_form(program, "договор")
    app.run(
        lambda: app.deps.pool.execute(
            "update crm_form set public_id = $2 where public_id = $1",
            public_id,
            examples.PUBLIC_ID,
        )
    )
    return program


async def open_account(app: WebApp) -> NewUser:
    """Numbers, key and session that are known beforehand."""
    ring, pool = app.deps.ring, app.deps.pool
    async with pool.acquire() as connection, connection.transaction():
        for table, number in (("crm_user", examples.USER), ("crm_record", examples.PERSON)):
            await connection.execute(f"alter table {table} alter id restart with {number}")
        business = await add_business(connection, "Образец", "Europe/Moscow")
        user = await add_user(connection, ring, business, examples.LOGIN, is_admin=True)
        assert user.id == examples.USER
        sealed = ring.seal(examples.ACCESS_KEY.encode(), KEY_PLACE.format(user.id))
        await user_store.set_key(connection, user.id, sealed)
    await session_store.add_session(pool, fingerprint(examples.SESSION), user.id, sealed, IDLE_S)
    return NewUser(user.id, user.login, examples.ACCESS_KEY)
