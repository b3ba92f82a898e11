"""Refusals in all their shapes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connectors.konsol.api import code_of, demand_success, entity_id, words_of
from uzel.errors import CallFailed, Rejected

ID = "7c1e52d0-0000-4000-8000-000000000001"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["errors", "error", "message", "detail", "code", "id", "data", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"success": False, "errors": ["a", "b"]}, "a; b"),
        ({"errors": [{"code": "low", "message": "a"}, {"detail": "b"}]}, "a; b"),
        (
            {"errors": {"amount": ["too small"], "phone": "taken"}},
            "amount: too small; phone: taken",
        ),
        ({"errors": [{"title": "a"}]}, "a"),
        ({"errors": "a"}, "a"),
        ({"errors": [], "error": "b"}, "b"),
        ({"error": {"message": "a"}}, "a"),
        ({"error": "a", "message": "b"}, "a"),
        ({"message": "a"}, "a"),
        ({"error_message": "a"}, "a"),
        ({"detail": "a"}, "a"),
        ({"detail": [{"message": "a"}]}, "a"),
        (["a"], "a"),
        ("a", "a"),
        ({}, ""),
        (None, ""),
        ({"errors": [1, None, True]}, ""),
    ],
)
def test_their_words_are_found(content: Any, words: str) -> None:
    assert words_of(content) == words


@given(JSON)
def test_whatever_they_say_has_words_or_none(content: Any) -> None:
    assert isinstance(words_of(content), str)
    assert code_of(content, 422) == "422" or code_of(content, 422).isascii()
    try:
        demand_success(content, [], effect=True, status=200)
    except CallFailed as error:
        # What names a payment was not refused.
        assert not (isinstance(error, Rejected) and entity_id(content))


def test_words_too_deep_to_be_meant_are_none() -> None:
    content: Any = "a"
    for _ in range(900):
        content = [content]
    assert words_of(content) == words_of({"errors": content}) == ""


def test_a_code_is_a_word() -> None:
    assert code_of({"errors": [{"code": "low_balance"}]}, 422) == "low_balance"
    assert code_of({"code": "limit"}, 422) == "limit"
    assert code_of({"code": "card 2200000000000004"}, 422) == "422"
    assert code_of({"code": "c2200000000000004"}, 422) == "422"
    assert code_of({"errors": []}, 400) == "400"


def test_an_object_is_found_bare_or_wrapped() -> None:
    for content in ({"id": ID}, {"data": {"id": ID}}, {"payment": {"id": ID}}):
        assert entity_id(content) == ID
    for nothing in ({"data": [{"id": ID}]}, [{"id": ID}], {"data": {"id": "x"}}, None, "x"):
        assert entity_id(nothing) is None
