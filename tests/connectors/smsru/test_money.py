import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connectors.smsru.money import kopecks


@given(st.integers(0, 10**11))
def test_an_amount_in_json_comes_back_exactly(amount: int) -> None:
    text = f"{amount // 100}.{amount % 100:02d}"
    assert kopecks(json.loads(text, parse_float=Decimal)) == amount
    assert kopecks(text) == amount


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("4122.56"), 412256),
        (1000, 100000),
        ("10", 1000),
        (Decimal("2.345"), 235),
        (Decimal("-0.5"), -50),
        (Decimal("1e999999"), None),
        (10**4000, None),
        ("Infinity", None),
        ("nan", None),
        ("", None),
        ("many", None),
        (None, None),
        (True, None),
        (0.5, None),
        ([1], None),
    ],
)
def test_only_what_is_an_amount_is_read(value: Any, expected: int | None) -> None:
    assert kopecks(value) == expected
