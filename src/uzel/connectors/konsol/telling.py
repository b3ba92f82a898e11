"""Callbacks of the sandbox, as the diagram of the service has them: one JSON object a request."""

from datetime import UTC, datetime
from typing import Any

import httpx2
import orjson

from uzel.connectors.konsol.miniature import CREATED, Content, Payment, Settings
from uzel.connectors.konsol.privacy import masked
from uzel.kit.faults import FaultKind
from uzel.kit.pushing import is_success, note, status_of
from uzel.kit.sandbox import Desk

# Field of bank_details that a callback calls `requisites`.
REQUISITES = {
    "card": "card_number",
    "fps": "fps_mobile_phone",
    "bank_account": "bank_account_id",
}


def payment_callback(action: str, payment: Payment, status: str, settings: Settings) -> Content:
    """About a payment. The amount is a number and the services are a text here."""
    asked, shown = payment.asked, payment.show()
    kind = asked["bank_details_kind"]
    whole = asked["bank_details"][REQUISITES[kind]]
    hidden = masked(kind, asked["bank_details"]) or ""
    return {
        "action_name": CREATED if settings.contradictory else action,
        "payload": {
            "id": payment.id,
            "contractor_id": payment.contractor_id,
            "amount": payment.amount_minor / 100,
            "status": status,
            "error_message": payment.error,
            "kind": kind,
            "requisites": whole if settings.requisites == "full" else hidden,
            "services_list": ", ".join(str(it.get("title")) for it in asked["services_list"]),
            "created_at": shown["created_at"],
            "paid_at": shown["paid_at"],
        },
    }


def contractor_callback(contractor: Content) -> Content:
    """About a contractor; an ИНН is a number here."""
    taxpayer = contractor.get("taxpayer_id")
    known = ("id", "first_name", "last_name", "kind", "phone")
    return {
        "action_name": CREATED,
        "payload": {
            **{name: contractor.get(name) for name in known},
            "taxpayer_id": int(taxpayer) if taxpayer else None,
            "tcb_bound": "completed",
            "tinkoff_bound": "initial",
            "dummy_bound": "",
        },
    }


def told(body: Content) -> Content:
    """What the journal tells of a callback: nobody's requisites."""
    payload: Any = body.get("payload")
    status = payload.get("status") if isinstance(payload, dict) else None
    name = payload.get("id") if isinstance(payload, dict) else None
    return {"action_name": body.get("action_name"), "id": name, "status": status}


async def attempt(desk: Desk, http: httpx2.AsyncClient, hook: str, body: Content) -> bool:
    """Post once and write it down; whether it was acknowledged."""
    at = datetime.now(UTC)
    content = orjson.dumps(body)
    headers = {"content-type": "application/json"}
    status = await status_of(http.post(hook, content=content, headers=headers))
    note(desk, hook, at, status, told(body), effect=is_success(status))
    return is_success(status)


def lose(desk: Desk, hook: str, body: Content) -> None:
    """Only write down that it never went out."""
    fault, now = FaultKind.LOST_WEBHOOK, datetime.now(UTC)
    note(desk, hook, now, None, told(body), effect=False, fault=fault)
