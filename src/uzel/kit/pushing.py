"""Sandboxes that push: what happens at a provider in miniature, posted to a hook.

A connector keeps the shapes and the lives of its orders; what differs in the posting itself it
gives as plain functions, see `Sender` and `Run`. The doors of runs are `control.run_doors`. Every
post is journalled as operation `webhook`, without the key in the hook's address.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Annotated, Any, Generic, Protocol, TypeVar
from urllib.parse import urlsplit

import httpx2
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from uzel.kit.faults import FaultKind
from uzel.kit.sandbox import Desk, Entry

TIMEOUT_S = 15.0
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
# Beyond it the pause has long been the longest.
MOST_DOUBLINGS = 10

# (attempts so far, status of the last answer, seconds since the first) → the pause before the next
# attempt, None where there is none.
Pause = Callable[[int, int | None, float], float | None]


def http_address(value: str) -> str:
    """Raises ValueError."""
    url = urlsplit(value)
    if url.scheme not in ("http", "https") or not url.hostname or url.port == 0:
        raise ValueError("not an HTTP address")
    try:
        httpx2.URL(value)
    except httpx2.InvalidURL as error:
        raise ValueError(str(error)) from error
    return value


Hook = Annotated[str, AfterValidator(http_address)]


class Target(BaseModel):
    """Where to post. `hook` is an HTTP address with its key."""

    model_config = ConfigDict(extra="forbid")

    hook: Hook


class Plan(BaseModel):
    """What every run has; a connector's own adds what its orders can be.

    count         orders
    per_s         orders begun a second; what each has to tell follows at the same pace
    out_of_order  share of the orders whose posts arrive last first
    no_phone      share of the orders without a phone
    noise         chance, at each new order, of an event that is about no order
    first_phone   of the first order that has one; the others' follow
    seed          the same seed gives the same orders with the same ids; None: new ones
    duplicates    share of the posts that come a second time although the first was acknowledged
    concurrency   connections
    """

    model_config = ConfigDict(extra="forbid")

    count: int = Field(default=100, ge=1, le=1_000_000)
    per_s: float = Field(default=10.0, gt=0, le=100_000)
    out_of_order: float = Field(default=0.0, ge=0, le=1)
    no_phone: float = Field(default=0.0, ge=0, le=1)
    noise: float = Field(default=0.0, ge=0, le=1)
    first_phone: str = Field(default="+79990000001", pattern=r"^\+[0-9]{10,15}$")
    seed: int | None = None
    duplicates: float = Field(default=0.0, ge=0, le=1)
    concurrency: int = Field(default=16, ge=1, le=256)


class Post(Protocol):
    """One request as it goes out; a connector's own holds what it tells of, too."""

    @property
    def body(self) -> bytes: ...


P = TypeVar("P", bound=Post)
P_contra = TypeVar("P_contra", bound=Post, contravariant=True)


class Tally(Protocol[P_contra]):
    """What a run counts of the posts that were acknowledged."""

    def add(self, post: P_contra) -> None: ...

    def figures(self) -> Mapping[str, int]:
        """distinct_orders: orders told of; visits: those of them that are visits to ask about."""


def is_success(status: int | None) -> bool:
    """Any 2xx."""
    return status is not None and 200 <= status < 300


@dataclass(frozen=True, slots=True)
class Sender(Generic[P]):
    """Posts and writes each post down.

    headers       of a post, its content-type too
    told          what the journal tells of a post
    acknowledges  which status does; it is what the journal calls an effect
    """

    desk: Desk
    headers: Callable[[P], Mapping[str, str]]
    told: Callable[[P], Mapping[str, Any]]
    acknowledges: Callable[[int | None], bool] = is_success

    async def send(
        self, http: httpx2.AsyncClient, hook: str, post: P, context: Mapping[str, Any]
    ) -> int | None:
        """The status of the answer, None where there was none. `context` goes into the journal."""
        at = datetime.now(UTC)
        status = await status_of(http.post(hook, content=post.body, headers=self.headers(post)))
        request = {**context, **self.told(post)}
        note(self.desk, hook, at, status, request, effect=self.acknowledges(status))
        return status

    def lose(self, hook: str, post: P, context: Mapping[str, Any]) -> None:
        """Only write down that it never went out."""
        fault, request = FaultKind.LOST_WEBHOOK, {**context, **self.told(post)}
        note(self.desk, hook, datetime.now(UTC), None, request, effect=False, fault=fault)


async def status_of(answering: Awaitable[httpx2.Response]) -> int | None:
    """None where no answer came."""
    try:
        return (await answering).status_code
    except httpx2.HTTPError:
        return None


def note(
    desk: Desk,
    hook: str,
    at: datetime,
    status: int | None,
    request: Mapping[str, Any],
    *,
    effect: bool,
    fault: FaultKind | None = None,
) -> None:
    """Write a post into the journal: of the address the path only, since its query holds a key."""
    entry = Entry(
        at=at,
        connector=desk.connector,
        operation="webhook",
        method="POST",
        path=urlsplit(hook).path,
        status=status,
        request=request,
        fault=fault,
        effect=effect,
    )
    desk.journal.append(entry)


class Run(Generic[P]):
    """One run in the background. Its pace is that of the clock: a slow receiver makes posts wait,
    it does not make orders rarer.

    hooks    each post goes to all of them
    ticks    the posts of each tick, `asked.per_s` ticks a second; each is taken when its time has
             come
    pause_s  whether and when a post that was not acknowledged is sent again
    """

    def __init__(
        self,
        sender: Sender[P],
        asked: Plan,
        hooks: Sequence[str],
        ticks: Iterator[Sequence[P]],
        pause_s: Pause,
        tally: Tally[P],
    ) -> None:
        self.id = secrets.token_hex(4)
        self._sender = sender
        self._asked = asked
        self._hooks = hooks
        self._ticks = ticks
        self._pause_s = pause_s
        self._tally = tally
        self._context = {"run": self.id}
        self._random = Random(asked.seed)  # noqa: S311 - no secret depends on it
        self._posts: asyncio.Queue[P | None] = asyncio.Queue()
        self._counts: Counter[str] = Counter()
        self._finished = False

    def progress(self) -> dict[str, Any]:
        """sent: requests made; acknowledged, failed, lost: posts that ended so; waiting: posts
        whose time has come; and the figures of the tally.
        """
        ends = {name: self._counts[name] for name in ("sent", "acknowledged", "failed", "lost")}
        return {
            **self._context,
            "finished": self._finished,
            **ends,
            "waiting": self._posts.qsize(),
            **self._tally.figures(),
        }

    async def go(self) -> None:
        limits = httpx2.Limits(max_connections=self._asked.concurrency)
        async with (
            httpx2.AsyncClient(timeout=TIMEOUT_S, limits=limits, trust_env=False) as http,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(self._produce())
            for _ in range(self._asked.concurrency):
                group.create_task(self._work(http))
        self._finished = True

    async def _produce(self) -> None:
        clock = asyncio.get_running_loop().time
        start = clock()
        for tick, posts in enumerate(self._ticks):
            for post in posts:
                self._posts.put_nowait(post)
            await asyncio.sleep(max(0.0, start + (tick + 1) / self._asked.per_s - clock()))
        for _ in range(self._asked.concurrency):
            self._posts.put_nowait(None)

    async def _work(self, http: httpx2.AsyncClient) -> None:
        while (post := await self._posts.get()) is not None:
            copies = self._sender.desk.webhook_copies()
            if copies == 0:
                self._counts["lost"] += 1
                self._sender.lose(self._hooks[0], post, self._context)
            elif self._random.random() < self._asked.duplicates:
                copies += 1
            for hook in [*self._hooks] * copies:
                await self._deliver(http, hook, post)

    async def _deliver(self, http: httpx2.AsyncClient, hook: str, post: P) -> None:
        clock = asyncio.get_running_loop().time
        start = clock()
        for attempt in count(1):
            self._counts["sent"] += 1
            status = await self._sender.send(http, hook, post, self._context)
            if self._sender.acknowledges(status):
                self._counts["acknowledged"] += 1
                self._tally.add(post)
                return
            pause_s = self._pause_s(attempt, status, clock() - start)
            if pause_s is None:
                self._counts["failed"] += 1
                return
            await asyncio.sleep(pause_s)


def until_acknowledged(give_up_s: float) -> Pause:
    """Again and again, whatever the answer, with longer and longer pauses."""

    def pause_s(attempts: int, status: int | None, since_s: float) -> float | None:
        doubled = FIRST_PAUSE_S * 2 ** min(attempts - 1, MOST_DOUBLINGS)
        pause_s = min(doubled, LONGEST_PAUSE_S)
        return None if since_s + pause_s > give_up_s else pause_s

    return pause_s


@dataclass(slots=True)
class OrdersTold(Generic[P]):
    """A tally where an order once completed remains a visit.

    orders_of  (id, whether it is a visit) of each order that a post tells of
    """

    orders_of: Callable[[P], Iterable[tuple[str, bool]]]
    _orders: set[str] = field(default_factory=set)
    _visits: set[str] = field(default_factory=set)

    def add(self, post: P) -> None:
        for order, is_visit in self.orders_of(post):
            self._orders.add(order)
            if is_visit:
                self._visits.add(order)

    def figures(self) -> Mapping[str, int]:
        return {"distinct_orders": len(self._orders), "visits": len(self._visits)}
