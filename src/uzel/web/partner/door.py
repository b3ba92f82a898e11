"""The application of the partners' old address.

The order is the one that partners' programs know: who asks (401), then for what (400).
"""

from collections.abc import Mapping

from starlette.requests import Request

from uzel.partners.access import Caller
from uzel.web.partner.actions import ACTIONS
from uzel.web.partner.answering import Answering, demand_method
from uzel.web.partner.call import Action, Call
from uzel.web.partner.carriers import Given, read
from uzel.web.partner.gate import Denied, demand
from uzel.web.partner.parts import PartnerParts
from uzel.web.partner.reply import Refusal, Reply, retry_after

PATH = "/amogt/gpt_payment_api/api.php"
NOBODY = "Unauthorized: Invalid API token."


class PartnerDoor(Answering):
    """`actions`: other ones than the usual, for tests."""

    def __init__(self, parts: PartnerParts, actions: Mapping[str, Action] = ACTIONS) -> None:
        self._parts = parts
        self._actions = actions

    async def do(self, request: Request) -> Reply:
        demand_method(request)
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
