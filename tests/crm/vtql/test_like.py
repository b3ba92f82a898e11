"""Patterns of LIKE."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.crm.vtql import like


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("%", "", True),
        ("_", "", False),
        ("a%", "abc", True),
        ("%c", "abc", True),
        ("%b%", "abc", True),
        ("a_c", "abc", True),
        ("a_c", "abbc", False),
        ("a__c", "abbc", True),
        ("ABC", "abc", True),
        ("Ё%", "ёж", True),
        ("abc", "abcd", False),
        ("%a%a%", "ba", False),
        ("%ab", "aab", True),
        ("10\\%", "10%", True),
        ("10\\%", "100", False),
        ("a\\_b", "a_b", True),
        ("a\\_b", "axb", False),
        ("a\\\\b", "a\\b", True),
        ("\\a", "a", True),
        ("a\\", "a\\", True),
        ("a\\", "a", False),
        ("Straße", "strasse", True),
        ("%🦔", "a🦔", True),
        ("_", "🦔", True),
    ],
)
def test_patterns(pattern: str, text: str, fits: bool) -> None:
    assert like.matches(text, like.folded(pattern)) is fits


def expression(pattern: str) -> re.Pattern[str]:
    """The same in the words of `re`, which says it in another way and slower."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    return re.compile(
        "".join(wild.get(one) or re.escape(one[-1].casefold()) for one in parts), re.DOTALL
    )


signs = st.text(st.sampled_from("aбß%_\\"), max_size=8)


@given(signs, st.text(st.sampled_from("aбs%_\\\n"), max_size=8))
def test_patterns_against_expressions(pattern: str, text: str) -> None:
    assert like.matches(text, like.folded(pattern)) is bool(expression(pattern).fullmatch(text))


@given(signs)
def test_a_folded_pattern_stays_as_it_is(pattern: str) -> None:
    once = like.folded(pattern)
    assert like.folded(once) == once


def test_many_any_do_not_take_for_ever() -> None:
    """Tried one way after the other it would not end."""
    assert not like.matches("a" * 2000, "%a" * 100 + "b")
