"""`/modules/Webforms/code/send` and `/check`: the step of a form in which a phone is confirmed.

For browsers on the site's own pages: a form is posted, JSON goes back, to any origin. What was sent
to a phone is never told to who asked for it.
"""

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from uzel.connections import business_store
from uzel.crm import form_store, phone_codes
from uzel.crm.phone_codes import AGAIN_S, DIGITS, LASTS_S, CodeRefused
from uzel.crm.refusal import Refused
from uzel.crm.users import CODE_PLACE
from uzel.errors import ConfigError
from uzel.kit import database
from uzel.kit.database import Connection
from uzel.kit.logs import without_text
from uzel.messages.draft import Draft, Letter
from uzel.messages.send import plan_messages
from uzel.messaging import choice, content
from uzel.messaging.messenger import purpose_of
from uzel.model.phone import PhoneRejected, parse_phone
from uzel.model.rules import read_rules
from uzel.people.manage import network_of
from uzel.web.deps import Deps
from uzel.web.vtiger.door import log
from uzel.web.vtiger.parameters import MOST_FORM_BYTES, NoRoom, read
from uzel.web.vtiger.room import Room

PATH = "/modules/Webforms/code/"
TEXT = "Код подтверждения: {code}"
HIDDEN = "•" * DIGITS
ANY_ORIGIN = {"access-control-allow-origin": "*"}
# Code of a refusal → status, and what people read.
SAID: Mapping[str, tuple[int, str]] = {
    "form": (404, "Такой формы нет, или телефон она не подтверждает"),
    "phone": (422, "На этот номер SMS не дойдёт: нужен мобильный телефон"),
    "too_soon": (429, "Код уже отправлен. Новый можно запросить чуть позже"),
    "too_many": (429, "Слишком много попыток. Попробуйте позже"),
    "wrong": (422, "Код не подходит"),
    "expired": (422, "Код устарел. Запросите новый"),
    "none": (422, "На этот номер кода не отправляли"),
    "off": (503, "SMS сейчас не отправляются"),
    "failed": (500, "Не получилось. Попробуйте ещё раз"),
}


class PhoneCodeDoor:
    """One for a web process."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        request = Request(scope, receive)
        steps = {f"{PATH}send": self._send, f"{PATH}check": self._check}
        step = steps.get(scope["path"])
        if step is None or request.method != "POST":
            await Response(status_code=404 if step is None else 405)(scope, receive, send)
            return
        try:
            response = answer(await step(await self._asked(request)))
        except ClientDisconnect:
            return
        except database.PASSING:
            response = Response(status_code=503, headers={"retry-after": "5"})
        except CodeRefused as error:
            response = refusal(error)
        except Exception as error:  # noqa: BLE001 - the answer to whoever posted
            log.error("a code failed: %s", type(error).__name__, exc_info=without_text(error))
            response = refusal(CodeRefused("failed"))
        await response(scope, receive, send)

    async def _asked(self, request: Request) -> dict[str, Any]:
        """The form's row, the phone, the code, and who asks. Raises CodeRefused."""
        try:
            said = await read(request, MOST_FORM_BYTES, Room(0))
        except (Refused, NoRoom):
            raise CodeRefused("form") from None
        await said.close()
        row = await form_store.by_public_id(self._deps.pool, said.form.get("publicid", "")[:64])
        if row is None or not row["confirms"] or row["disabled_at"] is not None:
            raise CodeRefused("form")
        try:
            phone = parse_phone(said.form.get("phone", ""))
        except PhoneRejected:
            raise CodeRefused("phone") from None
        return {
            "business_id": row["business_id"],
            "key": self._deps.ring.open(row["code_key"], CODE_PLACE.format(row["business_id"])),
            "phone": phone.e164,
            "code": said.form.get("code", "")[:64],
            "address": network_of(request.client.host) if request.client else "",
        }

    async def _send(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """A code goes out. Raises CodeRefused."""
        async with self._deps.pool.acquire() as connection, connection.transaction():
            sent = await phone_codes.new_code(
                connection, asked["key"], asked["business_id"], asked["phone"], asked["address"]
            )
            await self._plan(connection, asked, sent)
        return {"sent": True, "expires_s": LASTS_S, "again_s": AGAIN_S, "digits": DIGITS}

    async def _plan(
        self, connection: Connection, asked: Mapping[str, Any], sent: phone_codes.Sent
    ) -> None:
        """The message with the code. Whoever looks the message up does not see it."""
        business_id = asked["business_id"]
        row = await business_store.rules_of(connection, business_id)
        message = content.sms(asked["phone"], TEXT.format(code=sent.code))
        try:
            active = choice.choose(self._deps.registry, business_id, message.channel, None)
            letter = choice.letter_via(active, message, read_rules(row["rules"]))
        except ConfigError as error:
            log.warning("a form wants to confirm phones, and no SMS can be sent: %s", error)
            raise CodeRefused("off") from None
        draft = Draft(
            business_id=business_id,
            purpose=purpose_of(transactional=True),
            origin=f"registry_code:{sent.id}",
            letters=[hidden(letter)],
            phone=asked["phone"],
        )
        await plan_messages(connection, [draft])

    async def _check(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Whether it is the one. Raises CodeRefused."""
        async with self._deps.pool.acquire() as connection, connection.transaction():
            wrong = await phone_codes.check(
                connection, asked["key"], asked["business_id"], asked["phone"], asked["code"]
            )
        if wrong is not None:
            raise wrong
        return {"confirmed": True}


def hidden(letter: Letter) -> Letter:
    """The letter, with a text for people that does not tell the code."""
    return Letter(
        channel=letter.channel,
        connection_id=letter.connection_id,
        operation=letter.operation,
        arguments=letter.arguments,
        address=letter.address,
        body=TEXT.format(code=HIDDEN),
        estimate_minor=letter.estimate_minor,
        currency=letter.currency,
        takes=letter.takes,
    )


def answer(result: Mapping[str, Any]) -> Response:
    """It was done."""
    return said({"success": True, "result": result}, 200, {})


def refusal(error: CodeRefused) -> Response:
    """It was not, and why."""
    status, words = SAID[error.code]
    wait = {"retry-after": str(error.wait_s)} if error.wait_s is not None else {}
    about = {"code": error.code, "message": words, "wait_s": error.wait_s}
    return said({"success": False, "error": about}, status, wait)


def said(envelope: Mapping[str, Any], status: int, headers: Mapping[str, str]) -> Response:
    """In JSON, for pages of any site."""
    kind = {"content-type": "application/json"}
    return Response(json.dumps(envelope), status, {**kind, **ANY_ORIGIN, **headers})
