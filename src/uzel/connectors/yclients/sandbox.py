"""YCLIENTS in miniature: its API as far as we use it, and salons that post their records.

    POST /_run       {"hook": "http://…?key=…", …} → {"run": id}; the fields are those of `RunAsked`
    GET  /_run/{id}  how far it is: see `Run.progress`
    POST /_order     {"hook": …, "phone": …, "attendance": …}: one event of one record at once

Without `hook` the events go where `hooks_settings` says. Every post is journalled as operation
`webhook`, `effect` being an answer of 2xx. Tokens are good unless they begin with `bad`; a location
with a number below 1000 belongs to somebody else. What happened stays to be read at `records`.
"""

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import Field
from starlette.responses import Response
from starlette.routing import BaseRoute

from uzel.connectors.yclients.lives import COMPANY_ID, NAMES, Post, Record, Step
from uzel.connectors.yclients.miniature import RunAsked, Target, run_of, sender
from uzel.connectors.yclients.registration import FLAGS, MOST_URLS
from uzel.kit.control import answer, run_doors, taking
from uzel.kit.faults import FaultKind
from uzel.kit.pushing import Run
from uzel.kit.sandbox import Asked, Desk

SETTINGS: Mapping[str, Any] = {
    "partner_token": "sandbox-partner-4b7e1c",
    "user_token": "sandbox-user-9d2f60",
    "company_id": COMPANY_ID,
}
EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "hooks": {},
    "records_changed": {"changed_after": "2026-03-14T00:00:00", "page": 1},
}
AUTHORIZATION = re.compile(r"Bearer (\S+), User (\S+)")
SMALLEST_OWN = 1000
MOST_A_PAGE = 300

Content = dict[str, Any]
Method = Callable[[int, Asked], Response]


class OrderAsked(Target):
    """The body of `POST /_order`. The same `order_id` makes it a change of the same record; the
    same `visit_id` another record of the same visit.
    """

    phone: str | None = "+79990000001"
    name: str = NAMES[0]
    attendance: int = Field(default=1, ge=-1, le=2)
    status: str = "update"
    deleted: bool = False
    in_array: bool = False
    order_id: int | None = Field(default=None, gt=0, lt=10**15)
    visit_id: int | None = Field(default=None, gt=0, lt=10**15)


def routes(desk: Desk) -> list[BaseRoute]:
    """The API, and the control doors."""
    words = {
        FaultKind.UNAUTHORIZED: "Требуется авторизация",
        FaultKind.FORBIDDEN: "Недостаточно прав",
        FaultKind.TOO_MANY: "Слишком много запросов",
        FaultKind.BROKEN: "Внутренняя ошибка",
    }
    desk.refusals.update({kind: refuser(int(kind), said) for kind, said in words.items()})
    salons, path = Salons(desk), "/api/v1/hooks_settings/{company_id:int}"
    read, change = salons.handler(salons.hooks), salons.handler(salons.change_hooks)
    records = salons.handler(salons.changed_records)
    return [
        *run_doors(desk, RunAsked, salons.run),
        taking("/_order", OrderAsked, salons.order),
        desk.route(path, "hooks", read, methods=("GET",), describe=describe),
        desk.route(path, "change_hooks", change, describe=describe),
        desk.route(
            "/api/v1/records/{company_id:int}", "records_changed", records, methods=("GET",)
        ),
    ]


class Salons:
    """What all locations remember."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._settings: dict[int, Content] = {}
        self._newest: dict[tuple[int, int], Step] = {}

    def handler(self, method: Method) -> Callable[[Asked], Awaitable[Response]]:
        """`method` for those who may."""

        async def handle(asked: Asked) -> Response:
            tokens = AUTHORIZATION.fullmatch(asked.headers.get("authorization", ""))
            if not tokens or any(token.startswith("bad") for token in tokens.groups()):
                return refused(401, "Требуется авторизация")
            company_id = int(asked.params["company_id"])
            if company_id < SMALLEST_OWN:
                return refused(403, "Недостаточно прав")
            return method(company_id, asked)

        return handle

    def hooks(self, company_id: int, asked: Asked) -> Response:
        return accepted(self._settings_of(company_id))

    def change_hooks(self, company_id: int, asked: Asked) -> Response:
        """Everything at once: a flag that is left out is 0, an address that is left out is gone."""
        urls = asked.fields.get("urls")
        if not isinstance(urls, list) or not urls or asked.fields.get("active") not in (0, 1):
            return refused(422, "Поля urls и active обязательны")
        if len(urls) > MOST_URLS:
            return refused(422, f"Не больше {MOST_URLS} адресов")
        flags = {name: int(asked.fields.get(name) == 1) for name in FLAGS}
        settings = {"urls": urls, "active": asked.fields["active"], **flags}
        self._settings[company_id] = settings
        asked.effect = True
        return accepted(settings, status=201)

    def _settings_of(self, company_id: int) -> Content:
        nothing = {"urls": [], "active": 0, **dict.fromkeys(FLAGS, 0)}
        return self._settings.get(company_id, nothing)

    def changed_records(self, company_id: int, asked: Asked) -> Response:
        after = str(asked.fields.get("changed_after", ""))
        deleted = str(asked.fields.get("with_deleted", "0")) == "1"
        count = min(whole(asked.fields.get("count"), 50), MOST_A_PAGE)
        start = (whole(asked.fields.get("page"), 1) - 1) * count
        told = (step.data for (owner, _), step in self._newest.items() if owner == company_id)
        found = [
            data
            for data in sorted(told, key=lambda data: (data["last_change_date"], data["id"]))
            if data["last_change_date"] >= after and (deleted or not data["deleted"])
        ]
        meta = {"page": start // count + 1, "total_count": len(found)}
        return accepted(found[start : start + count], meta)

    def run(self, asked: RunAsked) -> Run[Post] | Response:
        hooks = self._hooks_for(asked)
        return run_of(self._desk, asked, hooks, self._tell) if hooks else nowhere()

    async def order(self, asked: OrderAsked) -> Response:
        if not (hooks := self._hooks_for(asked)):
            return nowhere()
        order_id = asked.order_id or secrets.randbelow(10**12) + SMALLEST_OWN
        visit_id = asked.visit_id or order_id + 1
        record = Record(order_id, visit_id, asked.phone, asked.name, asked.company_id)
        now = datetime.now(UTC)
        step = Step(record, asked.attendance, now, asked.status, asked.deleted)
        self._tell(step)
        post, http = step.post(in_array=asked.in_array), self._desk.http
        statuses = [await sender(self._desk).send(http, hook, post, {}) for hook in hooks]
        return answer({"order_id": order_id, "visit_id": visit_id, "status": statuses[0]})

    def _hooks_for(self, asked: Target) -> list[str]:
        if asked.hook is not None:
            return [asked.hook]
        settings = self._settings_of(asked.company_id)
        return list(settings["urls"]) if settings["active"] and settings["record"] else []

    def _tell(self, step: Step) -> None:
        key = (step.record.company_id, step.record.id)
        if key not in self._newest or self._newest[key].at <= step.at:
            self._newest[key] = step


def nowhere() -> Response:
    """The refusal to post."""
    return answer({"errors": ["no hook: none given, none registered"]}, 400)


def describe(asked: Asked) -> Content:
    """For the journal: of an address only what shows no key."""
    shown = {**asked.params, **asked.fields}
    if isinstance(shown.get("urls"), list):
        shown["urls"] = [str(url).partition("?")[0] for url in shown["urls"]]
    return shown


def whole(value: Any, default: int) -> int:
    """A positive number of a query."""
    text = str(value)
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,8}", text) else default


def refuser(status: int, said: str) -> Callable[[], Response]:
    """How a refusal is worded."""
    return lambda: refused(status, said)


def refused(status: int, said: str) -> Response:
    return answer({"success": False, "data": None, "meta": {"message": said}}, status)


def accepted(data: Any, meta: Any = (), status: int = 200) -> Response:
    return answer({"success": True, "data": data, "meta": meta}, status)
