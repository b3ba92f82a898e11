"""Guests in miniature: they open the links in what they were sent, give stars, go on, tell.

    POST   /_guests  {"links": "http://127.0.0.1:8000/r/", …}: see `Habits`
    DELETE /_guests  nobody opens anything any more

They read what the parts of the sandbox accepted, so a guest whose message was refused knows of no
link; and they see the pages as a phone's browser does, without its script.
"""

import asyncio
import logging
import re
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import httpx2
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from uzel.kit.control import taking
from uzel.kit.sandbox import Entry, Journal

MOST_AT_ONCE = 200
MOST_REMEMBERED = 10_000
LOW = 3
BROWSER = (
    "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/141.0.0.0 Mobile Safari/537.36"
)
COMPLAINTS = (
    "Ждали заказ почти час, и он приехал остывшим.",
    "Всё вкусно, но в зале было очень шумно.",
    "Мастер опоздал на двадцать минут и не извинился.",
    "Перепутали заказ, пришлось возвращаться.",
)
CODE = re.compile("[A-Za-z0-9]{10}")
PLATFORM = re.compile(r"/go/([a-z0-9]+)")

log = logging.getLogger(__name__)


class Habits(BaseModel):
    """What guests do.

    links    what a link begins with; no other address is ever opened
    pause_s  until a guest looks at the phone, on average
    opens    share of the guests who open the link; of these `rates` give stars, `follows` go on to
             a place to review and `stops` want no more messages
    stars    how likely 1 to 5 are
    spared   how the addresses of those begin who are not played: a person is there
    tells    share of those who gave three stars or fewer that write to the owner
    """

    model_config = ConfigDict(extra="forbid")

    links: str = Field(pattern=r"^https?://[^\s/?#]+/[^\s?#]*$")
    pause_s: float = Field(default=8.0, ge=0, le=3600)
    opens: float = Field(default=0.6, ge=0, le=1)
    rates: float = Field(default=0.7, ge=0, le=1)
    follows: float = Field(default=0.4, ge=0, le=1)
    stops: float = Field(default=0.02, ge=0, le=1)
    tells: float = Field(default=0.6, ge=0, le=1)
    stars: tuple[float, float, float, float, float] = (0.06, 0.08, 0.1, 0.22, 0.54)
    spared: tuple[str, ...] = ()
    seed: int | None = None


class Guests:
    """All guests. `habits` None: they do nothing, as long as nobody asks them to."""

    def __init__(
        self, journal: Journal, http: httpx2.AsyncClient, tasks: set[asyncio.Task[None]]
    ) -> None:
        self.habits: Habits | None = None
        self._http = http
        self._tasks = tasks
        self._at_work: set[asyncio.Task[None]] = set()
        self._opened: dict[str, None] = {}
        self._random = Random()  # noqa: S311 - no secret depends on it
        journal.readers.append(self.read)

    def routes(self) -> list[BaseRoute]:
        return [
            taking("/_guests", Habits, self.begin),
            Route("/_guests", self.end, methods=["DELETE"]),
        ]

    async def begin(self, asked: Habits) -> Response:
        self.habits = asked
        self._random = Random(asked.seed)  # noqa: S311 - as above
        return Response(status_code=204)

    async def end(self, request: Request) -> Response:
        self.habits = None
        return Response(status_code=204)

    def read(self, entry: Entry) -> None:
        """Somebody was sent something: each link is opened by one guest at most."""
        if self.habits is None or not entry.effect:
            return
        if str(entry.request.get("phone") or "").startswith(self.habits.spared):
            return
        for link in links_in(entry.request, self.habits.links):
            if link in self._opened or len(self._at_work) >= MOST_AT_ONCE:
                continue
            self._opened[link] = None
            if len(self._opened) > MOST_REMEMBERED:
                del self._opened[next(iter(self._opened))]
            if self._happens(self.habits.opens):
                self._send(link, self.habits)

    def _send(self, link: str, habits: Habits) -> None:
        task = asyncio.create_task(self._visit(link, habits))
        for group in (self._tasks, self._at_work):
            group.add(task)
            task.add_done_callback(group.discard)

    async def _visit(self, link: str, habits: Habits) -> None:
        """One guest. What cannot be reached is given up, as people do."""
        await asyncio.sleep(self._random.expovariate(1 / habits.pause_s) if habits.pause_s else 0)
        try:
            await self._act(link, habits)
        except httpx2.HTTPError as error:
            log.info("a guest gave up: %s", type(error).__name__)

    async def _act(self, link: str, habits: Habits) -> None:
        page = await self._ask("GET", link)
        if page.status_code != 200:
            return
        if self._happens(habits.stops):
            await self._ask("POST", f"{link}/stop")
            return
        if self._happens(habits.rates):
            (stars,) = self._random.choices(range(1, 6), habits.stars)
            await self._ask("POST", link, {"stars": str(stars)})
            if stars <= LOW and self._happens(habits.tells):
                text = self._random.choice(COMPLAINTS)
                await self._ask("POST", f"{link}/message", {"text": text})
        platforms = sorted(set(PLATFORM.findall(page.text)))
        if platforms and self._happens(habits.follows):
            await self._ask("GET", f"{link}/go/{self._random.choice(platforms)}")

    async def _ask(
        self, method: str, url: str, form: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        """One request. Redirects are not followed: they lead to the platforms."""
        headers = {"user-agent": BROWSER}
        return await self._http.request(
            method, url, data=form, headers=headers, follow_redirects=False
        )

    def _happens(self, share: float) -> bool:
        return self._random.random() < share


def links_in(request: Mapping[str, Any], prefix: str) -> Iterator[str]:
    """The links in what was sent: in a text, or as the word behind a button of WhatsApp."""
    text = request.get("text")
    if isinstance(text, str):
        for found in re.finditer(re.escape(prefix) + CODE.pattern, text):
            yield found[0]
    for word in request.get("buttons") or ():
        if isinstance(word, str) and CODE.fullmatch(word):
            yield prefix + word
