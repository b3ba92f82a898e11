"""When a message that waits will leave, and why not now."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from uzel.views.waiting import wait_of

NOON = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)  # in Moscow
NIGHT = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
NINE = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def row(**more: Any) -> dict[str, Any]:
    """A message whose turn it is."""
    return {
        "purpose": "review_request",
        "polite": True,
        "not_after": None,
        "due_at": NOON - HOUR,
        "error_class": None,
        "detail": None,
        "connection_state": "active",
        "connection_reason": None,
        "open_until": None,
        "closed_because": None,
        "zone": "Europe/Moscow",
        "business_rules": "{}",
        "place_rules": None,
        **more,
    }


@pytest.mark.parametrize(
    ("now", "more", "reason", "until"),
    [
        (NOON, {}, "next", NOON),
        (NOON, {"due_at": NOON + HOUR}, "delay", NOON + HOUR),
        (NOON, {"due_at": NOON + HOUR, "purpose": "low_rating"}, "words", NOON + HOUR),
        (NIGHT, {"due_at": NINE, "detail": "quiet_hours"}, "quiet_hours", NINE),
        # Nobody has looked at it yet, but the night keeps it all the same.
        (NIGHT, {"due_at": NIGHT - HOUR}, "quiet_hours", NINE),
        (NIGHT, {"due_at": NIGHT - HOUR, "polite": False}, "next", NIGHT),
        (NOON, {"due_at": NINE}, "night_then", NINE),
        # In Almaty it is night already; and the place opens by its own clock.
        (NIGHT, {"zone": "Asia/Almaty"}, "quiet_hours", NIGHT + 8 * HOUR),
        (
            NIGHT,
            {"place_rules": '{"opens": "10:00", "closes": "22:00"}'},
            "quiet_hours",
            NINE + HOUR,
        ),
        (NOON, {"due_at": NINE, "detail": "budget_spent"}, "budget_spent", NINE),
        (
            NOON,
            {"due_at": NOON + HOUR, "error_class": "Unavailable", "detail": "HTTP 502"},
            "again",
            NOON + HOUR,
        ),
        (NOON, {"open_until": NOON + HOUR, "closed_because": "HTTP 502"}, "resting", NOON + HOUR),
        (NOON, {"connection_state": "paused", "connection_reason": "no money"}, "paused", None),
        (NOON, {"connection_state": "off"}, "off", None),
    ],
)
def test_what_it_waits_for(
    now: datetime, more: dict[str, Any], reason: str, until: datetime | None
) -> None:
    wait = wait_of(row(**more), now)
    assert (wait.reason, wait.until) == (reason, until)


def test_what_stands_in_the_way_is_told() -> None:
    assert wait_of(row(connection_state="paused", connection_reason="no money"), NOON).detail == (
        "no money"
    )
    rest = row(open_until=NOON + HOUR, closed_because="HTTP 502")
    assert wait_of(rest, NOON).detail == "HTTP 502"


def test_what_will_be_too_late_by_then() -> None:
    assert wait_of(row(due_at=NINE, not_after=NINE - HOUR), NOON).is_in_vain
    assert not wait_of(row(due_at=NINE, not_after=NINE + HOUR), NOON).is_in_vain
