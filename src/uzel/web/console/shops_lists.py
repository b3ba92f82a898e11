"""What a person chooses from in amoCRM, read live; whatever cannot be read says why."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, HTTPException
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from uzel.connections.registry import Active
from uzel.connector import Operation
from uzel.errors import CallFailed, ConfigError
from uzel.flows.kaspi_orders.settings import LOST, WON
from uzel.people.store import note
from uzel.web.console import words
from uzel.web.console.connections import find
from uzel.web.console.desk import AdminDesk, Desk
from uzel.web.console.language import mark as m

READ_WITHIN_S = 15.0
# The stage of requests nobody has taken up: no deal is made there.
INCOMING = 1
CLOSING = (WON, LOST)
Item = Mapping[str, Any]

router = APIRouter(include_in_schema=False)


@dataclass(slots=True)
class Lists:
    """Operation → what it gave; `problems`: operation → why it gave nothing."""

    found: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    problems: dict[str, Markup] = field(default_factory=dict)

    def of(self, operation: str) -> list[dict[str, Any]]:
        """Empty where it could not be read."""
        return self.found.get(operation, [])

    def has(self, operation: str) -> bool:
        """Whether it could be read."""
        return operation in self.found

    @property
    def stage_names(self) -> dict[str, str]:
        """`pipeline:stage` → what people call it."""
        return {
            f"{pipeline['id']}:{stage['id']}": f"{pipeline['name']}: {stage['name']}"
            for pipeline in self.of("pipelines")
            for stage in pipeline["stages"]
        }

    def pipeline(self, pipeline_id: int | None) -> Item | None:
        """The one with this id."""
        return next((it for it in self.of("pipelines") if it["id"] == pipeline_id), None)

    def name_of(self, operation: str, number: int) -> str:
        """What people call one of a list; its number where it could not be read."""
        names = (it["name"] for it in self.of(operation) if it["id"] == number)
        return next(names, None) or f"№ {number}"

    def ranks(self, pipeline_id: int | None) -> dict[str, int]:
        """`pipeline:stage` → its place, of the open stages of a pipeline."""
        pipeline = self.pipeline(pipeline_id) or {"stages": ()}
        return {
            f"{pipeline_id}:{stage['id']}": stage["sort"] or 0
            for stage in pipeline["stages"]
            if stage["id"] not in CLOSING
        }


async def read_lists(
    desk: Desk,
    active: Active | None,
    asked: Mapping[str, Mapping[str, Any]],
    within_s: float = READ_WITHIN_S,
) -> Lists:
    """Operation → arguments, all read at the same time."""
    lists = Lists()
    if active is None or active.config is None or active.state == "off":
        said = desk.language.text(m("Подключение к amoCRM выключено или не настроено."))
        lists.problems = dict.fromkeys(asked, said)
        return lists
    operations = active.connector.operations
    await asyncio.gather(
        *(read(desk, active, operations[name], asked[name], lists, within_s) for name in asked)
    )
    return lists


async def read(
    desk: Desk,
    active: Active,
    operation: Operation,
    arguments: Mapping[str, Any],
    lists: Lists,
    within_s: float,
) -> None:
    """One list, or why not."""
    name = operation.name
    try:
        async with asyncio.timeout(within_s):
            answer = await desk.deps.reach.ask_lately(active, operation, arguments)
    except TimeoutError:
        lists.problems[name] = desk.language.text(m("amoCRM не отвечает."))
    except (CallFailed, ConfigError) as error:
        lists.problems[name] = words.detail(desk.language, str(error))
    else:
        lists.found[name] = next(iter(answer.data.values()))


async def create_once(
    desk: Desk, active: Active, name: str, arguments: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Make something a person asked for, unless it is there: a second press makes no second one.
    Raises CallFailed, ConfigError, TimeoutError.
    """
    operation, reach = active.connector.operations[name], desk.deps.reach
    reach.forget(active.id)
    async with asyncio.timeout(READ_WITHIN_S):
        there = await reach.look_up(active, operation, "", arguments)
        answer = there or await reach.ask(active, operation, arguments)
    return answer.data


@router.get("/connections/{connection_id}/grant")
async def set_out(desk: AdminDesk, connection_id: str) -> Response:
    """To the page of the account where its owner agrees; they come back to our callback."""
    active = await find(desk, connection_id)
    oauth = active.connector.oauth
    if oauth is None or active.config is None or not oauth.ready(active.config):
        raise HTTPException(404)
    url = await desk.deps.reach.grants.set_out(active, desk.person.login)
    await note(desk.deps.pool, desk.person.login, "set_out", f"connection:{active.id}", {})
    return RedirectResponse(url, 303, {"cache-control": "no-store"})


def stage_choices(pipelines: Sequence[Item]) -> list[tuple[str, list[tuple[str, str]]]]:
    """(pipeline, [(`pipeline:stage`, name)]) where a deal may begin: archived pipelines and the
    stages of incoming requests and of closed deals left out.
    """
    return [
        (
            pipeline["name"],
            [
                (f"{pipeline['id']}:{stage['id']}", stage["name"])
                for stage in pipeline["stages"]
                if stage["type"] != INCOMING and stage["id"] not in CLOSING
            ],
        )
        for pipeline in pipelines
        if not pipeline["is_archive"]
    ]
