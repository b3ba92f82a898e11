"""A registry that becomes deals of amoCRM behind a console; amoCRM is the sandbox, over HTTP."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console_visitor import Visitor, rows, value
from mirrored import Mirrored, open_mirrored
from parts import RING, Sandbox, new_phone
from running_web import WebApp, running_web
from sample_data import ADMIN, OPERATOR
from shops_console import KEY
from uzel.connections import manage
from uzel.people.manage import save_person

CANARY = "<script>alert('x')</script>"
REFUSED = f"contact: amoCRM: {CANARY}"
UNWRITTEN = "note: amoCRM: сделки нет"
LONG = "Абдрахмановская-Нурсулташвили Константинопольская"


@dataclass
class MirrorConsole:
    """`olga` is an administrator, `ivan` an operator. The numbers of people: with a deal, stuck,
    waiting, with a note that is not written; silent: an amoCRM that does not answer.
    """

    web: WebApp
    business: int
    mirror: int
    amocrm: int
    silent: int
    done: int
    stuck: int
    waits: int
    unwritten: int
    olga: Visitor
    ivan: Visitor

    def value(self, query: str, *values: Any) -> Any:
        return value(self.web, query, *values)

    def rows(self, query: str, *values: Any) -> list[Any]:
        return rows(self.web, query, *values)

    def item(self, number: int) -> Any:
        """What is mirrored of a person."""
        (row,) = self.rows("select * from crm_mirrored where number = $1", f"12x{number}")
        return row

    def acts(self, action: str) -> list[Any]:
        """(actor, subject, detail) in the audit."""
        query = "select actor, subject, detail from audit where action = $1 order by id"
        return self.rows(query, action)

    def state(self) -> str:
        found: str = self.value("select state from crm_mirror where id = $1", self.mirror)
        return found


@contextlib.contextmanager
def mirror_console(dsn: str, sandbox: Sandbox, folder: Path) -> Iterator[MirrorConsole]:
    """One, filled by the real parts as far as they can do it."""
    made: list[tuple[int, int, int, int, int, int, int, int]] = []

    async def fill() -> None:
        async with open_mirrored(dsn, sandbox) as room:
            people = await people_of(room)
            silent = await more_of(room)
            made.append((room.hub.business, room.id, room.amocrm, silent, *people))

    asyncio.run(fill())
    with running_web(dsn, folder, master_key=KEY) as web:
        people = (Visitor(web.url).sign_in(*who) for who in (ADMIN, OPERATOR))
        yield MirrorConsole(web, *made[0], *people)


async def people_of(room: Mirrored) -> tuple[int, int, int, int]:
    """One of each kind."""
    done = await room.person("Готовая", new_phone(), firstname="Анна")
    unwritten = await room.person("Без примечания", new_phone())
    await room.work()
    stuck = await room.person(f"{LONG} {CANARY}", new_phone())
    waits = await room.person("Ждущая", new_phone())
    await room.mirrors.work()
    execute = room.hub.pool.execute
    await execute("delete from call where state = 'planned'")
    said = "update crm_mirrored set step = $2, reason = $3 where number = $1"
    await execute(said, f"12x{stuck.id}", "stuck", REFUSED)
    await execute(said, f"12x{unwritten.id}", "done", UNWRITTEN)
    return done.id, stuck.id, waits.id, unwritten.id


async def more_of(room: Mirrored) -> int:
    """People, and an amoCRM that does not answer."""
    async with room.hub.pool.acquire() as connection, connection.transaction():
        await save_person(connection, *ADMIN, "admin")
        await save_person(connection, *OPERATOR, "operator")
        settings = {"access_token": "token-silent", "base_url": "http://127.0.0.1:9/amocrm"}
        silent = await manage.add(
            *(connection, RING, "amocrm", "молчит", settings), business_id=room.hub.business
        )
        return silent.id
