"""The demo's registry: made once, with something to look at on every page."""

import asyncio
from typing import Any

from parts import RING
from uzel.demo import business, registry
from uzel.kit import database


def test_a_second_start_leaves_it_as_it_is(dsn: str) -> None:
    async def story() -> tuple[list[Any], list[dict[str, str]]]:
        connection = await database.connect(dsn, name="test")
        keys = []
        for _ in range(2):
            async with connection.transaction():
                await business.fill(connection, RING, "http://127.0.0.1:1")
                keys.append(await registry.ensure(connection, RING))
        found = await connection.fetch("select module, doubts from crm_record order by id")
        await connection.close()
        return list(found), keys

    rows, keys = asyncio.run(story())
    modules = [row["module"] for row in rows]
    wanted = (len(registry.PEOPLE), len(registry.COMPANIES), len(registry.PROJECTS), 1)
    names = ("Contacts", "Accounts", "Project", "Documents")
    assert tuple(modules.count(name) for name in names) == wanted
    doubtful = [row["doubts"] for row in rows if row["doubts"]]
    assert [{it["field"] for it in doubts} for doubts in doubtful] == [
        {"birthday", "cf_contacts_inn"}
    ]
    assert keys[0]["access_key"] != keys[1]["access_key"]
