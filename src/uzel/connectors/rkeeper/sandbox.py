"""r_keeper in miniature: a restaurant that pushes the lives of its orders to a hook.

    POST /_run       {"hook": "http://…?key=…", …} → {"run": id}; the fields are those of `RunAsked`
    GET  /_run/{id}  how far it is: see `Run.progress`
    POST /_order     {"hook": …, "phone": …, "status": …}: one order at once

Every push is journalled as operation `webhook`, `effect` being an answer of 2xx. What gets another
answer or none is pushed again; whether the real r_keeper repeats is not documented.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any
from urllib.parse import urlsplit

import httpx2
import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from uzel.connectors.rkeeper.miniature import Order, Plan, Post, Shape, Shift, Update, post_of
from uzel.kit.faults import FaultKind
from uzel.kit.sandbox import Desk, Entry

SETTINGS: Mapping[str, Any] = {}
EXAMPLES: Mapping[str, Mapping[str, Any]] = {}

TIMEOUT_S = 15.0
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0


class Target(BaseModel):
    """Where to push. `hook` is an HTTP address with its key; `token` is sent as the header
    `token_header`, if given: r_keeper does not say what it calls that header.
    """

    model_config = ConfigDict(extra="forbid")

    hook: str
    token: str | None = Field(default=None, pattern=r"^[!-~ ]*$")
    token_header: str = Field(default="Authorization", pattern=r"^[A-Za-z-]{1,40}$")

    @field_validator("hook", mode="after")
    @classmethod
    def _is_http(cls, value: str) -> str:
        url = urlsplit(value)  # raises ValueError itself
        if url.scheme not in ("http", "https") or not url.hostname or url.port == 0:
            raise ValueError("not an HTTP address")
        try:
            httpx2.URL(value)
        except httpx2.InvalidURL as error:
            raise ValueError(str(error)) from error
        return value


class RunAsked(Plan, Target):
    """The body of `POST /_run`.

    duplicates   share of the pushes that come a second time although the first was acknowledged
    concurrency  connections
    give_up_s    how long a push is repeated until it is acknowledged
    """

    duplicates: float = Field(default=0.0, ge=0, le=1)
    concurrency: int = Field(default=16, ge=1, le=256)
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
    restaurant = Restaurant(desk)
    return [
        Route("/_run", restaurant.start, methods=["POST"]),
        Route("/_run/{run_id}", restaurant.progress),
        Route("/_order", restaurant.order, methods=["POST"]),
    ]


class Restaurant:
    """The doors, and the runs that were started through them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._runs: dict[str, Run] = {}

    async def start(self, request: Request) -> Response:
        try:
            asked = RunAsked.model_validate_json(await request.body())
        except ValidationError as error:
            return refusal(error)
        run = Run(self._desk, asked, secrets.token_hex(4))
        self._runs[run.id] = run
        self._desk.spawn(run.go())
        return answer({"run": run.id}, 201)

    async def progress(self, request: Request) -> Response:
        run = self._runs.get(request.path_params["run_id"])
        return answer(run.progress()) if run else answer({"errors": ["no such run"]}, 404)

    async def order(self, request: Request) -> Response:
        try:
            asked = OrderAsked.model_validate_json(await request.body())
        except ValidationError as error:
            return refusal(error)
        order_id = asked.order_id or f"{secrets.token_hex(4)}-0000-4000-8000-{asked.number:012x}"
        order = Order(order_id, asked.number, asked.phone, asked.name)
        update = Update(order, asked.status, asked.status, datetime.now(UTC))
        sender = Sender(self._desk, self._desk.http, asked)
        status = await sender.send(post_of(update, asked.shape), {})
        return answer({"order_id": order_id, "status": status})


class Sender:
    """Pushes to one hook and writes each push down."""

    def __init__(self, desk: Desk, http: httpx2.AsyncClient, target: Target) -> None:
        self._desk = desk
        self._http = http
        self._hook = target.hook
        self._headers = {} if target.token is None else {target.token_header: target.token}

    async def send(self, post: Post, context: Mapping[str, Any]) -> int | None:
        """The status of the answer, None where there was none."""
        at = datetime.now(UTC)
        headers = {"content-type": post.content_type, **self._headers}
        try:
            answered = await self._http.post(self._hook, content=post.body, headers=headers)
            status = answered.status_code
        except httpx2.HTTPError:
            status = None
        self.note(post, context, at, status)
        return status

    def note(
        self,
        post: Post,
        context: Mapping[str, Any],
        at: datetime,
        status: int | None,
        fault: FaultKind | None = None,
    ) -> None:
        """Write a push into the journal, without the key in the hook's address."""
        orders = [
            {"id": update.order.id, "status": update.shown, "phone": update.order.phone}
            for update in ([post.update] if post.update else [])
        ]
        entry = Entry(
            at=at,
            connector=self._desk.connector,
            operation="webhook",
            method="POST",
            path=urlsplit(self._hook).path,
            status=status,
            request={**context, "orders": orders},
            fault=fault,
            effect=acknowledged(status),
        )
        self._desk.journal.append(entry)


class Run:
    """One run in the background. Its pace is that of the clock: a slow receiver makes pushes wait,
    it does not make orders rarer.
    """

    def __init__(self, desk: Desk, asked: RunAsked, run_id: str) -> None:
        self.id = run_id
        self._desk = desk
        self._asked = asked
        self._random = Random(asked.seed)  # noqa: S311 - no secret depends on it
        self._posts: asyncio.Queue[Post | None] = asyncio.Queue()
        self._counts: Counter[str] = Counter()
        self._orders: set[str] = set()
        self._visits: set[str] = set()
        self._finished = False

    def progress(self) -> dict[str, Any]:
        """sent: requests made; acknowledged, failed, lost: pushes that ended so; waiting: pushes
        whose time has come; distinct_orders: orders an acknowledged push told of; visits: those
        of them that are completed and have a phone.
        """
        ends = {name: self._counts[name] for name in ("sent", "acknowledged", "failed", "lost")}
        return {
            "run": self.id,
            "finished": self._finished,
            **ends,
            "waiting": self._posts.qsize(),
            "distinct_orders": len(self._orders),
            "visits": len(self._visits),
        }

    async def go(self) -> None:
        limits = httpx2.Limits(max_connections=self._asked.concurrency)
        async with (
            httpx2.AsyncClient(timeout=TIMEOUT_S, limits=limits, trust_env=False) as http,
            asyncio.TaskGroup() as group,
        ):
            sender = Sender(self._desk, http, self._asked)
            group.create_task(self._produce())
            for _ in range(self._asked.concurrency):
                group.create_task(self._work(sender))
        self._finished = True

    async def _produce(self) -> None:
        clock = asyncio.get_running_loop().time
        start = clock()
        for tick, posts in enumerate(Shift(self._asked).ticks()):
            for post in posts:
                self._posts.put_nowait(post)
            await asyncio.sleep(max(0.0, start + (tick + 1) / self._asked.per_s - clock()))
        for _ in range(self._asked.concurrency):
            self._posts.put_nowait(None)

    async def _work(self, sender: Sender) -> None:
        while (post := await self._posts.get()) is not None:
            copies = self._desk.webhook_copies()
            if copies == 0:
                self._counts["lost"] += 1
                fault = FaultKind.LOST_WEBHOOK
                sender.note(post, {"run": self.id}, datetime.now(UTC), None, fault)
            elif self._random.random() < self._asked.duplicates:
                copies += 1
            for _ in range(copies):
                await self._until_acknowledged(sender, post)

    async def _until_acknowledged(self, sender: Sender, post: Post) -> None:
        clock = asyncio.get_running_loop().time
        end = clock() + self._asked.give_up_s
        pause_s = FIRST_PAUSE_S
        while True:
            self._counts["sent"] += 1
            if acknowledged(await sender.send(post, {"run": self.id})):
                self._acknowledged(post)
                return
            if clock() + pause_s > end:
                self._counts["failed"] += 1
                return
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _acknowledged(self, post: Post) -> None:
        self._counts["acknowledged"] += 1
        if post.update is not None:
            self._orders.add(post.update.order.id)
            if post.update.completes:
                self._visits.add(post.update.order.id)


def acknowledged(status: int | None) -> bool:
    return status is not None and 200 <= status < 300


def refusal(error: ValidationError) -> Response:
    # The input is left out: it may hold the hook's key, and a body may be no text at all.
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    return answer({"errors": errors}, 400)


def answer(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
