"""How YCLIENTS in miniature posts: each event to every address, few tries, no promise."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any
from urllib.parse import urlsplit

import httpx2
from pydantic import BaseModel, ConfigDict, Field, field_validator

from uzel.connectors.yclients.lives import COMPANY_ID, Plan, Post, Shift, Step
from uzel.kit.faults import FaultKind
from uzel.kit.sandbox import Desk, Entry

TIMEOUT_S = 15.0


class Target(BaseModel):
    """Where to post. `hook` is an HTTP address with its key; None: the addresses that the company
    has been given through the API.
    """

    model_config = ConfigDict(extra="forbid")

    hook: str | None = None
    company_id: int = Field(default=COMPANY_ID, gt=0, lt=10**15)

    @field_validator("hook", mode="after")
    @classmethod
    def _is_http(cls, value: str | None) -> str | None:
        if value is None:
            return None
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

    duplicates   share of the posts that come a second time although the first was acknowledged
    concurrency  connections
    tries        how often a post is sent that gets no 2xx; a 4xx other than 429 ends it at once
                 (Altegio: three in all, 1.5 s apart; its public documentation says one)
    """

    duplicates: float = Field(default=0.0, ge=0, le=1)
    concurrency: int = Field(default=16, ge=1, le=256)
    tries: int = Field(default=3, ge=1, le=1000)
    pause_s: float = Field(default=1.5, ge=0, le=60)


class Sender:
    """Posts to some addresses and writes each post down."""

    def __init__(self, desk: Desk, http: httpx2.AsyncClient, hooks: Sequence[str]) -> None:
        self._desk = desk
        self._http = http
        self.hooks = hooks

    async def send(self, post: Post, hook: str, context: Mapping[str, Any]) -> int | None:
        """The status of the answer, None where there was none."""
        at = datetime.now(UTC)
        headers = {"content-type": "application/json"}
        try:
            answered = await self._http.post(hook, content=post.body, headers=headers)
            status = answered.status_code
        except httpx2.HTTPError:
            status = None
        self.note(post, hook, context, at, status)
        return status

    def note(
        self,
        post: Post,
        hook: str,
        context: Mapping[str, Any],
        at: datetime,
        status: int | None,
        fault: FaultKind | None = None,
    ) -> None:
        """Write a post into the journal, without the key in the hook's address."""
        entry = Entry(
            at=at,
            connector=self._desk.connector,
            operation="webhook",
            method="POST",
            path=urlsplit(hook).path,
            status=status,
            request={**context, "records": described(post.step)},
            fault=fault,
            effect=is_taken(status),
        )
        self._desk.journal.append(entry)


class Run:
    """One run in the background. Its pace is that of the clock: a slow receiver makes posts wait,
    it does not make visits rarer. `tell` hears of each change when it happens, delivered or not.
    """

    def __init__(
        self,
        desk: Desk,
        asked: RunAsked,
        run_id: str,
        hooks: Sequence[str],
        tell: Callable[[Step], None],
    ) -> None:
        self.id = run_id
        self._desk = desk
        self._asked = asked
        self._hooks = hooks
        self._tell = tell
        self._random = Random(asked.seed)  # noqa: S311 - no secret depends on it
        self._posts: asyncio.Queue[Post | None] = asyncio.Queue()
        self._counts: Counter[str] = Counter()
        self._newest: dict[int, Step] = {}
        self._finished = False

    def progress(self) -> dict[str, Any]:
        """sent: requests made; acknowledged, failed, lost: posts that ended so; waiting: posts
        whose time has come; distinct_orders: records an acknowledged post told of; visits: visits
        whose newest acknowledged word is that a guest with a phone came.
        """
        ends = {name: self._counts[name] for name in ("sent", "acknowledged", "failed", "lost")}
        visits = {step.record.visit_id for step in self._newest.values() if step.is_visit}
        return {
            "run": self.id,
            "finished": self._finished,
            **ends,
            "waiting": self._posts.qsize(),
            "distinct_orders": len(self._newest),
            "visits": len(visits),
        }

    async def go(self) -> None:
        limits = httpx2.Limits(max_connections=self._asked.concurrency)
        async with (
            httpx2.AsyncClient(timeout=TIMEOUT_S, limits=limits, trust_env=False) as http,
            asyncio.TaskGroup() as group,
        ):
            sender = Sender(self._desk, http, self._hooks)
            group.create_task(self._produce())
            for _ in range(self._asked.concurrency):
                group.create_task(self._work(sender))
        self._finished = True

    async def _produce(self) -> None:
        clock = asyncio.get_running_loop().time
        start = clock()
        for tick, posts in enumerate(Shift(self._asked, self._asked.company_id).ticks()):
            for post in posts:
                if post.step is not None:
                    self._tell(post.step)
                self._posts.put_nowait(post)
            await asyncio.sleep(max(0.0, start + (tick + 1) / self._asked.per_s - clock()))
        for _ in range(self._asked.concurrency):
            self._posts.put_nowait(None)

    async def _work(self, sender: Sender) -> None:
        while (post := await self._posts.get()) is not None:
            copies = self._desk.webhook_copies()
            if copies == 0:
                self._counts["lost"] += 1
                now, fault = datetime.now(UTC), FaultKind.LOST_WEBHOOK
                sender.note(post, sender.hooks[0], {"run": self.id}, now, None, fault)
            elif self._random.random() < self._asked.duplicates:
                copies += 1
            for hook in [*sender.hooks] * copies:
                await self._deliver(sender, post, hook)

    async def _deliver(self, sender: Sender, post: Post, hook: str) -> None:
        for nth in range(self._asked.tries):
            if nth:
                await asyncio.sleep(self._asked.pause_s)
            self._counts["sent"] += 1
            status = await sender.send(post, hook, {"run": self.id})
            if is_taken(status):
                self._acknowledged(post)
                return
            if status is not None and 400 <= status < 500 and status != 429:
                break
        self._counts["failed"] += 1

    def _acknowledged(self, post: Post) -> None:
        self._counts["acknowledged"] += 1
        if (step := post.step) is None:
            return
        newest = self._newest.get(step.record.id)
        if newest is None or newest.at <= step.at:
            self._newest[step.record.id] = step


def is_taken(status: int | None) -> bool:
    """Any 2xx will do."""
    return status is not None and 200 <= status < 300


def described(step: Step | None) -> list[dict[str, Any]]:
    """What the journal tells of a post."""
    if step is None:
        return []
    record = step.record
    return [
        {
            "id": record.id,
            "visit_id": record.visit_id,
            "attendance": step.attendance,
            "status": step.status,
            "deleted": step.deleted,
            "phone": record.phone,
        }
    ]
