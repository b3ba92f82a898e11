"""SMS.ru in miniature, quirks included: HTTP 200 to everything, ERROR per recipient with an sms_id,
limits as text, empty lists left out, reports signed and repeated until their answer is `100`.

Any key is good unless it is empty or begins with `bad`; each key is an account of its own. Numbers
other than Russian mobile ones have no route (207), senders that begin with `bad` are not approved
(204). `GET` and `POST /_settings` show and change the rest: see `Settings`. Without `json=1` an
answer is the bare code as text, less than the real one gives.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from uzel.connectors.smsru.codes import ACCEPTED, NOT_FOUND, delivery, explain
from uzel.connectors.smsru.miniature import Account, Settings, bare, digest, is_ttl, parts
from uzel.kit.sandbox import Asked, Desk

SETTINGS: Mapping[str, Any] = {
    "api_id": "5A4DB0C5-0000-4000-8000-SANDBOXSMSRU",
    "sender": "Uzel",
}
EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "send_sms": {"phone": "+79990000001", "text": "Спасибо за визит!"},
    "sms_status": {"ids": ["202647-1000000"]},
    "sms_cost": {"phone": "+79990000001", "text": "Спасибо за визит!"},
    "balance": {},
    "limit": {},
    "auth_check": {},
    "stoplist_add": {"phone": "+79990000002", "note": "просил не писать"},
    "stoplist_del": {"phone": "+79990000002"},
    "stoplist_get": {},
    "callback_add": {"url": "http://127.0.0.1:9/hook"},
    "callback_del": {"url": "http://127.0.0.1:9/hook"},
    "callback_get": {},
}
MOST_NUMBERS = 100
TEXT_TO_NUMBER = re.compile(r"(?:to|multi)\[(.+)\]")

Content = dict[str, Any]
Method = Callable[[Account, Asked], Content]


class OuterError(Exception):
    """The outer ERROR of an answer."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def routes(desk: Desk) -> list[BaseRoute]:
    """The methods of sms.ru, and the control door of this part."""
    miniature = Smsru(desk)
    methods: dict[str, tuple[str, Method]] = {
        "/sms/send": ("send_sms", send),
        "/sms/status": ("sms_status", status),
        "/sms/cost": ("sms_cost", cost),
        "/my/balance": ("balance", lambda account, asked: {"balance": roubles(account)}),
        "/my/limit": ("limit", limit),
        "/my/free": ("free", lambda account, asked: {"total_free": 5, "used_today": None}),
        "/my/senders": ("senders", lambda account, asked: {}),
        "/auth/check": ("auth_check", lambda account, asked: {}),
        "/stoplist/add": ("stoplist_add", stoplist_add),
        "/stoplist/del": ("stoplist_del", stoplist_del),
        "/stoplist/get": ("stoplist_get", stoplist_get),
        "/callback/add": ("callback_add", callback_add),
        "/callback/del": ("callback_del", callback_del),
        "/callback/get": ("callback_get", lambda account, asked: callback_urls(account)),
        "/{method:path}": ("unknown_method", unknown_method),
    }
    return [
        Route("/_settings", miniature.read_settings),
        Route("/_settings", miniature.change_settings, methods=["POST"]),
        *(
            desk.route(
                path,
                operation,
                miniature.handler(method),
                methods=("GET", "POST"),
                describe=describe_send if method is send else describe,
            )
            for path, (operation, method) in methods.items()
        ),
    ]


class Smsru:
    """The accounts and what all of them share."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.settings = Settings()
        self.accounts: dict[str, Account] = {}

    def handler(self, method: Method) -> Callable[[Asked], Awaitable[Response]]:
        async def handle(asked: Asked) -> Response:
            try:
                content = method(self._account(asked), asked)
            except OuterError as error:
                return reply(asked, {"status_code": error.code}, ok=False)
            return reply(asked, {"status_code": ACCEPTED, **content})

        return handle

    def _account(self, asked: Asked) -> Account:
        key = str(asked.fields.get("api_id", ""))
        if not key or key.startswith("bad"):
            raise OuterError(200)
        if key not in self.accounts:
            self.accounts[key] = Account(self.desk, key, lambda: self.settings)
        return self.accounts[key]

    async def read_settings(self, request: Request) -> Response:
        return Response(self.settings.model_dump_json(), media_type="application/json")

    async def change_settings(self, request: Request) -> Response:
        try:
            asked = Settings.model_validate_json(await request.body())
        except ValidationError as error:
            return Response(error.json(include_url=False), 400, media_type="application/json")
        changes = asked.model_dump(include=asked.model_fields_set)
        self.settings = self.settings.model_copy(update=changes)
        if "balance_minor" in changes:
            for account in self.accounts.values():
                account.balance_minor = asked.balance_minor
        return await self.read_settings(request)


def send(account: Account, asked: Asked) -> Content:
    texts = addressed(asked)
    if account.balance_minor < sum(map(parts, texts.values())) * account.settings().price_minor:
        raise OuterError(201)
    if not is_ttl(asked.fields.get("ttl", "1")):
        raise OuterError(208)
    sender, test = str(asked.fields.get("from", "")), asked.fields.get("test") == "1"
    answers: dict[str, Content] = {}
    for phone, text in texts.items():
        code = account.refusal(phone, text, sender)
        if code is not None:
            answers[phone] = {**refused(code), "sms_id": account.refused_id()}
            continue
        asked.effect = asked.effect or not test
        sms_id = account.refused_id() if test else account.accept(phone, text)
        answers[phone] = {"status": "OK", "status_code": ACCEPTED, "sms_id": sms_id}
    return {"sms": answers, "balance": roubles(account)}


def status(account: Account, asked: Asked) -> Content:
    answers: dict[str, Content] = {}
    for sms_id in str(asked.fields.get("sms_id", "")).split(","):
        message = account.messages.get(sms_id)
        code = message.code() if message else NOT_FOUND
        known = {"status": "OK", "cost": message.cost_minor / 100} if message else {}
        text = delivery(code)[1]
        answers[sms_id] = {"status": "ERROR", "status_code": code, "status_text": text, **known}
    return {"sms": answers}


def cost(account: Account, asked: Asked) -> Content:
    answers: dict[str, Content] = {}
    total_sms = 0
    for phone, text in addressed(asked).items():
        if not (phone.startswith("79") and len(phone) == 11):
            answers[phone] = refused(207)
            continue
        price = parts(text) * account.settings().price_minor / 100
        answers[phone] = {"status": "OK", "status_code": 100, "cost": price, "sms": parts(text)}
        total_sms += parts(text)
    total = total_sms * account.settings().price_minor / 100
    return {"sms": answers, "total_cost": total, "total_sms": total_sms}


def limit(account: Account, asked: Asked) -> Content:
    # The total is text in SMS.ru's answer (recorded 2026-06), the use a number.
    return {"total_limit": str(account.settings().daily_limit), "used_today": account.used_today}


def stoplist_add(account: Account, asked: Asked) -> Content:
    account.stoplist[number(asked, "stoplist_phone")] = str(asked.fields.get("stoplist_text", ""))
    asked.effect = True
    return {}


def stoplist_del(account: Account, asked: Asked) -> Content:
    account.stoplist.pop(number(asked, "stoplist_phone"), None)
    asked.effect = True
    return {}


def stoplist_get(account: Account, asked: Asked) -> Content:
    return {"stoplist": account.stoplist} if account.stoplist else {}


def callback_add(account: Account, asked: Asked) -> Content:
    url = str(asked.fields.get("url", ""))
    if not re.match(r"https?://[^\s/]+", url):
        raise OuterError(901)
    account.register(url)
    asked.effect = True
    return callback_urls(account)


def callback_del(account: Account, asked: Asked) -> Content:
    if not account.unregister(str(asked.fields.get("url", ""))):
        raise OuterError(902)
    asked.effect = True
    return callback_urls(account)


def callback_urls(account: Account) -> Content:
    return {"callback": list(account.couriers)} if account.couriers else {}


def unknown_method(account: Account, asked: Asked) -> Content:
    raise OuterError(211)


def addressed(asked: Asked) -> dict[str, str]:
    """Number → text, from `to` with `msg`, or from one `to[…]` or `multi[…]` per number."""
    fields = asked.fields
    texts = {
        bare(found[1]): str(text)
        for name, text in fields.items()
        if (found := TEXT_TO_NUMBER.fullmatch(name))
    }
    for phone in filter(None, str(fields.get("to", "")).split(",")):
        texts[bare(phone)] = str(fields.get("msg", fields.get("text", "")))
    if not texts:
        raise OuterError(202)
    if not all(texts.values()):
        raise OuterError(203)
    if len(texts) > MOST_NUMBERS:
        raise OuterError(213)
    return texts


def number(asked: Asked, name: str) -> str:
    phone = bare(str(asked.fields.get(name, "")))
    if not phone:
        raise OuterError(202)
    return phone


def roubles(account: Account) -> float:
    """SMS.ru writes money as a JSON number."""
    return account.balance_minor / 100


def refused(code: int) -> Content:
    return {"status": "ERROR", "status_code": code, "status_text": explain(code)}


def reply(asked: Asked, content: Content, *, ok: bool = True) -> Response:
    headers = {"Sms-Api": "1"}
    code = content["status_code"]
    if asked.fields.get("json") != "1":
        return Response(f"{code}", headers=headers, media_type="text/plain")
    outer: Content = {"status": "OK", **content} if ok else refused(code)
    return Response(
        orjson.dumps(outer), headers=headers, media_type="application/json; charset=utf-8"
    )


def describe(asked: Asked) -> Content:
    """For the journal: everything but the key, and of an address only what shows no key."""
    shown = {name: value for name, value in asked.fields.items() if name != "api_id"}
    if "url" in shown:
        shown["url"] = str(shown["url"]).partition("?")[0]
    return shown


def describe_send(asked: Asked) -> Content:
    """phone (E.164), text, text_digest (first half of SHA-256, hex), sender and ttl; `more` where
    one request has several numbers: number → text.
    """
    try:
        texts = addressed(asked)
    except OuterError:
        return describe(asked)
    (phone, text), *more = texts.items()
    described: Content = {
        "phone": f"+{phone}",
        "text": text,
        "text_digest": digest(text).hex(),
        "sender": asked.fields.get("from"),
        "ttl": asked.fields.get("ttl"),
    }
    return {**described, "more": {f"+{name}": other for name, other in more}} if more else described
