"""MTS Exolve in miniature: refusals in all of their shapes, a 404 as plain text, ids above 2^53,
a list of messages that may lag behind, several events about each text.

Any bearer key is good unless it is empty or begins with `bad`; each key is an application of its
own. Only Russian mobile numbers are reached. The last two digits of the recipient decide: 94 the
contract is not signed, 95 no such number, 96 to 99 how the message ends (`miniature.ENDINGS`), all
others are delivered. Sandbox doors: `GET` and `POST /_settings`, and `POST /_incoming` with
`{"api_key", "sender", "text"}` for a text that somebody sends us.

The WhatsApp paths are the guessed ones and prove nothing about the real Exolve, nor does the shape
of GetAlphaNames.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from itertools import count
from typing import Any

import orjson
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from uzel.connectors.exolve.miniature import FIRST_ID, Application, Settings
from uzel.kit.faults import FaultKind
from uzel.kit.sandbox import Asked, Desk

SETTINGS: Mapping[str, Any] = {
    "api_key": "sandbox-exolve-key",
    "sender": "79990000000",
    "whatsapp_unverified": True,
    "whatsapp_sender_id": "sandbox-sender",
}
EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "send_sms": {"phone": "+79990000001", "text": "Спасибо за визит!"},
    "sms_status": {"ids": [str(FIRST_ID)]},
    "message_count": {},
    "send_whatsapp": {"phone": "+79990000001", "text": "Спасибо за визит!"},
    "send_whatsapp_template": {
        "phone": "+79990000001",
        "template": "review_request",
        "language": "ru",
        "parameters": [],
        "buttons": [],
    },
}
NO_TOKEN = "incorrect authorization token"  # noqa: S105 - what Exolve answers, no token
NOT_SIGNED = "customer has not signed, the number must match your confirmed phone number"
NO_NUMBER = "rpc error: Number does not exist"
WRONG_NUMBER = "invalid SendRequest.{}: value does not match regex pattern"
DEFAULT_LIMIT, MOST_LIMIT = 100, 2000

Content = dict[str, Any]
Method = Callable[[Application, Asked], Content]


class Refused(Exception):
    """An answer in the 4xx with `error` in one of its shapes."""

    def __init__(self, error: str | Content, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.status = status


def routes(desk: Desk) -> list[BaseRoute]:
    """The methods of Exolve that we use, and the doors of this part."""
    miniature = Exolve(desk)
    desk.refusals[FaultKind.UNAUTHORIZED] = lambda: reply({"error": NO_TOKEN}, 401)
    methods: dict[str, tuple[str, Method]] = {
        "/messaging/v1/SendSMS": ("send_sms", send_sms),
        "/messaging/v1/GetList": ("sms_status", get_list),
        "/messaging/v1/GetCount": ("message_count", get_count),
        "/messaging/v1/GetAlphaNames": ("alpha_names", lambda *_: {"alpha_names": [{"name": "U"}]}),
        "/messaging/v1/whatsapp/send": ("send_whatsapp", send_whatsapp),
        "/messaging/v1/whatsapp/template": ("send_whatsapp_template", send_whatsapp),
    }
    return [
        Route("/_settings", miniature.read_settings),
        Route("/_settings", miniature.change_settings, methods=["POST"]),
        Route("/_incoming", miniature.incoming, methods=["POST"]),
        *(
            desk.route(path, operation, miniature.handler(method), describe=describe)
            for path, (operation, method) in methods.items()
        ),
        Route("/{path:path}", no_such_path, methods=["GET", "POST"]),
    ]


class Exolve:
    """The applications and what all of them share."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.settings = Settings()
        self.ids = count(FIRST_ID)
        self.applications: dict[str, Application] = {}

    def application(self, key: str) -> Application:
        if key not in self.applications:
            self.applications[key] = Application(self.desk, lambda: self.settings, self.ids)
        return self.applications[key]

    def handler(self, method: Method) -> Callable[[Asked], Awaitable[Response]]:
        async def handle(asked: Asked) -> Response:
            scheme, _, key = asked.headers.get("authorization", "").partition(" ")
            if scheme != "Bearer" or not key or key.startswith("bad"):
                return reply({"error": NO_TOKEN}, 401)
            if not isinstance(asked.json, dict):
                return reply({"error": {"message": "the body is not an object"}}, 400)
            try:
                return reply(method(self.application(key), asked))
            except Refused as refused:
                return reply({"error": refused.error}, refused.status)

        return handle

    async def read_settings(self, request: Request) -> Response:
        return Response(self.settings.model_dump_json(), media_type="application/json")

    async def change_settings(self, request: Request) -> Response:
        try:
            asked = Settings.model_validate_json(await request.body())
        except ValidationError as error:
            return Response(error.json(include_url=False), 400, media_type="application/json")
        self.settings = self.settings.model_copy(
            update=asked.model_dump(include=asked.model_fields_set)
        )
        return await self.read_settings(request)

    async def incoming(self, request: Request) -> Response:
        """Somebody writes to us."""
        try:
            asked = orjson.loads(await request.body())
            application = self.application(asked["api_key"])
            receiver = asked.get("receiver", SETTINGS["sender"])
            message = application.receive(asked["sender"], receiver, asked["text"])
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            return reply({"error": "give api_key, sender and text"}, 400)
        return reply({"message_id": application.written(message.message_id)})


def send_sms(application: Application, asked: Asked) -> Content:
    fields = asked.json
    receiver, sender, text = (str(fields.get(n, "")) for n in ("destination", "number", "text"))
    if not re.fullmatch(r"79[0-9]{9}", receiver):
        raise Refused({"details": WRONG_NUMBER.format("Destination")})
    if not re.fullmatch(r"79[0-9]{9}|[A-Za-z0-9 ._-]{1,11}", sender):
        raise Refused({"details": WRONG_NUMBER.format("Number")})
    if not text:
        raise Refused({"message": "text is empty"})
    if receiver.endswith("94"):
        raise Refused(NOT_SIGNED)
    if receiver.endswith("95"):
        raise Refused({"message": NO_NUMBER})
    asked.effect = True
    message = application.accept(sender, receiver, text)
    return {"message_id": application.written(message.message_id)}


def send_whatsapp(application: Application, asked: Asked) -> Content:
    """A guess: see the head of this file."""
    fields = asked.json
    if not fields.get("sender_id") or not fields.get("destination"):
        raise Refused({"message": "sender_id and destination are needed"})
    asked.effect = True
    text = str(fields.get("text") or fields.get("template_name") or "")
    message = application.accept(str(fields["sender_id"]), str(fields["destination"]), text)
    return {"message_id": application.written(message.message_id)}


def get_list(application: Application, asked: Asked) -> Content:
    offset = number(asked, "offset", 0)
    limit = min(number(asked, "limit", DEFAULT_LIMIT) or DEFAULT_LIMIT, MOST_LIMIT)
    found = application.listed(asked.json)[offset : offset + limit]
    return {"messages": found} if found else {}


def get_count(application: Application, asked: Asked) -> Content:
    # 64-bit numbers are text, as protobuf writes them in JSON.
    return {"count": str(len(application.listed(asked.json)))}


def number(asked: Asked, name: str, otherwise: int) -> int:
    value = asked.json.get(name, otherwise)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Refused({"message": f"proto: invalid value for field {name}"})
    return value


async def no_such_path(request: Request) -> Response:
    return PlainTextResponse("404 page not found", 404)


def reply(content: Content, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


def describe(asked: Asked) -> Content:
    """For the journal; of a send phone (E.164), text, text_digest (first half of SHA-256, hex) and
    sender, as the other channels have them.
    """
    fields = asked.json if isinstance(asked.json, dict) else {}
    if "destination" not in fields:
        return fields
    text = str(fields.get("text", ""))
    return {
        **fields,
        "phone": f"+{fields['destination']}",
        "text": text,
        "text_digest": sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32],
        "sender": fields.get("number", fields.get("sender_id")),
    }
