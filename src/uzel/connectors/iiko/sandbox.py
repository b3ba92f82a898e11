"""iiko in miniature: a till that posts the lives of orders to a hook.

    POST /_run       {"hook": "http://…?key=…", …} → {"run": id}; the fields are those of `RunAsked`
    GET  /_run/{id}  how far it is: see `Run.progress`
    POST /_order     {"hook": …, "phone": …, "status": …}: one order at once

Every post is journalled as operation `webhook`, `effect` being an answer of exactly 200. What gets
another answer or none is posted again; how the real iiko repeats is not documented.
"""

import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import Field
from starlette.responses import Response
from starlette.routing import BaseRoute

from uzel.connectors.iiko.miniature import COMPLETED, Order, Plan, Post, Shift, Update, post_of
from uzel.kit import pushing
from uzel.kit.control import answer, run_doors, taking
from uzel.kit.pushing import OrdersTold, Run, Sender, until_acknowledged
from uzel.kit.sandbox import Desk

SETTINGS: Mapping[str, Any] = {}
EXAMPLES: Mapping[str, Mapping[str, Any]] = {}


class Target(pushing.Target):
    """Where to post. `authorization` is sent as the header of that name (iiko's `authToken`), if
    given.
    """

    authorization: str | None = Field(default=None, pattern=r"^[!-~ ]*$")


class RunAsked(Plan, Target):
    """The body of `POST /_run`. give_up_s: how long a post is repeated until it is acknowledged."""

    give_up_s: float = Field(default=120.0, ge=0)


class OrderAsked(Target):
    """The body of `POST /_order`. The same `order_id` makes it an update of the same order."""

    phone: str | None = "+79990000001"
    status: str = "Delivered"
    name: str = "Мария"
    number: int = 1
    is_table: bool = False
    order_id: str | None = None


def routes(desk: Desk) -> list[BaseRoute]:
    """Control doors only: iiko calls us, we do not call iiko."""

    def begin(asked: RunAsked) -> Run[Post]:
        repeats, tally = until_acknowledged(asked.give_up_s), OrdersTold(orders_of)
        ticks = Shift(asked).ticks()
        return Run(sender_to(desk, asked), asked, [asked.hook], ticks, repeats, tally)

    async def order(asked: OrderAsked) -> Response:
        order_id = asked.order_id or f"{secrets.token_hex(4)}-0000-4000-8000-{asked.number:012x}"
        order = Order(order_id, asked.number, asked.phone, asked.name, asked.is_table)
        post = post_of([Update(order, asked.status, datetime.now(UTC))])
        status = await sender_to(desk, asked).send(desk.http, asked.hook, post, {})
        return answer({"order_id": order_id, "status": status})

    return [*run_doors(desk, RunAsked, begin), taking("/_order", OrderAsked, order)]


def sender_to(desk: Desk, target: Target) -> Sender[Post]:
    headers = {"content-type": "application/json"}
    if target.authorization is not None:
        headers["authorization"] = target.authorization
    return Sender(desk, lambda post: headers, told, lambda status: status == 200)


def told(post: Post) -> Mapping[str, Any]:
    """What the journal tells of a post."""
    orders = [
        {"id": update.order.id, "status": update.status, "phone": update.order.phone}
        for update in post.updates
    ]
    return {"orders": orders}


def orders_of(post: Post) -> Iterator[tuple[str, bool]]:
    """A visit is what is completed and has a phone."""
    for update in post.updates:
        is_visit = update.order.phone is not None and update.status in COMPLETED
        yield update.order.id, is_visit
