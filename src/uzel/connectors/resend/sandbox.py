"""Resend in miniature, quirks included: requests without a User-Agent turned away before they reach
it, errors as `{"statusCode", "message", "name"}`, limits in headers, answers to a repeated key,
signed webhooks, test addresses (`bounced@…` bounces, see `miniature.STORIES`).

Any key that begins with `re_` is good unless it begins with `re_bad`; one that begins with
`re_send` may only send. Control doors: `_settings`, `_mailbox` (GET, DELETE: what was sent),
`_hook` (GET, POST, DELETE: where events go, and their secret), `_events` (POST: any event, signed).
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import orjson
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from uzel.connectors.resend.config import bare, is_address
from uzel.connectors.resend.miniature import (
    Content,
    Hook,
    Letter,
    Settings,
    Team,
    as_list,
    digest,
    now_text,
)
from uzel.connectors.resend.signature import signing_key
from uzel.errors import SignatureInvalid
from uzel.kit.faults import FaultKind
from uzel.kit.sandbox import Asked, Desk

SETTINGS: Mapping[str, Any] = {
    "api_key": "re_SANDBOX0_uzel5a4db0c500000000",
    "sender": "Кафе <hello@mail.kafe.example>",
    "webhook_secret": "whsec_dXplbC1zYW5kYm94LXJlc2VuZC0yNGI=",
}
EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "send_email": {
        "to": "delivered@resend.dev",
        "subject": "Как вам у нас?",
        "text": "Спасибо за визит! Оцените нас: https://r.example/1",
        "html": "<p>Спасибо за визит! <a href='https://r.example/1'>Оцените нас</a></p>",
        "reference": "0c2d7f1e-5a4d-4db0-8500-000000000001",
        "unsubscribe_url": "https://uzel.example/u/1",
    },
    "email_status": {"ids": ["49a3999c-0ce1-4ea6-ab68-000000000001"]},
    "domains": {},
}
TAG_TEXT = re.compile(r"[0-9A-Za-z_-]{1,256}")
# Resend refuses to send there: nobody reads it, and bounces spoil the sender's name.
RESERVED = frozenset({"example.com", "test.com"})
TRIAL_DOMAIN = "resend.dev"
LONGEST_KEY = 256
MOST_RECIPIENTS = 50
MOST_LISTED = 100

Method = Callable[[Team, Asked], Content]


class Refusal(Exception):
    """An error as Resend words it."""

    def __init__(self, status: int, name: str, message: str) -> None:
        super().__init__(name)
        self.content = {"statusCode": status, "message": message, "name": name}
        self.status = status


def routes(desk: Desk) -> list[BaseRoute]:
    """What Resend offers, as far as we use it, and the control doors of this part."""
    resend = Resend(desk)
    desk.refusals.update({kind: partial(say, refusal) for kind, refusal in FAULTS})
    return [
        Route("/_settings", resend.settings, methods=["GET", "POST"]),
        Route("/_mailbox", resend.mailbox, methods=["GET", "DELETE"]),
        Route("/_hook", resend.hook, methods=["GET", "POST", "DELETE"]),
        Route("/_events", resend.events, methods=["POST"]),
        desk.route("/emails", "send_email", resend.handler(send), describe=describe_send),
        desk.route("/emails", "email_status", resend.handler(listing), methods=("GET",)),
        desk.route("/emails/{id}", "email_status", resend.handler(retrieve), methods=("GET",)),
        desk.route("/domains", "domains", resend.handler(domains), methods=("GET",)),
        desk.route("/{path:path}", "unknown_endpoint", resend.handler(unknown), methods=METHODS),
    ]


METHODS = ("GET", "POST", "PATCH", "DELETE")
FAULTS = (
    (FaultKind.UNAUTHORIZED, Refusal(401, "missing_api_key", "Missing API Key")),
    (FaultKind.FORBIDDEN, Refusal(403, "invalid_api_key", "API key is invalid")),
    (FaultKind.TOO_MANY, Refusal(429, "rate_limit_exceeded", "Too many requests.")),
    (FaultKind.BROKEN, Refusal(500, "application_error", "An unexpected error occurred.")),
)


class Resend:
    """The team, and the doors that are not Resend's."""

    def __init__(self, desk: Desk) -> None:
        self.team = Team(desk)

    def handler(self, method: Method) -> Callable[[Asked], Awaitable[Response]]:
        async def handle(asked: Asked) -> Response:
            if not asked.headers.get("user-agent"):
                return Response("error code: 1010", 403, media_type="text/plain")
            left = self.team.room_left()
            headers = limits(self.team.settings.rate_per_s, max(left, 0))
            try:
                if left < 0:
                    headers["retry-after"] = "1"
                    raise Refusal(429, "rate_limit_exceeded", "Too many requests.")
                demand_key(asked, only_sends=method is send)
                return answer(method(self.team, asked), headers=headers)
            except Refusal as refusal:
                return say(refusal, headers)

        return handle

    async def settings(self, request: Request) -> Response:
        if request.method == "POST":
            try:
                asked = Settings.model_validate_json(await request.body())
            except ValidationError as error:
                return answer({"error": error.error_count()}, 400)
            changes = asked.model_dump(include=asked.model_fields_set)
            self.team.settings = self.team.settings.model_copy(update=changes)
        return answer(self.team.settings.model_dump())

    async def mailbox(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.team.forget()
        to = request.query_params.get("to")
        letters = self.team.letters.values()
        return answer([one.mailed() for one in letters if to in (None, one.recipient())])

    async def hook(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.team.hook = None
        if request.method == "POST":
            try:
                hook = Hook.model_validate_json(await request.body())
                signing_key(hook.secret)
            except (ValidationError, SignatureInvalid):
                return answer({"error": "url and secret (whsec_…) are needed"}, 400)
            self.team.hook = hook
        return answer({"url": self.team.hook.url if self.team.hook else None})

    async def events(self, request: Request) -> Response:
        event = orjson.loads(await request.body())
        return answer({"svix_id": self.team.post({"created_at": now_text(), **event})})


def demand_key(asked: Asked, *, only_sends: bool) -> None:
    """Raises Refusal unless the key may do this."""
    scheme, _, key = asked.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise Refusal(401, "missing_api_key", "Missing API Key")
    if not key.startswith("re_") or key.startswith("re_bad"):
        # As seen by users; the documentation has 403 `invalid_api_key`.
        raise Refusal(400, "validation_error", "API key is invalid")
    if key.startswith("re_send") and not only_sends:
        message = "This API key is restricted to only send emails"
        raise Refusal(401, "restricted_api_key", message)


def send(team: Team, asked: Asked) -> Content:
    body, key = asked.json, asked.headers.get("idempotency-key")
    if not isinstance(body, dict):
        raise Refusal(422, "validation_error", "The body is not an object.")
    if key is not None and not 1 <= len(key) <= LONGEST_KEY:
        raise Refusal(400, "invalid_idempotency_key", "The key must be between 1-256 chars.")
    if key and (used := team.remembered(key)):
        if used.digest != digest(body):
            message = "This key was used with another body within the last 24 hours."
            raise Refusal(409, "invalid_idempotent_request", message)
        return {"id": used.email_id}
    demand_letter(team, body)
    demand_quota(team)
    asked.effect = True
    return {"id": team.accept(body, key).id}


def demand_quota(team: Team) -> None:
    for name, most in (
        ("monthly_quota_exceeded", team.settings.monthly_quota),
        ("daily_quota_exceeded", team.settings.daily_quota),
    ):
        if len(team.letters) >= most:
            raise Refusal(429, name, "You have exceeded your email sending quota.")


def demand_letter(team: Team, body: Content) -> None:
    """Raises Refusal for what Resend would not send."""
    for name in ("from", "to", "subject"):
        if not body.get(name):
            raise Refusal(422, "missing_required_field", f"Missing `{name}` field.")
    if not body.get("html") and not body.get("text"):
        raise Refusal(422, "missing_required_field", "Missing `html` or `text` field.")
    recipients = as_list(body["to"])
    for name, address in [("from", body["from"]), *(("to", one) for one in recipients)]:
        if not isinstance(address, str) or not is_address(bare(address)):
            raise Refusal(422, "validation_error", f"Invalid `{name}` field.")
    if len(recipients) > MOST_RECIPIENTS:
        raise Refusal(422, "validation_error", "Too many addresses in the `to` field.")
    if any(domain_of(one) in RESERVED for one in recipients):
        raise Refusal(422, "validation_error", "Invalid `to` field. Use a testing address.")
    for tag in body.get("tags") or []:
        if not all(TAG_TEXT.fullmatch(str(tag.get(part))) for part in ("name", "value")):
            raise Refusal(422, "validation_error", "Only ASCII letters, numbers, _ or - in `tags`.")
    demand_domain(team, domain_of(body["from"]), {domain_of(one) for one in recipients})


def demand_domain(team: Team, domain: str, recipients: set[str]) -> None:
    if domain == TRIAL_DOMAIN and recipients != {TRIAL_DOMAIN}:
        message = "You can only send testing emails to your own email address (owner@kafe.example)."
        raise Refusal(403, "validation_error", message)
    if domain not in (TRIAL_DOMAIN, *team.settings.verified):
        raise Refusal(403, "validation_error", f"The {domain} domain is not verified.")


def domain_of(address: str) -> str:
    return bare(address).rpartition("@")[2].lower()


def listing(team: Team, asked: Asked) -> Content:
    limit = str(asked.fields.get("limit", "20"))
    if not limit.isdigit() or not 1 <= int(limit) <= MOST_LISTED:
        raise Refusal(422, "validation_error", "The `limit` must be between 1 and 100.")
    newest: list[Letter] = list(reversed(team.letters.values()))
    after = asked.fields.get("after")
    if after:
        ids = [letter.id for letter in newest]
        newest = newest[ids.index(after) + 1 :] if after in ids else []
    page = newest[: int(limit)]
    return {
        "object": "list",
        "has_more": len(newest) > len(page),
        "data": [letter.listed() for letter in page],
    }


def retrieve(team: Team, asked: Asked) -> Content:
    letter = team.letters.get(str(asked.params["id"]))
    if letter is None:
        raise Refusal(404, "not_found", "Email not found")
    return letter.retrieved()


def domains(team: Team, asked: Asked) -> Content:
    listed = [{"name": name, "status": "verified"} for name in team.settings.verified]
    return {"object": "list", "has_more": False, "data": listed}


def unknown(team: Team, asked: Asked) -> Content:
    raise Refusal(404, "not_found", "The requested endpoint does not exist.")


def describe_send(asked: Asked) -> Content:
    """For the journal: what was asked for, and the key against doubles."""
    return {**asked.fields, "idempotency_key": asked.headers.get("idempotency-key")}


def limits(rate_per_s: int, left: int) -> dict[str, str]:
    """The headers of every answer (recorded 2025-10: `2;w=1`)."""
    return {
        "ratelimit-policy": f"{rate_per_s};w=1",
        "ratelimit-limit": str(rate_per_s),
        "ratelimit-remaining": str(left),
        "ratelimit-reset": "1",
    }


def say(refusal: Refusal, headers: Mapping[str, str] | None = None) -> Response:
    return answer(refusal.content, refusal.status, headers)


def answer(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    body = orjson.dumps(content)
    return Response(body, status, headers, media_type="application/json; charset=utf-8")
