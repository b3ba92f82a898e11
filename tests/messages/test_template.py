"""Texts with places to fill in: what is refused when it is saved, and what is sent."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.errors import ConfigError
from uzel.messages.template import MOST_SEGMENTS, VARIABLES, check, check_length, names_in, render
from uzel.setup import FIRST_TEMPLATE

VALUES = {"place": "Кофейня", "link": "https://reviews.example/1", "name": "Аня"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "пуст"),
        (" \n ", "пуст"),
        ("Спасибо!", "{link}"),
        ("{link} {phone}", "{phone}"),
        ("{link} {Name}", "{Name}"),
        ("{link} {", "парные"),
        ("{link} }", "парные"),
        ("{link", "парные"),
        ("{link} {}", "имя"),
        ("{link} {0}", "имя"),
        ("{link} {name.__class__}", "имя"),
        ("{link} {name[0]}", "имя"),
        ("{link} {name!r}", "имя"),
        ("{link:>100000000}", "имя"),
        ("{link} { name }", "имя"),
        ("{link} {name:{place}}", "имя"),
    ],
)
def test_what_could_not_be_filled_in_is_refused_with_a_reason(body: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said.replace("{", r"\{")):
        check(body)


@pytest.mark.parametrize(
    "body",
    [FIRST_TEMPLATE, "{link}", "{name}, {place}: {link}", "{{скидка}} {link}", "{link}" * 2],
)
def test_what_can_be_filled_in_is_taken(body: str) -> None:
    check(body)


@pytest.mark.parametrize(
    ("body", "name", "text"),
    [
        ("Спасибо, {name}! {link}", "Аня", "Спасибо, Аня! L"),
        ("Спасибо, {name}! {link}", "", "Спасибо! L"),
        ("{name}, спасибо! {link}", "", "Спасибо! L"),
        ("{link} {name}", "", "L"),
        ("{{{name}}} {link}", "Аня", "{Аня} L"),
        ("{name} {link}", "Анна\n  Мария\t", "Анна Мария L"),
        ("{name} {link}", "{link}", "{link} L"),
        ("{name} {link}", "{place.__class__}", "{place.__class__} L"),
    ],
)
def test_the_text_for_one_guest(body: str, name: str, text: str) -> None:
    assert render(body, {"name": name, "link": "L", "place": "P"}) == text


literal = st.text(st.sampled_from(string.ascii_letters + "Привет {}.!,%$\\"), max_size=12)
part = st.one_of(
    literal.map(lambda text: text.replace("{", "{{").replace("}", "}}")),
    st.sampled_from([f"{{{name}}}" for name in VARIABLES]),
)


@given(st.lists(part, max_size=8).map("".join), st.text(max_size=20), st.text(max_size=20))
def test_whatever_is_taken_can_be_filled_in(body: str, name: str, place: str) -> None:
    try:
        check(body)
    except ConfigError:
        return
    text = render(body, {"name": name, "place": place, "link": VALUES["link"]})
    assert VALUES["link"] in text
    assert text == text.strip()
    assert set(names_in(body)) <= set(VARIABLES)


@given(st.text(st.sampled_from("{}:!.[]0123abnamelinkplace _"), max_size=14))
def test_no_body_makes_the_check_fail_otherwise_than_by_refusing(body: str) -> None:
    try:
        check(body)
    except ConfigError:
        return
    render(body, VALUES)


def test_a_text_has_at_most_eight_parts() -> None:
    check_length("я" * 67 * MOST_SEGMENTS)
    check_length("a" * 153 * MOST_SEGMENTS)
    for text in ("я" * (67 * MOST_SEGMENTS + 1), "a" * (153 * MOST_SEGMENTS + 1)):
        with pytest.raises(ConfigError):
            check_length(text)
