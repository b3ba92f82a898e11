"""Visits as the sources tell of them, and what became of them, for tests of the rules."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from connectors.yclients.bodies import event as yclients_event
from parts import START, Hub, Sandbox, visit
from uzel.connectors.amocrm.miniature import form_of

RKEEPER_PLACE = "b7d0c2a4-18e6-4f53-9a7b-c0d1e2f3a4b5"
NOWHERE = "http://127.0.0.1:9"


def minute_of(at: datetime) -> float:
    """How `parts.visit` names a moment."""
    return (at - START).total_seconds() / 60


def ago(seconds: float) -> datetime:
    """A moment in the past, in whole seconds, which is all that some sources tell."""
    return (datetime.now(UTC) - timedelta(seconds=seconds)).replace(microsecond=0)


def iiko(phone: str | None, at: datetime | None = None, **more: Any) -> dict[str, Any]:
    """A delivery of iiko's that was closed just now, or `at`; `more` as for `parts.visit`."""
    order = more.pop("order", None) or str(uuid4())
    return visit(order, phone=phone, minute=minute_of(at or ago(0)), **more)


def rkeeper(phone: str | None, at: datetime | None = None, **more: Any) -> dict[str, Any]:
    """An order of r_keeper Delivery that was carried out; `more`: other fields of it."""
    return {
        "id": more.pop("order", None) or str(uuid4()),
        "orderStatusName": "Выполнен",
        "guest": {"phone": phone, "firstName": "Тимур", "email": more.pop("email", None)},
        "restaurantId": RKEEPER_PLACE,
        "updatedAt": f"{at or ago(0):%Y-%m-%dT%H:%M:%SZ}",
        **more,
    }


def yclients(
    phone: str | None, at: datetime | None = None, came: int = 1, **more: Any
) -> dict[str, Any]:
    """A record of a salon whose guest came; `visit_id` and `id` in `more` tell which."""
    record = {
        "id": uuid4().int % 10**9,
        "visit_id": uuid4().int % 10**9,
        "visit_attendance": came,
        "client": {"id": 9, "name": "Мария", "phone": phone},
        "last_change_date": f"{at or ago(0):%Y-%m-%dT%H:%M:%S+0000}",
        **more,
    }
    return {**yclients_event("update", **record), "resource_id": record["id"]}


BODY = {"iiko": iiko, "rkeeper": rkeeper, "yclients": yclients}


async def tell(hub: Hub, body: Any, connector: str = "iiko") -> tuple[str, str | None]:
    """A source tells something, and it is processed: (decision, reason) of its last element."""
    assert (await hub.post(body, connector)).status == 200
    await hub.process()
    event = (await hub.events())[-1]
    return event["decision"], event["reason"]


async def request_of(hub: Hub) -> Any:
    """The newest request of a business."""
    return await hub.pool.fetchrow(
        "select * from review_request where business_id = $1 order by id desc limit 1",
        hub.business,
    )


async def states(hub: Hub) -> list[tuple[str, str | None]]:
    """(state, why) of the business's messages, oldest first."""
    return [(row["state"], row["state_reason"]) for row in await hub.messages()]


async def say(
    hub: Hub, phone: str, text: str, at: datetime | None = None
) -> tuple[str, str | None]:
    """Somebody answers by SMS, through MTS Exolve, now or at a moment."""
    body = {
        "date": (at or datetime.now(UTC)).isoformat(),
        "message_id": str(uuid4().int % 10**18),
        "direction": "DIRECTION_INCOMING",
        "billing_status": "BILLING_STATUS_BILLED",
        "sender": phone.removeprefix("+"),
        "text": text,
    }
    return await tell(hub, body, "exolve")


def deal(sandbox: Sandbox, hub: Hub, **asked: Any) -> int:
    """Make or change a deal in this hub's account of the sandbox's amoCRM, which tells nobody; see
    `DealAsked`. Gives its number.
    """
    body = {"token": token_of(hub), **asked}
    answer = sandbox.http.post("/amocrm/_deal", json=body)
    answer.raise_for_status()
    found: int = answer.json()["lead_id"]
    return found


def token_of(hub: Hub) -> str:
    """By which the sandbox knows this hub's amoCRM account."""
    config: Any = hub.active(hub.others["amocrm"][0]).config
    token: str = config.access_token.get_secret_value()
    return token


def won(lead: int, at: datetime | None = None, **more: Any) -> bytes:
    """What amoCRM posts when a deal was won: without its contact."""
    told = {
        "id": lead,
        "status_id": 142,
        "old_status_id": 61000001,
        "pipeline_id": 7310001,
        "updated_at": int((at or ago(0)).timestamp()),
        **more,
    }
    return form_of({"account": {"id": 31000001}, "leads": {"status": [told]}})
