"""Partners' receivers in miniature: any path is one, and checks what it is sent.

POST   /_receivers   how one behaves, see `miniature.Settings`: fails, redirects, wants no more
DELETE /_receivers   all as in the beginning, and nothing received
GET    /_deliveries  what they were sent, the oldest first, see `miniature.Delivered`

Below `/notify/` they take what is told of payouts. One that hangs is the fault `timeout_before`.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from uzel.connectors.partner_hook.miniature import SECRET, Receivers, Settings
from uzel.errors import CallFailed, Unavailable
from uzel.kit.control import JSON, answer, taking
from uzel.kit.faults import FaultKind
from uzel.kit.sandbox import Asked, Desk

SETTINGS: Mapping[str, Any] = {"path": "/hook", "secret": SECRET}
EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "deliver": {
        "id": "evt_00000000000000000000000000000001",
        "type": "payment.completed",
        "subject": "txn_0123456789abcdef",
        "body": '{"type":"payment.completed","timestamp":"2026-11-20T09:15:02Z","data":{}}',
    },
    "notify": {
        "path": "/notify/hook",
        "id": "evt_00000000000000000000000000000002",
        "type": "payment.completed",
        "subject": "po_0123456789abcdef",
        "body": '{"data":{},"event":"payment.completed","timestamp":"2026-11-20T09:15:02Z"}',
    },
}
# No account can be refused here: a receiver that says 401 is one that has a mistake in it. And of
# a good answer nothing but its status is read.
MEANINGS: Mapping[FaultKind, type[CallFailed] | None] = {
    FaultKind.UNAUTHORIZED: Unavailable,
    FaultKind.FORBIDDEN: Unavailable,
    FaultKind.GARBAGE: None,
}


def routes(desk: Desk) -> list[BaseRoute]:
    """All receivers, and the control doors."""
    desk.refusals[FaultKind.TOO_MANY] = lambda: Response("", 429, {"retry-after": "1"})
    doors = Doors()
    return [
        taking("/_receivers", Settings, doors.set),
        Route("/_receivers", doors.forget, methods=["DELETE"]),
        Route("/_deliveries", doors.deliveries),
        desk.route("/notify/{name:path}", "notify", doors.take, describe=describe),
        desk.route("/{name:path}", "deliver", doors.take, describe=describe),
    ]


class Doors:
    """One set of receivers for everybody."""

    def __init__(self) -> None:
        self.receivers = Receivers()

    async def take(self, asked: Asked) -> Response:
        return self.receivers.take(asked.params["name"], asked)

    async def set(self, asked: Settings) -> Response:
        self.receivers.named(asked.name).settings = asked
        return Response(asked.model_dump_json(), media_type=JSON)

    async def forget(self, request: Request) -> Response:
        self.receivers.forget()
        return Response(status_code=204)

    async def deliveries(self, request: Request) -> Response:
        return answer([dataclasses.asdict(it) for it in self.receivers.delivered])


def describe(asked: Asked) -> Mapping[str, Any]:
    """For the journal: which event to whom."""
    body = asked.json if isinstance(asked.json, dict) else {}
    kind = body.get("type", body.get("event"))
    return {
        "receiver": asked.params["name"],
        "id": asked.headers.get("webhook-id"),
        "timestamp": asked.headers.get("webhook-timestamp"),
        "type": kind,
    }
