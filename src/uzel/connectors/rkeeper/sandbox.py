"""r_keeper in miniature: a restaurant that pushes the lives of its orders to a hook.

    POST /_run       {"hook": "http://…?key=…", …} → {"run": id}; the fields are those of `RunAsked`
    GET  /_run/{id}  how far it is: see `Run.progress`
    POST /_order     {"hook": …, "phone": …, "status": …}: one order at once

Every push is journalled as operation `webhook`, `effect` being an answer of 2xx. What gets another
answer or none is pushed again; whether the real r_keeper repeats is not documented.
"""

import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import Field
from starlette.responses import Response
from starlette.routing import BaseRoute

from uzel.connectors.rkeeper.miniature import Order, Plan, Post, Shape, Shift, Update, post_of
from uzel.kit import pushing
from uzel.kit.control import answer, run_doors, taking
from uzel.kit.pushing import OrdersTold, Run, Sender, until_acknowledged
from uzel.kit.sandbox import Desk

SETTINGS: Mapping[str, Any] = {}
EXAMPLES: Mapping[str, Mapping[str, Any]] = {}


class Target(pushing.Target):
    """Where to push. `token` is sent as the header `token_header`, if given: r_keeper does not say
    what it calls that header.
    """

    token: str | None = Field(default=None, pattern=r"^[!-~ ]*$")
    token_header: str = Field(default="Authorization", pattern=r"^[A-Za-z-]{1,40}$")


class RunAsked(Plan, Target):
    """The body of `POST /_run`. give_up_s: how long a push is repeated until it is acknowledged."""

    give_up_s: float = Field(default=120.0, ge=0)


class OrderAsked(Target):
    """The body of `POST /_order`. The same `order_id` makes it an update of the same order; without
    a phone it is a till's.
    """

    phone: str | None = "+79990000001"
    status: str = "Выполнен"
    name: str = "Мария"
    number: int = Field(default=1, ge=1, lt=10**12)
    shape: Shape = Shape.ORDER
    order_id: str | None = None


def routes(desk: Desk) -> list[BaseRoute]:
    """Control doors only: r_keeper calls us, we do not call r_keeper."""

    def begin(asked: RunAsked) -> Run[Post]:
        repeats, tally = until_acknowledged(asked.give_up_s), OrdersTold(orders_of)
        ticks = Shift(asked).ticks()
        return Run(sender_to(desk, asked), asked, [asked.hook], ticks, repeats, tally)

    async def order(asked: OrderAsked) -> Response:
        order_id = asked.order_id or f"{secrets.token_hex(4)}-0000-4000-8000-{asked.number:012x}"
        order = Order(order_id, asked.number, asked.phone, asked.name)
        update = Update(order, asked.status, asked.status, datetime.now(UTC))
        post = post_of(update, asked.shape)
        status = await sender_to(desk, asked).send(desk.http, asked.hook, post, {})
        return answer({"order_id": order_id, "status": status})

    return [*run_doors(desk, RunAsked, begin), taking("/_order", OrderAsked, order)]


def sender_to(desk: Desk, target: Target) -> Sender[Post]:
    own = {} if target.token is None else {target.token_header: target.token}
    return Sender(desk, lambda post: {"content-type": post.content_type, **own}, told)


def told(post: Post) -> Mapping[str, Any]:
    """What the journal tells of a push."""
    orders = [
        {"id": update.order.id, "status": update.shown, "phone": update.order.phone}
        for update in ([post.update] if post.update else [])
    ]
    return {"orders": orders}


def orders_of(post: Post) -> Iterator[tuple[str, bool]]:
    if post.update is not None:
        yield post.update.order.id, post.update.completes
