"""What the end of a call says to this flow."""

from collections.abc import Sequence
from typing import Any

from uzel.calls.outcome import Result, State
from uzel.flows.kaspi_orders import shop_store
from uzel.kit.database import Connection

DROPPED = "a person decided not to ask again"
# Nobody would say otherwise if it were asked again.
FINAL = (State.REJECTED, State.CANCELLED)


def named_in(result: Result) -> list[str]:
    """The `request_id`s that a refusal of a bulk names after the colon of its code."""
    names = (result.code or "").partition(":")[2]
    return names.split(",") if names else []


def answered(result: Result) -> dict[str, Any] | None:
    """The data of an answer; None where there is none, though it happened: a person said so."""
    if result.state is not State.ACCEPTED or result.answer is None:
        return None
    return dict(result.answer.data)


def reason_of(result: Result) -> str:
    """Why it did not come about."""
    return (
        result.detail
        or result.code
        or (DROPPED if result.state is State.CANCELLED else str(result.state))
    )


async def crm_of(connection: Connection, rows: Sequence[Any]) -> int | None:
    """The CRM of orders of one shop."""
    if not rows:
        return None
    shop = await shop_store.one(connection, rows[0]["shop_id"])
    return int(shop["crm_id"])
