"""Kaspi in miniature: lists by windows and pages, search by number, positions with and without
articles, the ways of an order, silence for who does not say who asks.

Any token is good unless it is empty or begins with `bad` (401); each is a shop of its own. The API
stands under `/` and under `/shop/api/v2/`, for clients that take a host only.

    POST   /_orders          new orders, see `control.OrdersAsked` → {"orders": [{"code", "id"}]}
    GET    /_orders          ?token=&code=&status= → {"orders": [see `control.book`]}, oldest first
    POST   /_orders/{code}   what somebody else changed, see `control.ChangeAsked` → its book
    DELETE /_orders          ?token= an empty shop
    GET    /_settings, POST /_settings: see `control.Settings`
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from uzel.connectors.kaspi import control, methods
from uzel.connectors.kaspi.gate import Gate, change_name, read_name
from uzel.connectors.kaspi.methods import Method
from uzel.connectors.kaspi.miniature import Refused, Shop, encoded
from uzel.kit import control as doors
from uzel.kit.dispatch import ByRequest
from uzel.kit.faults import FaultKind
from uzel.kit.sandbox import Asked, Desk

SETTINGS: Mapping[str, Any] = {"token": control.TOKEN}
MEDIA_TYPE = "application/vnd.api+json"
# `Accept` names one of these, or there is none.
TAKEN = (MEDIA_TYPE, "application/json", "application/*", "*/*")


def named(code: str) -> dict[str, str]:
    return {"order": encoded(code), "code": code}


EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "check": {},
    "orders": {"state": "NEW", "since_ms": 1794000000000, "until_ms": 1795000000000, "page": 0},
    "order": {"code": control.TO_ACCEPT},
    "entries": {"order": encoded(control.TO_ACCEPT)},
    "product": {"line": encoded(f"{control.TO_ACCEPT}##0")},
    "accept": named(control.TO_ACCEPT),
    "assemble": {**named(control.TO_ASSEMBLE), "parcels": 2},
    "send_code": named(control.TO_COMPLETE),
    "complete": {**named(control.TO_COMPLETE), "security_code": control.TO_COMPLETE[-4:]},
    "cancel": {**named(control.TO_CANCEL), "reason": "MERCHANT_OUT_OF_STOCK", "comment": None},
    "cancel_part": {
        "order": encoded(control.TO_REDUCE),
        "entry": encoded(f"{control.TO_REDUCE}##0"),
        "remaining": 1,
        "reason": "MERCHANT_OUT_OF_STOCK",
    },
}
READS = ("orders", "order", "check")
CHANGES = ("accept", "assemble", "send_code", "complete", "cancel", "change")
PREFIXES = ("", "/shop/api/v2")
REFUSALS: Mapping[FaultKind, tuple[int, str]] = {
    FaultKind.UNAUTHORIZED: (401, "Unauthorized"),
    FaultKind.FORBIDDEN: (403, "Forbidden"),
    FaultKind.TOO_MANY: (429, "Too many requests"),
}

Asking = TypeVar("Asking", bound=BaseModel)


def routes(desk: Desk) -> list[BaseRoute]:
    """What Kaspi offers, as far as we use it, and the control doors."""
    kaspi = Kaspi(desk)
    desk.refusals.update({kind: partial(errors, *said) for kind, said in REFUSALS.items()})
    return [
        Route("/_settings", kaspi.read_settings),
        Route("/_settings", kaspi.change_settings, methods=["POST"]),
        Route("/_orders", kaspi.books),
        Route("/_orders", kaspi.make, methods=["POST"]),
        Route("/_orders", kaspi.clear, methods=["DELETE"]),
        Route("/_orders/{code}", kaspi.change, methods=["POST"]),
        *(route for prefix in PREFIXES for route in kaspi.doors(prefix)),
    ]


class Kaspi:
    """The shops, and what all of them share."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.settings = control.Settings()
        self.shops: dict[str, Shop] = {}

    def doors(self, prefix: str) -> list[Route]:
        """The routes of the API. Where several operations share a path, the first one of them
        takes all requests and looks which it is.
        """
        reads = [self._door(f"{prefix}/orders", name, methods.list_orders) for name in READS]
        changes = [
            self._door(f"{prefix}/orders", name, methods.change_order, "POST") for name in CHANGES
        ]
        reads[0].app = ByRequest({route.name: route.app for route in reads}, read_name)
        changes[0].app = ByRequest({route.name: route.app for route in changes}, change_name)
        order, entry = f"{prefix}/orders/{{order_id}}", f"{prefix}/orderentries/{{entry_id}}"
        return [
            *reads,
            *changes,
            self._door(order, "read_order", methods.read_order),
            self._door(f"{order}/user", "user", methods.user),
            self._door(f"{order}/entries", "entries", methods.entries),
            self._door(entry, "entry", methods.entry),
            self._door(f"{entry}/product", "product", methods.product),
            self._door(
                f"{prefix}/masterproducts/{{master_id}}/merchantProduct",
                "product",
                methods.merchant_product,
            ),
            self._door(
                f"{prefix}/orderEntryCancelOperation", "cancel_part", methods.cancel_entry, "POST"
            ),
        ]

    def _door(self, path: str, operation: str, method: Method, verb: str = "GET") -> Route:
        route = self.desk.route(path, operation, self.handler(method), methods=(verb,))
        route.app = Gate(self.desk, operation, route.app, lambda: self.settings.hang)
        return route

    def handler(self, method: Method) -> Callable[[Asked], Awaitable[Response]]:
        async def handle(asked: Asked) -> Response:
            await asyncio.sleep(self.settings.latency_ms / 1000)
            try:
                self._demand_headers(asked)
                shop = self.shop(asked.headers.get("x-auth-token", ""))
                return answer(method(self.settings, shop, asked))
            except Refused as refused:
                return errors(refused.status, refused.title)

        return handle

    def _demand_headers(self, asked: Asked) -> None:
        accepted = asked.headers.get("accept", "*/*").split(",")
        if not any(kind.split(";")[0].strip() in TAKEN for kind in accepted):
            raise Refused("Not acceptable", 406)
        kind = asked.headers.get("content-type", "").split(";")[0].strip()
        if asked.method == "POST" and kind != MEDIA_TYPE:
            raise Refused("Unsupported media type", 415)
        token = asked.headers.get("x-auth-token", "").strip()
        if not token or token.startswith("bad"):
            raise Refused("Unauthorized", 401)

    def shop(self, token: str) -> Shop:
        """Whoever has the token of the examples finds their orders."""
        if token not in self.shops:
            self.shops[token] = Shop()
            if token == control.TOKEN:
                control.examples(self.shops[token])
        return self.shops[token]

    async def read_settings(self, request: Request) -> Response:
        return Response(self.settings.model_dump_json(), media_type="application/json")

    async def change_settings(self, request: Request) -> Response:
        asked = await read(request, control.Settings)
        if isinstance(asked, Response):
            return asked
        changes = asked.model_dump(include=asked.model_fields_set)
        self.settings = self.settings.model_copy(update=changes)
        return await self.read_settings(request)

    async def make(self, request: Request) -> Response:
        asked = await read(request, control.OrdersAsked)
        if isinstance(asked, Response):
            return asked
        made = control.make(self.shop(asked.token), asked, self.settings)
        shown = [
            {"code": it.code, "id": encoded(it.code, padded=self.settings.padded_ids)}
            for it in made
        ]
        return answer({"orders": shown}, 201)

    async def change(self, request: Request) -> Response:
        asked = await read(request, control.ChangeAsked)
        if isinstance(asked, Response):
            return asked
        order = self.shop(asked.token).orders.get(request.path_params["code"])
        if order is None:
            return errors(404, "no such order")
        control.change(order, asked)
        return answer(control.book(order))

    async def books(self, request: Request) -> Response:
        wanted = request.query_params
        shop = self.shop(wanted.get("token", control.TOKEN))
        found = shop.listed(
            lambda order: (
                wanted.get("code") in (None, order.code)
                and wanted.get("status") in (None, order.status)
            ),
            newest_first=False,
        )
        return answer({"orders": [control.book(order) for order in found]})

    async def clear(self, request: Request) -> Response:
        self.shops[request.query_params.get("token", control.TOKEN)] = Shop()
        return Response(status_code=204)


async def read(request: Request, kind: type[Asking]) -> Asking | Response:
    """What a control door was asked, or the answer that it cannot be read."""
    try:
        return kind.model_validate_json(await request.body() or b"{}")
    except ValidationError as error:
        return doors.refusal(error, MEDIA_TYPE)


def errors(status: int, title: str) -> Response:
    return answer({"errors": [{"title": title}]}, status)


def answer(content: Any, status: int = 200) -> Response:
    return doors.answer(content, status, MEDIA_TYPE)
