"""amoCRM in miniature: access, leads, contacts, lists and hooks of API v4, and what it posts.

Every token is an account of its own, unless it was given to an integration. One that begins with
`bad` is refused (401), one with `user` is no administrator's (403 where that is needed). Each
account begins with a lead, its contact and a product. What is inside: `miniature/`.

    GET  /oauth                 as https://www.amocrm.ru/oauth; `answer=allow` or `refuse` at once
    POST /oauth2/access_token   codes and refresh tokens, as at amoCRM
    POST /_grant                {"client_id", …} → {"code"}: as if somebody had agreed
    POST /_integrations, /_token, /_revoke, /_account    see `control`

    POST /_deal      a lead is made or moved and told of: see `DealAsked`
    POST /_run       {"hook": "http://…?key=…", …} → {"run": id}: deals one after the other, see
                     `runs.RunAsked`; `GET /_run/{id}` tells how far it is
    POST /_move, /_delete, /_seed    see `control`
    GET  /_books     all that is in an account (`?token=` or `?client_id=`, `?part=leads`)
    GET  /_doubles   what is there twice
    GET  /_traffic, DELETE /_traffic   requests by operation, and the most in any second
    GET  /_settings, POST /_settings   see `Settings`

Every post is journalled as operation `webhook`, `effect` being a valid answer (100 to 299 within
two seconds). Other answers are followed by up to four more attempts, in compressed time; posts of
the Digital Pipeline by none.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from uzel.connectors.amocrm.control import TOKEN, DealAsked, Settings, changed
from uzel.connectors.amocrm.control_doors import control_doors
from uzel.connectors.amocrm.miniature.accounts import Accounts, token_of
from uzel.connectors.amocrm.miniature.admission import TOO_MANY, refusal
from uzel.connectors.amocrm.miniature.answers import (
    Refused,
    Reply,
    invalid_token,
    not_found,
    page,
    problem,
    response,
)
from uzel.connectors.amocrm.miniature.beginnings import (
    MANAGER_ID,
    PIPELINE_ID,
    USER_ID,
    WON_STAGE_ID,
)
from uzel.connectors.amocrm.miniature.calling import API, Call, Method, describe
from uzel.connectors.amocrm.miniature.doors import Asking, doors
from uzel.connectors.amocrm.miniature.entities import Lead
from uzel.connectors.amocrm.miniature.examples import EXAMPLES
from uzel.connectors.amocrm.miniature.hooks import (
    Hook,
    form_of,
    hook_headers,
    is_valid,
    listening,
    pause_s,
    posted,
    posted_by_pipeline,
)
from uzel.connectors.amocrm.miniature.oauth import Access
from uzel.connectors.amocrm.miniature.oauth_methods import OAuthMethods, describe_grant
from uzel.connectors.amocrm.miniature.traffic import Traffic
from uzel.kit.faults import FaultKind
from uzel.kit.pushing import note, status_of
from uzel.kit.sandbox import Asked, Desk, Door

__all__ = ["EXAMPLES", "SETTINGS", "routes"]

# Every account has an address of its own, so the setting has no default; whoever runs this sandbox
# puts its address in the place of this one, where nobody listens.
SETTINGS: Mapping[str, Any] = {
    "base_url": "http://127.0.0.1:9",
    "access_token": TOKEN,
    "won_stages": [f"{PIPELINE_ID}:{WON_STAGE_ID}"],
}
ANSWER_WITHIN_S = 2.0
OAUTH = "oauth"
ANY_VERB = ("GET", "POST", "PATCH", "PUT", "DELETE")

REFUSALS: Mapping[FaultKind, Reply] = {
    FaultKind.TOO_MANY: TOO_MANY,
    FaultKind.UNAUTHORIZED: invalid_token(),
    FaultKind.FORBIDDEN: problem(
        403, "Forbidden", "Access from this address is not allowed", {"code": 113}
    ),
    FaultKind.BROKEN: page(500, "Internal Server Error"),
}


def routes(desk: Desk) -> list[BaseRoute]:
    """The methods of the API, the doors of OAuth, and the control doors."""
    amocrm = Amocrm(desk)
    desk.refusals.update({kind: partial(response, reply) for kind, reply in REFUSALS.items()})
    return [*control_doors(amocrm), *amocrm.oauth_routes(), *amocrm.api_routes()]


class Amocrm:
    """The accounts, and what all of them share."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.settings = Settings()
        self.traffic = Traffic()
        self.accounts = Accounts(Access())
        self.oauth = OAuthMethods(self.accounts, lambda: self.settings, self.is_blocked)

    def is_blocked(self) -> bool:
        return self.traffic.is_blocked(self.settings)

    def api_routes(self) -> list[BaseRoute]:
        known = [
            Asking(
                f"{API}{it.path[1:]}",
                self.gate(it.operation, it.method),
                it.verb,
                it.operation,
                it.test,
            )
            for it in doors()
        ]

        def elsewhere(call: Call) -> Reply:
            path = f"{API}{call.path}"
            if any(route.path_regex.match(path) for route in known):
                return problem(405, "Method Not Allowed", "Method not allowed")
            return not_found(f"Cannot {call.asked.method} {call.href()}")

        name = "no_such_method"
        gate = self.gate(name, elsewhere)
        others = (Asking(f"{API}{{rest:path}}", gate, verb, name, None) for verb in ANY_VERB)
        return [*known, *others]

    def oauth_routes(self) -> list[BaseRoute]:
        return [
            Route(
                path,
                Gate(self, operation, Door(self.desk, operation, handler, describe_grant), OAUTH),
                methods=[verb],
                name=operation,
            )
            for verb, path, operation, handler in self.oauth.doors()
        ]

    def gate(self, operation: str, method: Method) -> "Gate":
        async def handle(asked: Asked) -> Response:
            reply = self.answer(method, asked)
            self.traffic.statuses[reply.status] += 1
            return response(reply, {"x-request-id": uuid4().hex})

        return Gate(self, operation, Door(self.desk, operation, handle, describe))

    def answer(self, method: Method, asked: Asked) -> Reply:
        token = token_of(asked.headers)
        if refused := refusal(self.traffic, self.accounts, self.settings, token, asked):
            return refused
        user_id = MANAGER_ID if token.startswith("user") else USER_ID
        call = Call.of(self.accounts.of(token), asked, self.settings, user_id)
        try:
            reply = method(call)
        except Refused as error:
            return error.reply
        self.post(call)
        tired = self.settings.tired_above
        if tired is not None and isinstance(asked.json, list) and len(asked.json) > tired:
            return page(504, "Gateway Time-out")
        return reply

    def post(self, call: Call) -> None:
        """Tell the hooks of what has happened, in the background."""
        for event in call.events:
            told = {"event": event.name, "id": event.entity_id}
            body = event.body(call.account)
            for hook in listening(call.account, event.name):
                for _ in range(self.desk.webhook_copies()):
                    self.desk.spawn(Post(self, hook, body, told, once=False).send_alone())

    async def tell(self, asked: DealAsked) -> tuple[Lead, list[int | None]]:
        """Make or move a lead and post it; the lead and the status of each post's first answer."""
        account = self.accounts.whose(asked.token, asked.client_id)
        lead, old_status_id = changed(account, asked)
        by_pipeline = asked.form == "digital_pipeline"
        shown = (
            posted_by_pipeline(lead, old_status_id)
            if by_pipeline
            else posted(
                account, lead, **({} if lead.is_deleted else {"old_status_id": old_status_id})
            )
        )
        body = form_of({"account": account.told(), "leads": {asked.event: [shown]}})
        hooks = listening(account, f"{asked.event}_lead")
        if asked.hook:
            hooks = [Hook(0, asked.hook, (), 0)]
        told = {"lead": lead.id, "status_id": lead.status_id}
        copies = self.desk.webhook_copies()
        posts = [
            Post(self, hook, body, told, once=by_pipeline) for hook in hooks for _ in range(copies)
        ]
        return lead, [await post.send() for post in posts]


class Gate:
    """Counts what arrives at one operation, whatever becomes of it, and is slow where asked to.
    `caller`: as whose requests they count; without it as those of the token.
    """

    def __init__(
        self, amocrm: Amocrm, operation: str, door: ASGIApp, caller: str | None = None
    ) -> None:
        self.amocrm = amocrm
        self.operation = operation
        self.door = door
        self.caller = caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = token_of(
            {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        )
        caller = self.caller or self.amocrm.accounts.caller(token)
        self.amocrm.traffic.arrived(caller, self.operation)
        if self.amocrm.settings.latency_s:
            await asyncio.sleep(self.amocrm.settings.latency_s)
        await self.door(scope, receive, send)


class Post:
    """One body on its way to one hook. `once`: there are no further attempts."""

    def __init__(
        self, amocrm: Amocrm, hook: Hook, body: bytes, told: Mapping[str, Any], *, once: bool
    ) -> None:
        self._desk = amocrm.desk
        self._scale = amocrm.settings.retry_scale
        self._hook = hook
        self._body = body
        self._headers = hook_headers()
        self._once = once
        self._told = told

    async def send(self) -> int | None:
        """The status of the first answer; the other attempts go on in the background."""
        status = await self._attempt(1)
        if not self._once and not is_valid(status):
            self._desk.spawn(self._again(status))
        return status

    async def send_alone(self) -> None:
        await self.send()

    async def _again(self, status: int | None) -> None:
        attempt = 1
        while not is_valid(status) and (pause := pause_s(attempt, status)) is not None:
            await asyncio.sleep(pause * self._scale)
            attempt += 1
            status = await self._attempt(attempt)

    async def _attempt(self, attempt: int) -> int | None:
        at, hook = datetime.now(UTC), self._hook
        status = await status_of(
            self._desk.http.post(
                hook.destination,
                content=self._body,
                headers=self._headers,
                timeout=ANSWER_WITHIN_S,
            )
        )
        hook.answered(status, datetime.now(UTC))
        request = {**self._told, "attempt": attempt}
        note(self._desk, hook.destination, at, status, request, effect=is_valid(status))
        return status
