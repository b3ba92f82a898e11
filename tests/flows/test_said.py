"""What a guest typed for the owner, as it is kept and as it goes into an alert."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.flows.review_requests.said import LONGEST_COMMENT, text_of, without_links

FAMILY = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"
RAINBOW = "\N{WAVING WHITE FLAG}\ufe0f\u200d\N{RAINBOW}"
HEALTH_WORKER = "\N{WOMAN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}\u200d\N{STAFF OF AESCULAPIUS}\ufe0f"
SCOTLAND = "\N{WAVING BLACK FLAG}" + "".join(chr(0xE0000 + ord(c)) for c in "gbsct") + "\U000e007f"


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", "\u200b", "\u200b \u200d\ufeff", "\u2060\u00ad", "\u3164", "\u2800", "\u0301"),
        *("\u200d\ufe0f", "\U000e0067\U000e007f", "\u202e\u2066", "\u115f\n\t"),
    ],
)
def test_what_shows_nothing_is_nothing(typed: str) -> None:
    assert text_of(typed) == ""


@pytest.mark.parametrize(
    "emoji", [FAMILY, RAINBOW, HEALTH_WORKER, SCOTLAND, "\u2764\ufe0f", "👍🏽"]
)
def test_emoji_stay_as_they_are(emoji: str) -> None:
    assert text_of(f"Спасибо {emoji}{emoji}!") == f"Спасибо {emoji}{emoji}!"


def test_unseen_marks_go_and_lines_stay() -> None:
    assert text_of(" \u202eВсё\u200b хо\u00adрошо,\n\tно\u200d шумно\x07\ufeff ") == (
        "Всё хорошо,\n\tно шумно"
    )


@given(st.text())
def test_nothing_unseen_is_left_but_in_emoji(typed: str) -> None:
    kept = text_of(typed)
    assert len(kept) <= LONGEST_COMMENT
    assert all(c in "\n\t" or unicodedata.category(c) != "Cc" for c in kept)
    assert text_of(kept) == kept


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Холодно. https://evil.example/x?y Зайдите", "Холодно. [ссылка] Зайдите"),
        ("вот(HTTP://evil.example)", "[ссылка]"),
        ("tg://resolve и https:\\\\evil.example", "[ссылка] и [ссылка]"),
        ("evil.ru/login www.evil.com", "evil. ru/login www. evil. com"),
        ("почта.рф и a.b@evil.kz", "почта. рф и a. b@evil. kz"),
        ("Вкусно.Спасибо... 4.5 из 5, в 18.30!", "Вкусно. Спасибо... 4.5 из 5, в 18.30!"),
        ("evil\u3002ru", "evil. ru"),
    ],
)
def test_an_alert_has_no_links_but_ours(said: str, shown: str) -> None:
    assert without_links(said) == shown


@given(st.text(st.sampled_from("ab.:/\\ рф1")))
def test_nothing_that_looks_like_a_site_is_left(said: str) -> None:
    shown = without_links(said)
    assert "://" not in shown
    for before, after in zip(shown, shown[2:], strict=False):
        assert not (f"{before}.{after}" in shown and before.isalnum() and after.isalpha())
