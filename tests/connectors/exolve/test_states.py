import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connectors.exolve.states import STATES, delivery, word_of
from uzel.model.receipt import ReceiptState


@pytest.mark.parametrize("word", STATES)
def test_a_word_means_the_same_in_every_spelling(word: str) -> None:
    for written in (word, word.lower(), f"DELIVERY_STATUS_{word}", f" delivery_status_{word}"):
        assert word_of(written) == word


@pytest.mark.parametrize("value", [None, "", "DELIVERY_STATUS_UNSPECIFIED", True, [], {}, 1.5])
def test_what_says_nothing_is_no_word(value: object) -> None:
    assert word_of(value) is None
    assert delivery(None)[0] is ReceiptState.PENDING


@given(st.text() | st.integers())
def test_an_unknown_word_settles_nothing(value: str | int) -> None:
    word = word_of(value)
    if word not in STATES:
        assert delivery(word)[0] is ReceiptState.PENDING


def test_words_that_contain_a_known_one_are_unknown() -> None:
    """`TEMPORARILY_FAILED` is no failure, `NOT_DELIVERED` no delivery."""
    assert delivery("TEMPORARILY_FAILED")[0] is ReceiptState.PENDING
    assert delivery("PARTIALLY_DELIVERED")[0] is ReceiptState.PENDING
    assert delivery("NOT_DELIVERED")[0] is ReceiptState.FAILED
