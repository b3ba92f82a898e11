"""The payments service of konsol.pro in miniature. Any token is good unless it is empty or begins
with `bad`; each is a company of its own. The kopecks of an amount decide what becomes of a payment:
see `miniature.ENDINGS`.

    GET    /_settings, POST /_settings        see `miniature.Settings`
    GET    /_payments ?token=&reference=      → {"payments": [see `Payment.book`], "balance_minor"}
    DELETE /_payments ?token=                 a company without payments, contractors and answers
    POST   /_payments/{id}                    see `control.MoveAsked`
    POST   /_answers                          see `control.AnswerAsked`
    POST   /_callbacks                        see `control.CallbackAsked`
    POST   /_balance                          see `control.BalanceAsked`
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import httpx2
import orjson
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from uzel.connectors.konsol import control, methods, telling
from uzel.connectors.konsol.config import PREFIX
from uzel.connectors.konsol.methods import Method
from uzel.connectors.konsol.miniature import Content, Office, Payment, Refused, Settings
from uzel.kit.control import answer, refusal, taking
from uzel.kit.faults import FaultKind
from uzel.kit.sandbox import Asked, Desk

SETTINGS: Mapping[str, Any] = {"token": control.TOKEN}
EXAMPLE_PAYEE = {"first_name": "Иван", "last_name": "Образцов", "patronymic": None}
EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "balance": {},
    "fps_banks": {},
    "contractors": {},
    "payment": {"id": methods.EXAMPLE_ID},
    "payments": {"since": None},
    "create_contractor": {
        "kind": "individual",
        "first_name": "Иван",
        "last_name": "Образцов",
        "phone": "+79990000001",
    },
    "create_payment": {
        "reference": "po-example-0001",
        "planned_at": "2026-11-21T09:00:00+00:00",
        "amount_minor": 100_00,
        "kind": "card",
        "contractor": EXAMPLE_PAYEE,
        "card_number": "2200000000000004",
    },
}
REFUSALS: Mapping[FaultKind, tuple[int, str]] = {
    FaultKind.UNAUTHORIZED: (401, "Access denied"),
    FaultKind.FORBIDDEN: (403, "Access denied"),
    FaultKind.TOO_MANY: (429, "Too many requests"),
    FaultKind.BROKEN: (500, "Internal Server Error"),
}


def routes(desk: Desk) -> list[BaseRoute]:
    """What the service offers, as far as we use it, and the control doors."""
    konsol = Konsol(desk)
    desk.refusals.update({kind: partial(refused, *said) for kind, said in REFUSALS.items()})
    return [
        Route("/_settings", konsol.read_settings),
        taking("/_settings", Settings, konsol.change_settings),
        Route("/_payments", konsol.book),
        Route("/_payments", konsol.clear, methods=["DELETE"]),
        Route("/_payments/{payment_id}", konsol.move, methods=["POST"]),
        taking("/_answers", control.AnswerAsked, konsol.prepare),
        taking("/_callbacks", control.CallbackAsked, konsol.call_back),
        taking("/_balance", control.BalanceAsked, konsol.refill),
        *(
            desk.route(
                PREFIX + path,
                name,
                konsol.handler(name, method),
                methods=(verb,),
                describe=methods.describe,
            )
            for name, (verb, path, method) in methods.METHODS.items()
        ),
    ]


class Konsol:
    """The companies, and what all of them share."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.settings = Settings()
        self.offices: dict[str, Office] = {}
        self.answers: list[control.AnswerAsked] = []

    def office(self, token: str) -> Office:
        if token not in self.offices:
            self.offices[token] = Office(lambda: self.settings)
            if token == control.TOKEN:
                methods.add_example(self.offices[token])
        return self.offices[token]

    def handler(self, name: str, method: Method) -> Callable[[Asked], Awaitable[Response]]:
        async def handle(asked: Asked) -> Response:
            scheme, _, token = asked.headers.get("authorization", "").partition(" ")
            if scheme != "Bearer" or not token or token.startswith("bad"):
                return refused(401, "Access denied")
            prepared = self.take(token, name)
            if prepared is not None and not prepared.made:
                return methods.prepared_answer(prepared, asked)
            try:
                done = method(self.office(token), asked)
            except Refused as error:
                return answer({"success": False, "errors": [error.words]}, error.status)
            self.begin(token, done)
            if prepared is not None:
                return methods.prepared_answer(prepared, asked)
            return Response(
                orjson.dumps(done.content), done.status, done.headers, media_type="application/json"
            )

        return handle

    def begin(self, token: str, done: methods.Done) -> None:
        """What goes on after an answer."""
        if done.payment is not None:
            self.desk.spawn(self.office(token).live(done.payment, self.tell))
        if done.contractor is not None:
            self.desk.spawn(self.post(telling.contractor_callback(done.contractor)))

    async def tell(self, status: str, payment: Payment) -> None:
        """Callbacks go out beside the payment's life, which does not wait for a receiver; those of
        a life that has ended, one after another.
        """
        body = telling.payment_callback(status, payment, status, self.settings)
        if self.settings.last_first:
            await self.post(body)
        else:
            self.desk.spawn(self.post(body))

    async def post(self, body: Content) -> None:
        """Until it is acknowledged, at most as often as the settings say."""
        settings = self.settings
        if settings.hook is None:
            return
        copies = self.desk.webhook_copies()
        if copies == 0:
            telling.lose(self.desk, settings.hook, body)
        for _ in range(copies):
            await self.insist(self.desk.http, settings, settings.hook, body)

    async def insist(
        self, http: httpx2.AsyncClient, settings: Settings, hook: str, body: Content
    ) -> None:
        for attempt in range(settings.callback_attempts):
            if attempt:
                await asyncio.sleep(settings.callback_pause_s)
            if await telling.attempt(self.desk, http, hook, body):
                return

    def take(self, token: str, name: str) -> control.AnswerAsked | None:
        """The prepared answer for one request; counts down."""
        for prepared in self.answers:
            if (prepared.token, prepared.operation) == (token, name):
                prepared.times -= 1
                if prepared.times <= 0:
                    self.answers.remove(prepared)
                return prepared
        return None

    async def prepare(self, asked: control.AnswerAsked) -> Response:
        self.answers.append(asked)
        return answer({"waiting": len(self.answers)})

    async def read_settings(self, request: Request) -> Response:
        return answer(self.settings.model_dump())

    async def change_settings(self, asked: Settings) -> Response:
        changes = asked.model_dump(include=asked.model_fields_set)
        self.settings = self.settings.model_copy(update=changes)
        return answer(self.settings.model_dump())

    async def book(self, request: Request) -> Response:
        office = self.office(request.query_params.get("token", control.TOKEN))
        books = [payment.book() for payment in office.payments.values()]
        wanted = request.query_params.get("reference")
        found = [it for it in books if wanted in (None, it["reference"])]
        return answer({"payments": found, "balance_minor": office.balance_minor})

    async def clear(self, request: Request) -> Response:
        token = request.query_params.get("token", control.TOKEN)
        self.offices[token] = Office(lambda: self.settings)
        self.answers = [it for it in self.answers if it.token != token]
        return answer({})

    async def move(self, request: Request) -> Response:
        try:
            asked = control.MoveAsked.model_validate_json(await request.body())
        except ValidationError as error:
            return refusal(error)
        office = self.office(asked.token)
        payment = office.payments.get(request.path_params["payment_id"])
        if payment is None:
            return refused(404, "no such payment")
        office.move(payment, asked.status, asked.error_message)
        if not asked.silent:
            await self.tell(asked.status, payment)
        return answer(payment.book())

    async def call_back(self, asked: control.CallbackAsked) -> Response:
        payment = self.office(asked.token).payments.get(asked.payment)
        if payment is None or self.settings.hook is None:
            return refused(404, "no such payment, or no hook")
        status = asked.status or payment.status
        self.desk.spawn(
            self.post(telling.payment_callback(asked.action_name, payment, status, self.settings))
        )
        return answer({})

    async def refill(self, asked: control.BalanceAsked) -> Response:
        self.office(asked.token).balance_minor = asked.balance_minor
        return answer({"balance_minor": asked.balance_minor})


def refused(status: int, words: str) -> Response:
    return answer({"error": words}, status)
