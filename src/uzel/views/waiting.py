"""When a message that waits will leave, and what it waits for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from uzel.kit.database import Pool
from uzel.model.rules import Rules, rules_at
from uzel.views import waiting_store as store
from uzel.views.rows import MessageRow

NIGHT, BUDGET, ALERT = "quiet_hours", "budget_spent", "low_rating"
A_MOMENT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Wait:
    """What a planned message waits for.

    reason     delay (after the visit), words (of a guest who gave few stars), quiet_hours (it is
               night there now), night_then (it will be when the delay is over), budget_spent,
               again (an attempt failed), resting (the provider does not answer), paused, off, next
               (it is its turn)
    until      when it leaves, None where only a person can tell
    not_after  until when it is worth sending, None: for ever
    zone       of the place
    detail     why the connection or the provider is not available, or what the attempt met
    """

    reason: str
    until: datetime | None
    not_after: datetime | None
    zone: ZoneInfo
    detail: str | None = None

    @property
    def is_in_vain(self) -> bool:
        """Whether its time will be over before it may leave."""
        return bool(self.until and self.not_after and self.not_after < self.until)


async def waits_of(
    pool: Pool, messages: Iterable[MessageRow], now: datetime | None = None
) -> dict[int, Wait]:
    """Message → what it waits for; those that do not wait are left out."""
    ids = [message.id for message in messages if message.state == "planned"]
    rows = await store.waiting(pool, ids) if ids else []
    return {row["id"]: wait_of(row, now or datetime.now(UTC)) for row in rows}


def wait_of(row: Any, now: datetime) -> Wait:
    """A row of store.waiting."""
    rules, zone = rules_at(row["business_rules"], row["place_rules"]), ZoneInfo(row["zone"])
    if row["connection_state"] != "active":
        reason, until, detail = row["connection_state"], None, row["connection_reason"]
    elif row["open_until"] is not None and row["open_until"] > max(now, row["due_at"]):
        until = polite(row, rules, zone, row["open_until"])
        reason, detail = "resting", row["closed_because"]
    else:
        until = polite(row, rules, zone, max(now, row["due_at"]))
        reason = held_by(row, rules, zone, now, until)
        detail = row["detail"] if reason == "again" else None
    return Wait(reason, until, row["not_after"], zone, detail)


def polite(row: Any, rules: Rules, zone: ZoneInfo, at: datetime) -> datetime:
    """When it may leave that could leave at `at`."""
    return rules.hours.next_open(at, zone) if row["polite"] else at


def held_by(row: Any, rules: Rules, zone: ZoneInfo, now: datetime, until: datetime) -> str:
    """What a message that could be sent waits for."""
    if until <= now:
        return "next"
    if row["error_class"] is not None:
        return "again"
    if row["detail"] == BUDGET:
        return BUDGET
    if row["polite"] and not rules.hours.open_at(until - A_MOMENT, zone):
        return "night_then" if rules.hours.open_at(now, zone) else NIGHT
    return "words" if row["purpose"] == ALERT else "delay"
