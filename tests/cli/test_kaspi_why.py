"""What `uzel kaspi why` prints: what the console says, in words and names."""

from typing import Any

import pytest

from uzel.cli.kaspi_why import outcome, print_why, shown

ORDER: dict[str, Any] = {
    "status": "COMPLETED",
    "ordered_at": None,
    "deal_at": None,
    "lead_id": 7,
    "deal_url": None,
    "reason": None,
    "tried": True,
    "changes": None,
    "checking": None,
    "difference": {
        "price": {"order": 10, "deal": 12, "kept": True},
        "stage": {"order": "1:142", "deal": "1:2", "kept": False},
        "goods": {"order": {"501": "2"}, "deal": {"502": "1"}, "kept": False},
    },
}
NAMES = {"1:142": "Orders: won", "1:2": "Orders: new", "501": "SKU-1"}


def printed(capsys: pytest.CaptureFixture[str], **more: Any) -> list[str]:
    told = {"code": "1", "shop": 2, "text": "it has its deal", "detail": None, "calls": []}
    print_why({**told, "names": NAMES, "order": {**ORDER, **more}})
    return capsys.readouterr().out.splitlines()


def test_a_difference_says_whose_word_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys) == [
        "order 1, shop 2: it has its deal",
        "  at Kaspi: COMPLETED, made at a time not told",
        "  deal 7, made at a time not told",
        "  price: 10 at Kaspi, 12 in the deal (a person's word, kept)",
        "  stage: Orders: won at Kaspi, Orders: new in the deal (the deal was set right)",
        "  goods: SKU-1 x 2 at Kaspi, No. 502 x 1 in the deal (the deal was set right)",
    ]


def test_a_deal_that_was_found_was_not_made(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, tried=False, reason="goods: no")
    assert lines[1] == "  because: goods: no"
    assert lines[3] == "  deal 7, somebody else's, found at a time not told"
    assert lines[4].endswith("(it was in the deal, kept)")
    assert lines[5].endswith("(not set)")


@pytest.mark.parametrize("way", [{"checking": "changing"}, {"changes": {"lead": {}}}])
def test_what_is_not_through_yet_is_being_set(way: dict[str, Any]) -> None:
    assert outcome({**ORDER, **way}, kept=False) == "being set"


def test_what_has_no_name_shows_its_number() -> None:
    assert shown("1:2", {}) == "1:2"
    assert shown({}, {}) == shown(None, {}) == "nothing"
