"""The ASGI application of the old address: whatever comes, the answer is JSON with a `status`.

The order is the one that partners' programs know: who asks (401), then for what (400).
"""

import logging
from collections.abc import Mapping

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from uzel.kit import database
from uzel.kit.batch import Full
from uzel.partners.access import Caller
from uzel.web.partner.actions import ACTIONS
from uzel.web.partner.call import Action, Call
from uzel.web.partner.carriers import Given, TooLarge, read
from uzel.web.partner.gate import Denied, demand
from uzel.web.partner.parts import PartnerParts
from uzel.web.partner.reply import Refusal, Reply, retry_after

log = logging.getLogger("uzel.partner")

PATH = "/amogt/gpt_payment_api/api.php"
METHODS = ("GET", "HEAD", "POST")
RETRY_AFTER_S = 5
COME_AGAIN: tuple[type[BaseException], ...] = (Full, *database.PASSING)
NOBODY = "Unauthorized: Invalid API token."


class PartnerDoor:
    """`actions`: other ones than the usual, for tests."""

    def __init__(self, parts: PartnerParts, actions: Mapping[str, Action] = ACTIONS) -> None:
        self._parts = parts
        self._actions = actions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        try:
            reply = await self.answer(Request(scope, receive))
        except ClientDisconnect:
            return
        headers = {"content-type": "application/json", **reply.headers}
        await Response(reply.body, reply.status, headers)(scope, receive, send)

    async def answer(self, request: Request) -> Reply:
        """What is said to it, whatever goes wrong."""
        try:
            return await self._do(request)
        except Refusal as refused:
            return refused.reply()
        except TooLarge:
            return Refusal("body_too_large", "The body is larger than 1 MiB.").reply()
        except COME_AGAIN as error:
            log.warning("a partner was told to come again (%s)", type(error).__name__)
            text = "Not available now. Please try again later."
            return Refusal("unavailable", text, headers=retry_after(RETRY_AFTER_S)).reply()
        except ClientDisconnect:
            raise
        except Exception:
            log.exception("a request of a partner failed")
            return Refusal("internal_error", "An error of ours.").reply()

    async def _do(self, request: Request) -> Reply:
        if request.method not in METHODS:
            allowed = {"allow": ", ".join(METHODS)}
            raise Refusal("method_not_allowed", "Invalid request method.", headers=allowed)
        given = await read(request)
        action = self._actions.get(given.action or "")
        if action is not None and action.before is not None:
            action.before(given)
        caller = await self._admit(given, action)
        if given.problem is not None:
            raise Refusal("invalid_json", given.problem)
        if action is None:
            raise Refusal("invalid_action", "Invalid action specified.")
        try:
            demand(caller, action.scope)
        except Denied as denied:
            raise Refusal(denied.code, denied.detail) from None
        return await action.run(Call(given, caller, self._parts))

    async def _admit(self, given: Given, action: Action | None) -> Caller:
        token, in_url = given.token
        try:
            return await self._parts.gate.admit(token, given.address, in_url=in_url)
        except Denied as denied:
            headers = retry_after(denied.retry_after_s) if denied.retry_after_s else None
            text = denied.detail
            if denied.code == "unauthorized":
                text = action.unauthorized if action else NOBODY
            raise Refusal(denied.code, text, headers=headers) from None
