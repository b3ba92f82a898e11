"""Meta's WhatsApp Cloud API in miniature: sends, templates, limits, signed webhooks.

Any token is good unless it is empty or begins with `bad`; any number id of digits exists unless it
begins with `404`. How a message ends depends on its recipient and on the settings; see the README.

Control doors: `GET` and `POST /_settings`; `POST /_subscribe {"url", "verify_token"}` asks the
address for its challenge, as Meta does, and then posts there; `POST /_inbound {"phone", "text" |
"button" | "message"}` has a person write, which opens the window; `POST /_preference {"phone",
"stop"}` has a person stop or resume marketing; `POST /_notice {"field", "value"}` posts anything.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import httpx2
import orjson
from pydantic import BaseModel, ValidationError
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from uzel.connectors.meta.doors import (
    NUMBER_ID,
    SECRET,
    Incoming,
    Notice,
    Preference,
    Settings,
    Subscription,
)
from uzel.connectors.meta.graph import Content, Refused
from uzel.connectors.meta.miniature import ACCOUNT_ID, Number
from uzel.connectors.meta.sending import accept, describe
from uzel.kit.body import at
from uzel.kit.dispatch import ByRequest
from uzel.kit.faults import FaultKind
from uzel.kit.sandbox import Asked, Desk

SETTINGS: Mapping[str, Any] = {
    "phone_number_id": NUMBER_ID,
    "access_token": "sandbox-meta-token",
    "app_secret": SECRET,
    "verify_token": "sandbox-verify-token",
    "business_account_id": ACCOUNT_ID,
}
EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "send_whatsapp": {
        "phone": "+77010000001",
        "text": "Спасибо за визит!",
        "reference": "00000000-0000-4000-8000-000000000001",
    },
    "send_whatsapp_template": {
        "phone": "+77010000001",
        "template": "review_request",
        "language": "ru",
        "parameters": ["Мария", "Кафе"],
        "buttons": ["1a2b3c"],
        "reference": "00000000-0000-4000-8000-000000000002",
    },
    "mark_read": {"message_id": "wamid.HBgLNzcwMTAwMDAwMDEVAgASGBQzQQ=="},
    "phone_number": {},
    "templates": {},
}
MESSAGES = "/{version}/{node}/messages"

Asking = TypeVar("Asking", bound=BaseModel)
Handler = Callable[[Asked], Awaitable[Response]]


def routes(desk: Desk) -> list[BaseRoute]:
    """What we use of graph.facebook.com, and the control doors of this part."""
    meta = Meta(desk)
    desk.refusals |= {
        FaultKind.UNAUTHORIZED: lambda: refusal(Refused(190)),
        FaultKind.FORBIDDEN: lambda: refusal(Refused(200)),
        FaultKind.TOO_MANY: lambda: refusal(Refused(4)),
        FaultKind.BROKEN: lambda: refusal(Refused(2)),
    }
    sends = [
        desk.route(MESSAGES, name, meta.guarded(handler), describe=describe)
        for name, handler in (
            ("send_whatsapp", meta.send),
            ("send_whatsapp_template", meta.send),
            ("mark_read", meta.mark_read),
        )
    ]
    # Three operations behind one path: the first route takes them all and looks into the body.
    sends[0].app = ByRequest({route.name: route.app for route in sends}, send_name)
    node, templates = "/{version}/{node}", "/{version}/{node}/message_templates"
    return [
        Route("/_settings", meta.read_settings),
        control("/_settings", Settings, meta.change_settings),
        control("/_subscribe", Subscription, meta.subscribe),
        control("/_inbound", Incoming, meta.inbound),
        control("/_preference", Preference, meta.preference),
        control("/_notice", Notice, meta.notice),
        *sends,
        desk.route(templates, "templates", meta.guarded(meta.templates), methods=("GET",)),
        desk.route(node, "phone_number", meta.guarded(meta.number), methods=("GET",)),
        # Graph does not mind a slash at the end, and pywa writes one here.
        *(
            desk.route(path, "override", meta.guarded(meta.override), describe=lambda asked: {})
            for path in (node, f"{node}/")
        ),
        desk.route("/{path:path}", "unknown_path", unknown_path, methods=("GET", "POST", "DELETE")),
    ]


def send_name(query: Mapping[str, str], body: Any, headers: Headers) -> str:
    """What is asked for behind `MESSAGES`."""
    if at(body, "status") == "read":
        return "mark_read"
    return "send_whatsapp_template" if at(body, "type") == "template" else "send_whatsapp"


async def unknown_path(asked: Asked) -> Response:
    return refusal(Refused(2500))


class Meta:
    """The numbers and what all of them share."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.settings = Settings()
        self.numbers: dict[str, Number] = {}

    def guarded(self, handler: Handler) -> Handler:
        """The handler for who has a token and asks for what exists."""

        async def handle(asked: Asked) -> Response:
            try:
                scheme, _, token = asked.headers.get("authorization", "").partition(" ")
                if scheme != "Bearer" or not token.strip() or token.startswith("bad"):
                    raise Refused(190)
                if not asked.params["node"].isdigit() or asked.params["node"].startswith("404"):
                    raise Refused(100, subcode=33)
                return await handler(asked)
            except Refused as refused:
                return refusal(refused)

        return handle

    def of(self, number_id: str) -> Number:
        if number_id not in self.numbers:
            self.numbers[number_id] = Number(number_id, self.desk, lambda: self.settings)
        return self.numbers[number_id]

    async def send(self, asked: Asked) -> Response:
        return answer(accept(self.of(asked.params["node"]), asked))

    async def mark_read(self, asked: Asked) -> Response:
        if not str(asked.fields.get("message_id", "")).startswith("wamid."):
            raise Refused(131009, "message_id is not a valid message")
        asked.effect = True
        return answer({"success": True})

    async def number(self, asked: Asked) -> Response:
        said = {
            "verified_name": "Кафе",
            "display_phone_number": "+7 999 000-05-55",
            "quality_rating": "GREEN",
            "status": "CONNECTED",
            "platform_type": "CLOUD_API",
            "throughput": {"level": "STANDARD"},
            "whatsapp_business_manager_messaging_limit": "TIER_2K",
        }
        wanted = str(asked.fields.get("fields") or ",".join(said)).split(",")
        shown = {name: said[name] for name in wanted if name in said}
        return answer({**shown, "id": asked.params["node"]})

    async def templates(self, asked: Asked) -> Response:
        """A page of them; a cursor is the place where the next one begins."""
        every = [part.listed(place) for place, part in enumerate(self.settings.templates)]
        begin = int(f"0{asked.fields.get('after', '')}")
        end = begin + max(1, int(asked.fields.get("limit", 25)))
        paging: Content = {"cursors": {"before": str(begin), "after": str(end)}}
        if end < len(every):
            paging["next"] = f"https://graph.facebook.com{asked.path}?after={end}"
        page: Content = {"data": every[begin:end], "paging": paging}
        if "summary" in asked.fields:
            page["summary"] = {
                "total_count": len(every),
                "message_template_count": len(every),
                "message_template_limit": 250,
                "are_translations_complete": False,
            }
        return answer(page)

    async def override(self, asked: Asked) -> Response:
        """An address for this number alone; here it becomes the only one."""
        wanted = asked.fields.get("webhook_configuration")
        try:
            found = Subscription(
                url=at(wanted, "override_callback_uri"), verify_token=at(wanted, "verify_token")
            )
        except ValidationError:
            raise Refused(100) from None
        if not await self.confirmed(found):
            raise Refused(100, "Callback verification failed", subcode=2200)
        asked.effect = True
        self.settings = self.settings.model_copy(update={"hook": found.url})
        return answer({"success": True})

    async def confirmed(self, asked: Subscription) -> bool:
        """Whether the address knows the token, by the GET that Meta makes."""
        number = str(secrets.randbelow(10**9) + 10**9)
        hub = {"mode": "subscribe", "challenge": number, "verify_token": asked.verify_token}
        try:
            url = httpx2.URL(asked.url).copy_merge_params({f"hub.{k}": v for k, v in hub.items()})
            response = await self.desk.http.get(url)
        except (httpx2.HTTPError, httpx2.InvalidURL):
            return False
        return response.status_code == 200 and response.text == number

    async def read_settings(self, request: Request) -> Response:
        return answer(self.settings.model_dump())

    async def change_settings(self, asked: Settings) -> Content:
        changes = {name: getattr(asked, name) for name in asked.model_fields_set}
        self.settings = self.settings.model_copy(update=changes)
        return self.settings.model_dump()

    async def subscribe(self, asked: Subscription) -> Content:
        if not await self.confirmed(asked):
            return {"success": False}
        self.settings = self.settings.model_copy(update={"hook": asked.url})
        return {"success": True}

    async def inbound(self, asked: Incoming) -> Content:
        number = self.of(asked.phone_number_id)
        return {"id": number.hear(asked.phone.lstrip("+"), asked.name, asked.content())}

    async def preference(self, asked: Preference) -> Content:
        self.of(asked.phone_number_id).prefer(asked.phone.lstrip("+"), stop=asked.stop)
        return {"success": True}

    async def notice(self, asked: Notice) -> Content:
        self.of(NUMBER_ID).courier.take([asked.model_dump()])
        return {"success": True}


def control(path: str, kind: type[Asking], act: Callable[[Asking], Awaitable[Content]]) -> Route:
    """A door for people and tests: takes `kind`, answers with what `act` gives."""

    async def endpoint(request: Request) -> Response:
        try:
            asked = kind.model_validate_json(await request.body())
        except ValidationError as error:
            return Response(error.json(include_url=False), 400, media_type="application/json")
        return answer(await act(asked))

    return Route(path, endpoint, methods=["POST"])


def answer(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    return Response(
        orjson.dumps(content), status, headers=headers, media_type="application/json; charset=UTF-8"
    )


def refusal(refused: Refused) -> Response:
    # Meta's own limit lasts up to an hour; here it must not hold a trial up.
    headers = {"retry-after": "1"} if refused.code == 4 else None
    return answer(refused.content, refused.status, headers)
