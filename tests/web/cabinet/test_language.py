"""The catalogues of the cabinet are complete, and every error of the API has its Russian words."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from cabinet_visitor import CabinetVisitor
from partner_client import add_client
from running_web import WebApp
from uzel.model.address import PROBLEMS
from uzel.partners.hooks import DeliveryState
from uzel.partners.lead import LeadState
from uzel.partners.manage import ALL_SCOPES
from uzel.partners.own_tokens import Why
from uzel.web import cabinet
from uzel.web.api.problems import partner_codes
from uzel.web.cabinet import words
from uzel.web.cabinet.desk import LOCALES
from uzel.web.partner.actions import ACTIONS

FOLDER = Path(str(cabinet.__file__)).parent
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    **dict.fromkeys(("_", "m", "text")),
    **dict.fromkeys(("n_", "count"), (1, 2)),
}
READERS = {".py": "python", ".html": "jinja2.ext:babel_extract"}
PLACE = re.compile(r"\{(\w+)\}")
Id = str | tuple[str, ...]


def one(text: Any) -> Id:
    return text if isinstance(text, str) else tuple(text or ())


def used() -> set[Id]:
    return {
        one(message)
        for path in FOLDER.rglob("*")
        if (reader := READERS.get(path.suffix))
        for _, message, _, _ in extract_from_file(reader, path, KEYWORDS)
    }


def catalogue(code: str) -> dict[Id, Id]:
    with (LOCALES / f"{code}.po").open("rb") as file:
        known = read_po(file, locale=code)
        return {one(message.id): one(message.string) for message in known if message.id}


def test_english_knows_every_message_and_no_other() -> None:
    known = {key for key, text in catalogue("en").items() if all(text)}
    assert known == used()


def test_russian_counts_in_three_forms() -> None:
    known = catalogue("ru")
    assert set(known) == {message for message in used() if not isinstance(message, str)}
    assert all(len(forms) == 3 for forms in known.values())


@pytest.mark.parametrize("code", ["en", "ru"])
def test_translations_fill_in_the_same_values(code: str) -> None:
    for key, text in catalogue(code).items():
        original = key if isinstance(key, str) else key[-1]
        for translated in [text] if isinstance(text, str) else text:
            assert set(PLACE.findall(translated)) == set(PLACE.findall(original)), key
            assert "<" not in translated


def test_all_that_can_be_named_has_a_word() -> None:
    assert set(words.ERRORS) == set(partner_codes())
    assert set(words.WHY) == set(Why)
    assert set(words.SCOPES) == set(ALL_SCOPES)
    assert set(ACTIONS) <= set(words.ABOUT)
    assert set(words.LEADS) == set(LeadState)
    assert set(words.DELIVERIES) == set(get_args(DeliveryState))
    assert set(PROBLEMS) <= set(words.HOOK)


def test_a_language_is_chosen_and_remembered(app: WebApp) -> None:
    it = add_client(app)
    visitor = CabinetVisitor(app.url).sign_in(it.token)
    assert "Обзор" in visitor.page("/partner/")
    answer = visitor.post("/partner/preferences", language="en", back="/partner/rates")
    assert answer.headers["location"] == "/partner/rates"
    assert "Overview" in visitor.page("/partner/")
    assert "The token is missing" in visitor.page("/partner/api")
    visitor.post("/partner/preferences", language="xx", back="https://elsewhere.example")
    assert "Overview" in visitor.page("/partner/")
