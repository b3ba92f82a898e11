import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connectors.konsol.statuses import MEANINGS, Meaning, meaning, word_of


@pytest.mark.parametrize(
    ("word", "means"),
    [
        ("created", Meaning.PENDING),
        ("manualpay", Meaning.MANUAL),
        ("executed", Meaning.SUCCEEDED),
        ("failed", Meaning.FAILED),
        ("nalog_unbound", Meaning.FAILED),
    ],
)
def test_the_five_words(word: str, means: Meaning) -> None:
    assert meaning(word_of(word)) is means


@given(st.text(max_size=80))
def test_any_other_word_says_nothing(word: str) -> None:
    if word not in MEANINGS:
        assert meaning(word) is Meaning.UNKNOWN


@pytest.mark.parametrize("value", [None, "", " ", [], {}, 1.5, True, 12345, "2200 0000"])
def test_what_is_no_word_says_nothing(value: object) -> None:
    assert word_of(value) is None
    assert meaning(word_of(value)) is Meaning.UNKNOWN
