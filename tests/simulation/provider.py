"""The payments service in miniature, in this process, with everything that can go wrong on the way
to it and back chosen by the seed.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any

import httpx2
import orjson
from starlette.datastructures import Headers
from starlette.responses import Response

from simulation.clock import loop
from simulation.database import heard
from uzel.connectors.konsol.config import PREFIX
from uzel.connectors.konsol.methods import METHODS
from uzel.connectors.konsol.miniature import EXECUTED, FAILED, UNDONE, Office, Payment
from uzel.connectors.konsol.sandbox import Konsol
from uzel.kit.faults import Faults
from uzel.kit.sandbox import Asked, Desk, Journal

TOKEN = "simulated"
HOOK = "http://hub.example/hook"
PAGE = b"<html><body>502 Bad Gateway</body></html>"

# What meets a request: how it is called, whether it is done, and the answer (status, body), None
# where none comes. `late`: done after its client has left.
Fate = tuple[str, bool, tuple[int, bytes] | None]
NO = orjson.dumps({"error": "no"})
FATES: tuple[Fate, ...] = (
    ("no connection", False, None),
    ("lost before", False, None),
    ("lost after", True, None),
    ("late", True, None),
    ("reset before", False, None),
    ("reset after", True, None),
    ("slow", True, None),
    ("408 before", False, (408, NO)),
    ("409 before", False, (409, NO)),
    ("409 after", True, (409, NO)),
    ("422", False, (422, orjson.dumps({"success": False, "errors": ["amount is invalid"]}))),
    ("429", False, (429, b"")),
    ("401", False, (401, orjson.dumps({"error": "Access denied"}))),
    ("403", False, (403, orjson.dumps({"error": "Access denied"}))),
    ("404 of a gateway, after", True, (404, PAGE)),
    ("500 before", False, (500, NO)),
    ("500 after", True, (500, NO)),
    ("502 before", False, (502, PAGE)),
    ("504 after", True, (504, PAGE)),
    ("a page before", False, (200, PAGE)),
    ("a page after", True, (200, PAGE)),
    ("half an answer", True, (201, b'{"id": "5a4')),
    ("no number", True, (201, b'{"status": "created"}')),
    ("refused with 200", False, (200, orjson.dumps({"success": False, "errors": ["no"]}))),
    ("both", True, (200, orjson.dumps({"success": False, "id": "1f", "errors": ["no"]}))),
)
# Nobody can tell from these by what they answer whether it was done.
BY_NAME = {name: (name, done, said) for name, done, said in FATES}


@dataclass
class Provider:
    """`rough`: how likely something goes wrong with a request or a callback. `receive` takes a
    callback and tells whether it was acknowledged. `next_fates`: what meets the next requests of an
    operation, before chance does. `delays_s`: how long answers about a payment take, one by one.
    """

    chance: random.Random
    receive: Callable[[dict[str, Any]], Awaitable[bool]]
    rough: float = 0.0
    trace: Callable[..., None] = lambda *said: None
    next_fates: dict[str, list[str]] = field(default_factory=dict)
    met: dict[str, int] = field(default_factory=dict)
    delays_s: dict[str, Iterator[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        http = httpx2.AsyncClient(transport=Callbacks(self))
        desk = Desk("konsol", Journal(), Faults(), http, set(), asyncio.Event())
        self.desk = desk
        self.konsol = Konsol(desk)

    @property
    def office(self) -> Office:
        return self.konsol.office(TOKEN)

    def begin_anew(self, **settings: Any) -> None:
        """An office without payments, set otherwise."""
        for task in self.desk.tasks:
            task.cancel()
        self.desk.journal.clear()
        self.konsol.offices.clear()
        before = self.konsol.settings
        self.konsol.settings = type(before).model_validate({"hook": HOOK, **settings})

    def fate(self, operation: str) -> Fate | None:
        if waiting := self.next_fates.get(operation):
            name = waiting.pop(0)
            return BY_NAME.get(name)
        if self.chance.random() >= self.rough:
            return None
        return self.chance.choice(FATES)

    async def answer(self, request: httpx2.Request, content: bytes) -> httpx2.Response:
        """Raises what httpx2 raises where no answer comes."""
        name, params = route(request)
        fate = self.fate(name)
        said = fate[0] if fate else "fine"
        asked = asked_of(request, content, params)
        self.met[f"{name}: {said}"] = self.met.get(f"{name}: {said}", 0) + 1
        self.trace(name, said, request.url.path, str(asked.fields.get("purpose", ""))[-14:])
        if fate is None:
            done = await self.do(name, asked)
            if delays_s := self.delays_s.get(params.get("payment_id", "")):
                await asyncio.sleep(next(delays_s))
            return response(done)
        return await self.meet(fate, name, asked, request)

    async def meet(
        self, fate: Fate, name: str, asked: Asked, request: httpx2.Request
    ) -> httpx2.Response:
        said, is_done, told = fate
        if said == "no connection":
            raise httpx2.ConnectError("refused")
        waits_s = request.extensions["timeout"]["read"]
        if said == "late":
            desk = self.desk
            desk.spawn(self.do_later(name, asked, waits_s + self.chance.uniform(0.1, 9)))
        elif is_done:
            done = await self.do(name, asked)
        if said == "slow":
            await asyncio.sleep(self.chance.uniform(0.5, waits_s * 0.9))
            return response(done)
        if said.startswith(("lost", "late")):
            await asyncio.sleep(waits_s)
            raise httpx2.ReadTimeout("no answer")
        if told is None:
            raise httpx2.ReadError("reset")
        headers = {"retry-after": str(self.chance.randrange(1, 60))} if told[0] == 429 else {}
        return httpx2.Response(told[0], headers=headers, content=told[1])

    async def do(self, name: str, asked: Asked) -> Response:
        return await self.konsol.handler(name, METHODS[name][2])(asked)

    async def do_later(self, name: str, asked: Asked, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        await self.do(name, asked)

    def of(self, mark: str) -> list[Payment]:
        """Its payments with this mark."""
        found = self.office.payments.values()
        return [it for it in found if it.book()["reference"] == mark]

    async def end_all(self) -> None:
        """Their people look at what has not ended."""
        for payment in list(self.office.payments.values()):
            if payment.status not in (EXECUTED, *UNDONE):
                status = self.chance.choice((EXECUTED, EXECUTED, FAILED))
                self.office.move(payment, status)
                await self.konsol.tell(status, payment)


def route(request: httpx2.Request) -> tuple[str, dict[str, str]]:
    """(the operation, what stands in its path)."""
    path = request.url.path.removeprefix(PREFIX)
    for name, (verb, pattern, _) in METHODS.items():
        if verb != request.method:
            continue
        fixed, brace, parameter = pattern.partition("{")
        if not brace and path == pattern:
            return name, {}
        if brace and path.startswith(fixed):
            return name, {parameter.rstrip("}"): path.removeprefix(fixed)}
    raise AssertionError(f"nobody asks for {request.method} {path}")


def asked_of(request: httpx2.Request, content: bytes, params: dict[str, str]) -> Asked:
    json = orjson.loads(content) if content else None
    fields = {**dict(request.url.params), **(json or {})}
    headers = Headers(dict(request.headers))
    return Asked(request.method, request.url.path, params, headers, content, json, fields)


def response(done: Response) -> httpx2.Response:
    return httpx2.Response(done.status_code, headers=dict(done.headers), content=bytes(done.body))


class Wire(httpx2.AsyncBaseTransport):
    """The way there. What has left arrives, whatever becomes of who sent it."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        work = self.provider.answer(request, await request.aread())
        task = loop().create_task(work, context=Context())
        task.add_done_callback(heard)
        return await asyncio.shield(task)


class Callbacks(httpx2.AsyncBaseTransport):
    """The way back: a callback is lost, doubled, late, in any order, or says what is not so."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        body = orjson.loads(await request.aread())
        provider, chance = self.provider, self.provider.chance
        luck = chance.random() / provider.rough if provider.rough else 2.0
        if luck < 0.3:
            return httpx2.Response(200)  # somebody between us took it
        if luck < 0.4:
            body["payload"]["status"] = chance.choice(("created", FAILED, "gone", 7, None))
        if luck < 0.7:
            await asyncio.sleep(chance.uniform(0, 200))
        if 0.6 < luck < 0.8:
            await provider.receive(body)
        taken = await provider.receive(body)
        return httpx2.Response(200 if taken else 503)
