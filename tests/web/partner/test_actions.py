"""Another action is another line in the table: what it says is asked in the order it says it."""

from typing import Any

from starlette.requests import Request

from partner_client import Client, add_client
from running_web import WebApp
from uzel.partners.manage import LEADS
from uzel.web.partner.actions import ACTIONS
from uzel.web.partner.call import Action, Call
from uzel.web.partner.carriers import Given
from uzel.web.partner.door import PartnerDoor
from uzel.web.partner.reply import Refusal, Reply, ok


async def take(call: Call) -> Reply:
    return ok(taken=call.given.value("lead_data"), by=call.caller.partner.public_id)


def by_post_only(given: Given) -> None:
    if given.method != "POST":
        raise Refusal("method_not_allowed", "POST only", headers={"allow": "POST"})


LEAD = Action(take, LEADS, "Unauthorized: Invalid API token in JSON payload.", by_post_only)


def answer(it: Client, method: str, query: str, body: bytes = b"") -> Reply:
    """What a door with one more action says."""
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": "/",
        "query_string": query.encode(),
        "headers": [(b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    door = PartnerDoor(it.app.deps.partners, {**ACTIONS, "submit_partner_lead": LEAD})
    return it.app.run(lambda: door.answer(Request(scope, receive)))


def test_an_action_more(app: WebApp) -> None:
    it = add_client(app)
    named = f'{{"action": "submit_partner_lead", "api_token": "{it.token}", "lead_data": [1]}}'
    done = answer(it, "POST", "", named.encode())
    assert (done.status, b'"taken":[1]' in done.body) == (200, True)
    # JSON that submits leads says so itself, whatever the query says.
    assert answer(it, "POST", "action=get_balance", named.encode()).body == done.body
    wrong = answer(it, "POST", "", named.replace(it.token, "x").encode())
    assert (wrong.status, b"in JSON payload" in wrong.body) == (401, True)
    # What it looks at first comes before the token.
    early = answer(it, "GET", "action=submit_partner_lead&api_token=wrong")
    assert (early.status, early.headers) == (405, {"allow": "POST"})


def test_an_action_needs_its_scope(app: WebApp) -> None:
    it = add_client(app, scopes=("read",))
    named = f'{{"action": "submit_partner_lead", "api_token": "{it.token}"}}'
    assert answer(it, "POST", "", named.encode()).status == 403
