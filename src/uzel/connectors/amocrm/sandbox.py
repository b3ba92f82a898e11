"""amoCRM in miniature: leads, contacts, account and hooks of API v4, and what it posts.

Every token is an account of its own. One that begins with `bad` is refused (401), one with `user`
is no administrator's and may not see hooks (403). Each account begins with lead LEAD_ID and its
contact.

    POST /_deal      a lead is made or moved and told of: see `DealAsked`
    POST /_run       {"hook": "http://…?key=…", …} → {"run": id}: deals one after the other, see
                     `runs.RunAsked`; `GET /_run/{id}` tells how far it is
    GET  /_settings, POST /_settings: see `Settings`

Every post is journalled as operation `webhook`, `effect` being a valid answer (100 to 299 within
two seconds). Other answers are followed by up to four more attempts, in compressed time; posts of
the Digital Pipeline by none.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpx2
import orjson
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from uzel.connectors.amocrm import methods
from uzel.connectors.amocrm.control import TOKEN, DealAsked, Settings, changed, listening
from uzel.connectors.amocrm.methods import Reply, invalid_token, page, problem
from uzel.connectors.amocrm.miniature import (
    LEAD_ID,
    PIPELINE_ID,
    WON_STAGE_ID,
    Account,
    Hook,
    Lead,
    form_of,
    hook_headers,
    is_valid,
    pause_s,
)
from uzel.connectors.amocrm.runs import Run, RunAsked
from uzel.kit.faults import FaultKind
from uzel.kit.sandbox import Asked, Desk, Entry

# Every account has an address of its own, so the setting has no default; whoever runs this sandbox
# puts its address in the place of this one, where nobody listens.
SETTINGS: Mapping[str, Any] = {
    "base_url": "http://127.0.0.1:9",
    "access_token": TOKEN,
    "won_stages": [f"{PIPELINE_ID}:{WON_STAGE_ID}"],
}
EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "account": {},
    "find_guest": {"guest": f"lead:{LEAD_ID}"},
    "webhooks": {},
    "subscribe": {"url": "http://127.0.0.1:9/hook?key=hidden"},
    "unsubscribe": {"url": "http://127.0.0.1:9/hook?key=hidden"},
}
ANSWER_WITHIN_S = 2.0
STRIKES = 20
FIRST_ACCOUNT_ID = 31000001

REFUSALS: Mapping[FaultKind, Reply] = {
    FaultKind.TOO_MANY: page(429, "Too Many Requests"),
    FaultKind.UNAUTHORIZED: invalid_token(),
    FaultKind.FORBIDDEN: problem(
        403, "Forbidden", "Access from this address is not allowed", {"code": 113}
    ),
    FaultKind.BROKEN: page(500, "Internal Server Error"),
}

Method = Callable[[Account, Asked], Reply]


def routes(desk: Desk) -> list[BaseRoute]:
    """What amoCRM offers, as far as we use it, and the control doors."""
    amocrm = Amocrm(desk)
    desk.refusals.update({kind: partial(response, reply) for kind, reply in REFUSALS.items()})
    doors: tuple[tuple[str, str, str, Method], ...] = (
        ("GET", "/api/v4/account", "account", methods.account),
        # Both of the two requests of `find_guest` are journalled under its name.
        ("GET", "/api/v4/leads/{lead_id:int}", "find_guest", methods.lead),
        ("GET", "/api/v4/contacts/{contact_id:int}", "find_guest", methods.contact),
        ("GET", "/api/v4/webhooks", "webhooks", methods.webhooks),
        ("POST", "/api/v4/webhooks", "subscribe", methods.subscribe),
        ("DELETE", "/api/v4/webhooks", "unsubscribe", methods.unsubscribe),
    )
    return [
        Route("/_settings", amocrm.read_settings),
        Route("/_settings", amocrm.change_settings, methods=["POST"]),
        Route("/_deal", amocrm.deal, methods=["POST"]),
        Route("/_run", amocrm.start, methods=["POST"]),
        Route("/_run/{run_id}", amocrm.progress),
        *(
            desk.route(path, operation, amocrm.handler(method), methods=(verb,), describe=describe)
            for verb, path, operation, method in doors
        ),
    ]


class Amocrm:
    """The accounts, and what all of them share."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.settings = Settings()
        self.accounts: dict[str, Account] = {}
        self._runs: dict[str, Run] = {}
        self._asked_at: deque[float] = deque()
        self._strikes = 0

    def handler(self, method: Method) -> Callable[[Asked], Awaitable[Response]]:
        async def handle(asked: Asked) -> Response:
            token = asked.headers.get("authorization", "").removeprefix("Bearer ")
            refused = self._refusal(token, asked)
            if refused is None and self.settings.invent_guests and "lead_id" in asked.params:
                self.account(token).invent(asked.params["lead_id"])
            return response(refused or method(self.account(token), asked))

        return handle

    def account(self, token: str) -> Account:
        if token not in self.accounts:
            self.accounts[token] = Account(FIRST_ACCOUNT_ID + len(self.accounts))
        return self.accounts[token]

    def _refusal(self, token: str, asked: Asked) -> Reply | None:
        if self.settings.blocked or self._strikes > STRIKES:
            return page(403, "Forbidden")
        if self._too_many():
            self._strikes += 1
            return page(429, "Too Many Requests")
        if self.settings.unpaid:
            return problem(402, "Payment Required", "The account is not paid")
        if not token or token.startswith("bad"):
            return invalid_token()
        if token.startswith("user") and "webhooks" in asked.path:
            return problem(403, "Forbidden", "Administrator rights are needed")
        return None

    def _too_many(self) -> bool:
        now = monotonic()
        while self._asked_at and self._asked_at[0] <= now - 1:
            self._asked_at.popleft()
        limit = self.settings.limit_per_s
        if limit is None or len(self._asked_at) < limit:
            self._asked_at.append(now)
            return False
        return True

    async def read_settings(self, request: Request) -> Response:
        return Response(self.settings.model_dump_json(), media_type="application/json")

    async def change_settings(self, request: Request) -> Response:
        try:
            asked = Settings.model_validate_json(await request.body())
        except ValidationError as error:
            return refusal(error)
        changes = asked.model_dump(include=asked.model_fields_set)
        self.settings, self._strikes = self.settings.model_copy(update=changes), 0
        return await self.read_settings(request)

    async def deal(self, request: Request) -> Response:
        try:
            asked = DealAsked.model_validate_json(await request.body())
        except ValidationError as error:
            return refusal(error)
        told, statuses = await self.tell(asked)
        return answer({"lead_id": told.id, "contacts": told.contacts, "statuses": statuses})

    async def start(self, request: Request) -> Response:
        try:
            asked = RunAsked.model_validate_json(await request.body())
        except ValidationError as error:
            return refusal(error)
        run = Run(asked, secrets.token_hex(4), self.tell)
        self._runs[run.id] = run
        self.desk.spawn(run.go())
        return answer({"run": run.id}, 201)

    async def progress(self, request: Request) -> Response:
        run = self._runs.get(request.path_params["run_id"])
        return answer(run.progress()) if run else answer({"errors": ["no such run"]}, 404)

    async def tell(self, asked: DealAsked) -> tuple[Lead, list[int | None]]:
        """Make or move a lead and post it; the lead and the status of each post's first answer."""
        account = self.account(asked.token)
        told, old_status_id = changed(account, asked)
        by_pipeline = asked.form == "digital_pipeline"
        shown = (
            told.posted_by_pipeline(old_status_id)
            if by_pipeline
            else told.posted(account, old_status_id)
        )
        body = form_of({"account": account.told(), "leads": {asked.event: [shown]}})
        hooks = [Hook(0, asked.hook, (), 0)] if asked.hook else listening(account, asked.event)
        copies = self.desk.webhook_copies()
        posts = [Post(self, hook, body, told, by_pipeline) for hook in hooks for _ in range(copies)]
        return told, [await post.send() for post in posts]


class Post:
    """One body on its way to one hook."""

    def __init__(
        self, amocrm: Amocrm, hook: Hook, body: bytes, told: Lead, by_pipeline: bool
    ) -> None:
        self._desk = amocrm.desk
        self._scale = amocrm.settings.retry_scale
        self._hook = hook
        self._body = body
        self._headers = hook_headers()
        self._once = by_pipeline
        self._told = {"lead": told.id, "status_id": told.status_id}

    async def send(self) -> int | None:
        """The status of the first answer; the other attempts go on in the background."""
        status = await self._attempt(1)
        if not self._once and not is_valid(status):
            self._desk.spawn(self._again(status))
        return status

    async def _again(self, status: int | None) -> None:
        attempt = 1
        while not is_valid(status) and (pause := pause_s(attempt, status)) is not None:
            await asyncio.sleep(pause * self._scale)
            attempt += 1
            status = await self._attempt(attempt)

    async def _attempt(self, attempt: int) -> int | None:
        at = datetime.now(UTC)
        try:
            answered = await self._desk.http.post(
                self._hook.destination,
                content=self._body,
                headers=self._headers,
                timeout=ANSWER_WITHIN_S,
            )
            status: int | None = answered.status_code
        except httpx2.HTTPError:
            status = None
        self._hook.answered(status, datetime.now(UTC))
        entry = Entry(
            at=at,
            connector=self._desk.connector,
            operation="webhook",
            method="POST",
            path=urlsplit(self._hook.destination).path,
            status=status,
            request={**self._told, "attempt": attempt},
            fault=None,
            effect=is_valid(status),
        )
        self._desk.journal.append(entry)
        return status


def response(reply: Reply) -> Response:
    headers = {"content-type": reply.media_type} if reply.body else {}
    return Response(reply.body, reply.status, headers)


def describe(asked: Asked) -> Mapping[str, Any]:
    """For the journal: of an address only what shows no key."""
    shown = {**asked.params, **asked.fields}
    if "destination" in shown:
        shown["destination"] = str(shown["destination"]).partition("?")[0]
    return shown


def refusal(error: ValidationError) -> Response:
    # The input is left out: it may hold the hook's key.
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    return answer({"errors": errors}, 400)


def answer(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
