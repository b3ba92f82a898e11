"""What has changed is told, be it seen late."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from registry_room import Program, new_program
from running_web import WebApp, running_web
from uzel.crm.syncing import changed_since


@pytest.fixture(scope="module")
def app(shared_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebApp]:
    with running_web(shared_dsn, tmp_path_factory.mktemp("syncing")) as running:
        yield running


def test_what_is_written_long_before_it_is_seen_is_told(app: WebApp) -> None:
    program: Program = new_program(app).log_in()
    first, second = (
        int(program.create("Contacts", lastname=name)["id"].partition("x")[2])
        for name in ("Ким", "Цой")
    )

    async def told() -> list[int]:
        pool = app.deps.pool
        business: int = await pool.fetchval(
            "select business_id from crm_user where id = $1", program.user.id
        )
        async with pool.acquire() as slow, slow.transaction():
            write = "update crm_record set modified_at = clock_timestamp() where id = $1"
            await slow.execute(write, first)
            begun = int(time.time())
            while int(time.time()) < begun + 2:
                await asyncio.sleep(0.05)
            await pool.execute(write, second)
            while int(time.time()) < begun + 3:
                await asyncio.sleep(0.05)
            between = await changed_since(pool, business, ["Contacts"], 0, settled_s=0)
        after = await changed_since(pool, business, ["Contacts"], between.until, settled_s=0)
        return [one.id for one in after.updated]

    assert first in app.run(told)
