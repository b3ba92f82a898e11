"""Who asks much waits for itself, and others do not."""

import asyncio
import contextlib
import json

import pytest

from registry_room import Program, pdf
from uzel.crm.sessions import Sessions
from uzel.web.vtiger import asking, documents
from uzel.web.vtiger.operation import Call
from uzel.web.vtiger.parameters import NoRoom
from uzel.web.vtiger.turns import Turns


async def settled() -> None:
    """Whoever can go on has gone on."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_one_registry_leaves_turns_to_another() -> None:
    async def all_of_it() -> None:
        turns, go_on, inside = Turns(3, 2, 10), asyncio.Event(), list[int]()

        async def ask(business_id: int) -> None:
            async with turns.take(business_id):
                inside.append(business_id)
                await go_on.wait()

        many = [asyncio.create_task(ask(1)) for _ in range(5)]
        await settled()
        assert inside == [1, 1]
        other = [asyncio.create_task(ask(2)) for _ in range(2)]
        await settled()
        assert inside == [1, 1, 2]
        go_on.set()
        await asyncio.gather(*many, *other)
        assert sorted(inside) == [1] * 5 + [2] * 2

    asyncio.run(all_of_it())


def test_not_everybody_may_wait_and_who_leaves_gives_back() -> None:
    async def all_of_it() -> None:
        turns = Turns(1, 1, 1)
        async with turns.take(1):
            waiting = asyncio.create_task(turns.take(1).__aenter__())
            await settled()
            with pytest.raises(NoRoom):
                async with turns.take(2):
                    pass
            waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await waiting
        for _ in range(3):
            async with turns.take(1):
                pass

    asyncio.run(all_of_it())


def test_what_costs_much_takes_a_turn(program: Program) -> None:
    element = {"assigned_user_id": f"19x{program.user.id}", "notes_title": "договор"}
    said = {
        **{"operation": "create", "sessionName": program.session},
        **{"elementType": "Documents", "element": json.dumps(element)},
    }
    made = program.send("POST", said, files={"f": ("a.pdf", pdf())}).json()["result"]["id"]

    async def asked() -> None:
        deps = program.app.deps
        sessions = Sessions(deps.pool, deps.ring)
        given = {"id": made, "query": "select * from Documents;"}
        call = Call(deps.pool, deps.ring, sessions, "GET", given, program.session)
        call.user = await sessions.user(program.session)
        for operation in (documents.retrieve, asking.query):
            assert await operation(call)
            call.turns = Turns(0, 0, 0)
            with pytest.raises(NoRoom):
                await operation(call)
            call.turns = Turns()

    program.app.run(asked)
