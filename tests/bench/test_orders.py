"""`uzel bench orders` measures what it says, and notices what is wrong."""

from typing import Any

from uzel.bench.orders import LABELS, is_whole, run_orders


def test_a_small_run_is_whole() -> None:
    figures = run_orders(12)
    assert figures["bench"] == "orders"
    assert (figures["lost"], figures["doubled"], figures["errors"]) == (0, 0, 0)
    assert not figures["void"]
    assert figures["orders"] == 6
    # Six strangers cost a search each; the same six cost nothing but what they share.
    assert figures["calls_per_order_known"] == 0.5
    assert 1 < figures["calls_per_order_cold"] <= 3
    assert figures["most_in_one_second"] <= 7
    assert all(name in figures for name in LABELS)


ORDER = {"phone": "7010000001", "lines": [{"sku": "A", "quantity": 1}, {"sku": "A", "quantity": 2}]}


def deal(**changed: Any) -> dict[str, Any]:
    whole = {
        "contact": {"phones": ["8 (701) 000-00-01"]},
        "elements": [{"sku": "A", "quantity": 3}],
        "notes": ["x"],
    }
    return {**whole, **changed}


def test_what_is_not_whole_is_noticed() -> None:
    assert is_whole(deal(), ORDER)
    assert not is_whole(deal(contact=None), ORDER)
    assert not is_whole(deal(contact={"phones": ["+77010000002"]}), ORDER)
    assert not is_whole(deal(elements=[{"sku": "A", "quantity": 6}]), ORDER)
    assert not is_whole(deal(elements=[]), ORDER)
    assert not is_whole(deal(notes=["x", "x"]), ORDER)
