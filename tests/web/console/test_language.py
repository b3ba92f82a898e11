"""The catalogues are complete, and a language is chosen as people expect."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from uzel.connectors import connectors
from uzel.web.console import language as languages
from uzel.web.console.language import LOCALES, language, preferred

CONSOLE = Path(languages.__file__).parent
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    **dict.fromkeys(("_", "m", "mark", "text")),
    **dict.fromkeys(("n_", "count"), (1, 2)),
}
READERS = {".py": "python", ".html": "jinja2.ext:babel_extract"}
PLACE = re.compile(r"\{(\w+)\}")
Id = str | tuple[str, ...]


def used() -> set[Id]:
    """Every message the pages and the code name."""
    found: set[Id] = set()
    for path in CONSOLE.rglob("*"):
        if reader := READERS.get(path.suffix):
            for _, message, _, _ in extract_from_file(reader, path, KEYWORDS):
                found.add(one(message))
    return found


def of_connectors() -> Iterator[str]:
    """Titles and help of settings: their translations are welcome."""
    for connector in connectors().values():
        for field in connector.config.model_fields.values():
            yield from filter(None, (field.title, field.description))


def catalogue(code: str) -> dict[Id, Id]:
    with (LOCALES / f"{code}.po").open("rb") as file:
        return {
            one(message.id): one(message.string)
            for message in read_po(file, locale=code)
            if message.id
        }


def one(text: Any) -> Id:
    """A message, or the forms of one, as something to look up."""
    return text if isinstance(text, str) else tuple(text or ())


def test_english_knows_every_message() -> None:
    known = {key for key, text in catalogue("en").items() if all(text)}
    assert not used() - known, "add these to locales/en.po"


def test_no_catalogue_holds_what_nobody_says() -> None:
    welcome = used() | set(of_connectors())
    for code in ("en", "ru"):
        assert not set(catalogue(code)) - welcome, f"remove these from locales/{code}.po"


def test_russian_counts_in_three_forms() -> None:
    counted = {message for message in used() if not isinstance(message, str)}
    assert set(catalogue("ru")) == counted
    count = language("ru").count
    shown = [str(count("{n} часть", "{n} частей", n)) for n in (1, 2, 5, 11, 21, 104)]
    assert shown == ["1 часть", "2 части", "5 частей", "11 частей", "21 часть", "104 части"]


@pytest.mark.parametrize("code", ["en", "ru"])
def test_translations_fill_in_the_same_values_and_hold_no_markup(code: str) -> None:
    for key, text in catalogue(code).items():
        originals = [key] if isinstance(key, str) else list(key)
        for translated in [text] if isinstance(text, str) else text:
            assert set(PLACE.findall(translated)) == set(PLACE.findall(originals[-1])), key
            assert "<" not in translated


def test_whatever_is_filled_in_or_said_by_mistake_is_escaped() -> None:
    spoken = language("ru")
    assert spoken.text("Поиск: {text}", text="<b>") == "Поиск: &lt;b&gt;"
    assert spoken.text("<b>") == "&lt;b&gt;"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "ru"),
        ("en", "en"),
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("en-GB,en;q=0.9,ru;q=0.8", "en"),
        ("de,en;q=0.3,ru;q=0.2", "en"),
        ("kk,ru;q=0.8,en;q=0.9", "en"),
        ("de", "ru"),
        ("en;q=0", "ru"),
        ("en;q=nan", "ru"),
        ("*", "ru"),
    ],
)
def test_the_browser_says_what_it_prefers(header: str, code: str) -> None:
    assert preferred(header) == code


@given(st.text(max_size=80))
def test_any_header_leads_to_a_language_of_ours(header: str) -> None:
    assert preferred(header) in languages.LANGUAGES
