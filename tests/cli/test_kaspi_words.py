"""What the commands about Kaspi orders say of what was found."""

from typing import Any

import pytest

from uzel.cli.kaspi_words import said, words_of

PROVED: dict[str, Any] = {"orders": 3, "missing": [], "doubles": [], "waiting": [], "at": 1}


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ({}, ""),
        ({"orders": 3, "changed": 0, "new": ["1"]}, ", orders 3, changed 0, new 1"),
        (PROVED, ", 3 orders, each with exactly one deal"),
        ({**PROVED, "orders": 0}, ", 0 orders"),
        ({**PROVED, "orders": 1}, ", 1 order, each with exactly one deal"),
        ({**PROVED, "waiting": ["1"]}, ", 3 orders, 1 without a deal yet"),
        (
            {**PROVED, "missing": ["1"], "doubles": ["2", "3"]},
            ", 3 orders, 1 whose deal is gone, 2 with several deals",
        ),
    ],
)
def test_what_a_task_found(found: dict[str, Any], text: str) -> None:
    assert said(found) == text


@pytest.mark.parametrize(
    ("before", "state", "days", "text"),
    [
        ("off", "on", None, "on; it begins with the orders from now on"),
        ("paused", "on", None, "on; it begins with all that came meanwhile"),
        ("on", "on", None, "on already"),
        ("on", "on", 3, "on; it takes the orders of the last 3 days, too"),
        ("on", "paused", None, "paused; orders are fetched, no deals are made"),
    ],
)
def test_what_a_change_means(before: str, state: str, days: int | None, text: str) -> None:
    assert words_of(before, state, days) == text
