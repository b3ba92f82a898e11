"""A payout by the words of the documented interface, in answers and in what is told."""

from datetime import UTC, datetime
from typing import Any

import orjson

from uzel.model.currency import text
from uzel.payouts.payout import Kind, State
from uzel.payouts.programs.asked import CARD, PHONE

S = State
STATUSES = {
    S.WAITING: "pending",
    S.PROCESSING: "pending",
    S.UNKNOWN: "processing",
    S.REVIEW: "processing",
    S.PAID: "completed",
    S.FAILED: "failed",
    S.RETURNED: "failed",
    S.CANCELLED: "cancelled",
}
STATUS_WORDS = tuple(dict.fromkeys(STATUSES.values()))
# Event of a status, where it is another one than `payment.updated`.
EVENTS = {
    "completed": "payment.completed",
    "failed": "payment.failed",
    "cancelled": "payment.cancelled",
}
CREATED, UPDATED = "payment.created", "payment.updated"
TELLABLE = (CREATED, UPDATED, *EVENTS.values())
KINDS = {Kind.CARD: CARD, Kind.FPS: PHONE}
# The longest number of a user that programs know as a number.
LONGEST_INTEGER = 18


def states_of(status: str) -> frozenset[State]:
    """Ours, of a documented status."""
    return frozenset(state for state, word in STATUSES.items() if word == status)


def event_of(state: State) -> str:
    """What a payout that has come to this state is told by."""
    return EVENTS.get(STATUSES[state], UPDATED)


def shown(row: Any, *, stopped: bool = False) -> dict[str, Any]:
    """One of `request_store`, ready for orjson. `stopped`: nothing leaves now."""
    state = State(row["state"])
    return {
        "id": row["public_id"],
        "konsol_id": row["provider_id"],
        "status": STATUSES[state],
        "state": row["state"],
        "waits_for": "payouts_stopped" if stopped and state is S.WAITING else None,
        "amount": number(row["amount_minor"], row["currency"]),
        "currency": row["currency"],
        "description": row["purpose"],
        "payment_type": KINDS[Kind(row["kind"])],
        "card_number": row["card_shown"],
        "phone_number": row["phone"],
        "bank": row["bank_name"],
        "user_id": user_of(row["user_id"]),
        "external_id": row["external_id"],
        "invoice_id": row["invoice_id"],
        "callback_url": row["callback_url"],
        "metadata": row["metadata"],
        "error_message": row["error"],
        "created_at": moment(row["created_at"]),
        "updated_at": moment(row["changed_at"]),
        "paid_at": moment(row["paid_at"]),
    }


def number(amount_minor: int, currency: str) -> orjson.Fragment:
    """A JSON number with all its places: `1000.00`."""
    return orjson.Fragment(text(amount_minor, currency))


def user_of(kept: str | None) -> str | int | None:
    """Users of Telegram are numbers, and programs know them as such."""
    is_number = kept is not None and kept.isascii() and kept.isdigit()
    if not is_number or kept is None or len(kept) > LONGEST_INTEGER or kept[0] == "0":
        return kept
    return int(kept)


def moment(at: datetime | None) -> str | None:
    """`2026-11-20T09:15:02.123456Z`."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
