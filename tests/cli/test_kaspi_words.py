"""What the commands about Kaspi orders say of what was found."""

from typing import Any

import pytest

from uzel.cli.kaspi_words import print_why, said, words_of

PROVED: dict[str, Any] = {"orders": 3, "missing": [], "doubles": [], "waiting": [], "at": 1}


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ({}, ""),
        ({"orders": 3, "changed": 0, "new": ["1"]}, ", orders 3, changed 0, new 1"),
        (PROVED, ", 3 orders, each with exactly one deal"),
        ({**PROVED, "orders": 0}, ", 0 orders"),
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


def test_a_difference_says_whose_word_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    order = {
        "status": "COMPLETED",
        "ordered_at": None,
        "deal_at": None,
        "lead_id": 7,
        "deal_url": None,
        "reason": "deal_refused",
        "difference": {
            "price": {"order": 10, "deal": 12, "kept": True},
            "stage": {"order": "1:142", "deal": "1:2", "kept": False},
        },
    }
    told = {"code": "1", "shop": 2, "text": "it waits", "detail": None, "order": order, "calls": []}
    print_why(told)
    assert capsys.readouterr().out.splitlines() == [
        "order 1, shop 2: it waits",
        "  because: deal_refused",
        "  at Kaspi: COMPLETED, made at a time not told",
        "  deal 7, made at a time not told",
        "  price: 10 at Kaspi, 12 in the deal (a person's word, kept)",
        "  stage: 1:142 at Kaspi, 1:2 in the deal (to be set)",
    ]
