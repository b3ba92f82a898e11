"""What became of the further ways of a message."""

from datetime import UTC, datetime
from typing import Any

import pytest

from uzel.views.ways import route_of

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ROUTE = {
    "ways": [
        {"channel": "sms", "closed": None},
        {"channel": "whatsapp", "closed": "whatsapp_russia"},
        {"channel": "email", "closed": None},
    ]
}


def row(hop: int, state: str, reason: str | None = None, more: bool = False) -> dict[str, Any]:
    return {
        "id": 7 + hop,
        "hop": hop,
        "state": state,
        "state_reason": reason,
        "route": ROUTE if hop == 0 else None,
        "more": more,
        "escalate_at": AT if more else None,
    }


@pytest.mark.parametrize(
    ("chain", "fate", "reason", "ran_out"),
    [
        ([row(0, "planned", more=True)], "next", None, False),
        ([row(0, "accepted", more=True)], "next", None, False),
        ([row(0, "delivered", more=True)], "arrived", None, False),
        ([row(0, "accepted")], "arrived", None, False),
        ([row(0, "unknown", "lost", more=True)], "unknown", "lost", False),
        ([row(0, "cancelled", "expired")], "withdrawn", "expired", False),
        ([row(0, "failed", "said no")], "ended", "said no", True),
        ([row(0, "failed"), row(1, "planned")], "taken", None, False),
        ([row(0, "failed"), row(1, "failed")], "taken", None, True),
    ],
)
def test_the_way_that_is_left(
    chain: list[dict[str, Any]], fate: str, reason: str | None, ran_out: bool
) -> None:
    route = route_of(chain)
    shut, way = route.ways
    assert (shut.channel, shut.fate, shut.reason) == ("whatsapp", "closed", "whatsapp_russia")
    assert (way.channel, way.fate, way.reason) == ("email", fate, reason)
    assert (way.message_id, way.at) == (
        8 if fate == "taken" else None,
        AT if fate == "next" else None,
    )
    assert route.ran_out is ran_out


def test_nothing_but_closed_ways() -> None:
    only = {**row(0, "failed", "said no"), "route": {"ways": ROUTE["ways"][:2]}}
    route = route_of([only])
    assert ([way.fate for way in route.ways], route.ran_out) == (["closed"], True)
