"""Whatever they say, no number of a card comes out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connectors.konsol.privacy import (
    TELLING,
    digits_of,
    masked,
    masked_number,
    said,
    texts_in,
    windows,
)

CARDS = st.text("0123456789", min_size=13, max_size=19)
PARTS = st.sampled_from(["", " ", "-", ".", " - ", "\N{NO-BREAK SPACE}", "/", "; ", "x", "и"])


@given(card=CARDS, data=st.data(), before=st.text(max_size=20), after=st.text(max_size=20))
def test_a_card_number_does_not_survive_whatever_parts_its_digits(
    card: str, data: st.DataObject, before: str, after: str
) -> None:
    size, part = data.draw(st.integers(1, 19)), data.draw(PARTS)
    pieces = part.join(card[start : start + size] for start in range(0, len(card), size))
    shown = digits_of(said(f"{before}{pieces}{after}", [card]))
    assert not any(piece in shown for piece in windows(card, TELLING))


@given(card=CARDS)
def test_digits_of_other_scripts_are_digits_too(card: str) -> None:
    arabic = "".join(chr(0x0660 + int(digit)) for digit in card)
    shown = digits_of(said(f"card {arabic} refused", [card]))
    assert not any(piece in shown for piece in windows(card, TELLING))


def test_what_was_asked_is_taken_out_of_their_words_and_the_rest_stays() -> None:
    private = ["Образцов", "+79990000001", "secret-token"]
    text = "ОБРАЗЦОВ с телефоном +79990000001 не найден, лимит 100.00"
    assert said(text, private) == "… с телефоном … не найден, лимит 100.00"
    assert said("Карта 2200 0000 0000 0004 не принята", []) == "Карта … не принята"
    assert said("eyJhbGciOiJub25lIn0.abc нет", []) == "… нет"
    assert said("a\x00\ud800b", []) == "ab"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("2200000000000004", "220000••••••0004"),
        ("2200 0000 0000 0004", "220000••••••0004"),
        ("220000******0004", "220000••••••0004"),
        ("40817810000000000001", "408178••••••0001"),
        ("220000000004", None),
        ("vault:2200000000000004", None),
        ("", None),
    ],
)
def test_a_number_shows_its_ends_only(number: str, shown: str | None) -> None:
    assert masked_number(number) == shown


def test_each_kind_shows_its_own_field() -> None:
    details = {
        "card_number": "2200000000000004",
        "fps_mobile_phone": "+79990000001",
        "bank_account_id": "40817810000000000001",
    }
    assert masked("card", details) == "220000••••••0004"
    assert masked("fps", details) == "+7999•••0001"
    assert masked("bank_account", details) == "408178••••••0001"
    assert masked("other", details) is None
    assert masked(None, details) is None
    assert masked("fps", {"fps_mobile_phone": "2200000000000004"}) is None


def test_texts_are_found_at_any_depth() -> None:
    assert list(texts_in({"a": "1", "b": [{"c": "2"}, 3, None], "d": ("4",)})) == ["1", "2", "4"]
