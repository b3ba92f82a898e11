"""Numbers of cards survive nowhere, however they are written."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.model.cards import card_of, is_card, masked
from uzel.partners.report_text import LONGEST_VALUE, as_kept

# Of so many digits in a row somebody could guess the rest.
TOO_MANY = 11
PARTS = ("", " ", "-", ".", "  ", " - ", "\u00a0", "\u2013")
BEHIND = ("", " 12/27 123", " 12 27 123", "\n12/2027", ", exp 12/27, cvv 123", " 1227 123", " 999")


def survives(number: str, text: str) -> bool:
    """Whether too many digits of a number in a row are in a text, whatever parts them."""
    said = "".join(sign for sign in text if sign.isdigit())
    return any(number[at : at + TOO_MANY] in said for at in range(len(number) - TOO_MANY + 1))


@st.composite
def numbers(draw: st.DrawFn, *, checked: bool) -> str:
    """Of 13 to 19 digits; `checked`: the last one is right."""
    begun = draw(st.text("0123456789", min_size=12, max_size=18))
    last = next(str(it) for it in range(10) if is_card(f"{begun}{it}"))
    return begun + (last if checked else draw(st.sampled_from("0123456789")))


@st.composite
def written(draw: st.DrawFn, number: str) -> str:
    """In groups, with what stands behind it."""
    part, size = draw(st.sampled_from(PARTS)), draw(st.sampled_from((1, 2, 4, 5, 19)))
    groups = [number[at : at + size] for at in range(0, len(number), size)]
    before = draw(st.sampled_from(("", "Visa ", "N 2: ", "2026 ", "1234 5678 9012 ")))
    return before + part.join(groups) + draw(st.sampled_from(BEHIND))


@given(st.data())
def test_in_the_field_for_a_card_nothing_survives(data: st.DataObject) -> None:
    number = data.draw(numbers(checked=False))
    text = data.draw(written(number))
    kept = card_of(text)
    assert not survives(number, kept), (text, kept)
    assert sum(sign.isdigit() for sign in kept) <= 10, (text, kept)
    assert card_of(kept) == kept
    for sent in (text, [text], {"number": text}, {"a": [{"b": text}]}):
        (again,) = as_kept({"card": sent}).values()
        assert again is not None
        assert not survives(number, again)


@given(st.data())
def test_elsewhere_nothing_survives_that_its_last_digit_checks(data: st.DataObject) -> None:
    number = data.draw(numbers(checked=True))
    text = data.draw(written(number)) + data.draw(st.sampled_from(("", " и ещё")))
    assert not survives(number, masked(text)), text
    (kept,) = as_kept({"comment": {"deep": [text]}}).values()
    assert kept is not None
    assert not survives(number, kept)
    (kept,) = as_kept({"comment": "x" * (LONGEST_VALUE - len(number) // 2) + " " + text}).values()
    assert kept is not None
    assert not survives(number, kept)
    assert len(kept) <= LONGEST_VALUE + 20


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("4111 1111 1111 1111 12/27 123", "411111******1111"),
        ("4111 1111 1111 1234", "411111******1234"),
        ("4111111111111112", "411111******1112"),
        ("9112345678901234567", "911234*********4567"),
        ("41111111111111111227123", "411111******1111"),
        ("Visa 4111/1111/1111/1111", "Visa 411111******1111"),
        ("cvv 123, 4111 1111 1111 1111", "cvv 411111******1111"),
        ("411111******1111 12/27 123", "411111******1111"),
        ("٤١١١ ١١١١ ١١١١ ١١١١", "411111******1111"),
        ("4111x1111x1111x1111", "411111******1111"),
        ("1234 12/27 123", "1234"),
        ("*1234", "*1234"),
        ("Visa *1234", "Visa *1234"),
        ("1234", "1234"),
        ("1234567890", "1234567890"),
    ],
)
def test_what_is_kept_of_the_field(sent: str, kept: str) -> None:
    assert card_of(sent) == kept


@pytest.mark.parametrize(
    "text",
    [
        "19.17", "1 234,50 ₽", "2026-11-20 22:49:21", "+7 701 123 45 67", "order 123456789012",
        "40817810099910004312", "one@example.org", "411111******1111",
    ],
)  # fmt: skip
def test_other_numbers_stay(text: str) -> None:
    assert masked(text) == text


def test_codes_are_not_kept_nor_numbers_in_names_or_in_what_is_too_large() -> None:
    large: Any = {"card": ["4111111111111112"] * 900}
    deep: Any = "4111111111111112"
    for _ in range(300):
        deep = [deep]
    kept = as_kept(
        {
            "CVV": "123",
            "Card Number": "4111111111111112",
            "карта": 4111111111111112,
            "n": {"cvc": "321", "pan": "4111111111111112", "is_new": True, "count": 7},
            "4111 1111 1111 1111": "x",
            "large": large,
            "card": deep,
        }
    )
    assert kept["CVV"] == "***"
    assert kept["n"] == '{"cvc": "***", "pan": "411111******1112", "is_new": true, "count": 7}'
    assert not re.search("4111111111111112|321|4111 1111 1111", str(kept))
    assert as_kept(kept) == kept
