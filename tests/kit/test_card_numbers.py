"""Numbers of cards in text: masked however they are written, and nothing else is."""

import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.kit.card_numbers import cut, find, luhn, masked
from uzel.kit.logs import JsonFormatter, redact_text
from uzel.kit.redacted import Masker, redacted_json

CARD = "2200770212727079"
# As asyncpg words the error of a row that breaks a rule of its table.
FAILED = f"oh no\nDETAIL:  Failing row contains (7, Анна,\n{CARD})."


def with_luhn(body: str) -> str:
    return next(body + digit for digit in "0123456789" if luhn(body + digit) == 0)


CARDS = st.tuples(st.sampled_from("23456"), st.text("0123456789", min_size=14, max_size=17)).map(
    lambda parts: with_luhn("".join(parts))
)
GAPS = st.sampled_from(["", " ", "-", "\u00a0", " - ", "\u2011", "\u2009", "\n"])
WORDS = st.text("abcябв ,:;!", max_size=12)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CARD, "220077••••••7079"),
        ("карта 2200 7702 1272 7079, Анна", "карта 2200 77•• •••• 7079, Анна"),
        ("2200-7702-1272-7079", "2200-77••-••••-7079"),
        ("мир2200770212727079.", "мир220077••••••7079."),
        ("２２００ 7702 1272 7079", "２２００ 77•• •••• 7079"),
        ("378282246310005", "378282•••••0005"),
        ("3782 822463 10005", "3782 82•••• •0005"),
        ("89990000001 2200770212727079 1000", "89990000001 220077••••••7079 1000"),
    ],
)
def test_what_is_masked(text: str, said: str) -> None:
    hidden, found = masked(text)
    assert hidden == said and len(hidden) == len(text)
    assert len(found) == 1 and luhn(found[0]) == 0


@pytest.mark.parametrize(
    "text",
    [
        *("", "2200770212727078", "+7 999 000-00-01", "8 999 000 00 01 1000", "22.11.2026 12:30"),
        *("550e8400-e29b-41d4-a716-446655440000", "11111111-4171-4171-8716-446655440000"),
        *("40817810099910004312", "заявка 17 на 1000,50", "po_0123456789abcdef"),
    ],
)
def test_what_is_not(text: str) -> None:
    assert masked(text) == (text, [])


@given(CARDS, GAPS, WORDS, WORDS, st.booleans())
def test_none_is_left_however_it_is_written(
    card: str, gap: str, before: str, after: str, loose: bool
) -> None:
    groups = [card[start : start + 4] for start in range(0, len(card), 4)]
    hidden, found = masked(before + gap.join(groups) + after, loose=loose)
    # Sixteen of a longer number may pass for one, too: they are what people have.
    assert found == [card] or (len(found[0]) == 16 and card.startswith(found[0]))
    assert sum(map(str.isdecimal, hidden)) == 10 + len(card) - len(found[0])


@given(st.text("0123456789 -.,abc", max_size=80), st.booleans())
def test_masking_again_changes_nothing(text: str, loose: bool) -> None:
    hidden, found = masked(text, loose=loose)
    assert len(hidden) == len(text)
    assert masked(hidden, loose=loose) == (hidden, [])
    assert [it.digits for it in find(text, loose=loose)] == found


@given(CARDS, st.integers(0, 4))
def test_bodies_keep_none(card: str, place: int) -> None:
    bodies: list[Any] = [
        json.dumps({"payload": {"requisites": {"card_number": card}}}),
        json.dumps([{"words": f"на карту {card} срочно"}]),
        json.dumps({"payload": {"number": int(card)}}),
        json.dumps({f"card {card}": 1}),
        f'{{"a": "{card}", "a": 1}}',
    ]
    done = redacted_json(bodies[place].encode(), Masker(numbers=True, loose=True))
    assert card.encode() not in done.body
    json.loads(done.body)
    again = redacted_json(done.body, Masker(numbers=True, loose=True))
    assert again.body == done.body


def test_a_body_without_any_stays_as_it_came() -> None:
    body = '\ufeff{ "a":1.10, "b": "\\ud83d", "c": 1e3,"d":[] }'.encode()
    assert redacted_json(body, Masker(numbers=True, loose=True)).body is body
    torn = b'{"a": "' + CARD.encode()
    assert redacted_json(torn, Masker()).body == b'{"a": "220077' + "••••••7079".encode()
    half = b'{"a": "\\ud83d ' + CARD.encode() + b'"}'
    assert json.loads(redacted_json(half, Masker()).body) == {"a": "\ud83d 220077••••••7079"}


def test_logs_have_none() -> None:
    assert redact_text(f"sent to {CARD}") == "sent to 220077••••••7079"
    try:
        raise ValueError(FAILED)
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "it failed", (), None)
        record.exc_info = (ValueError, error, error.__traceback__)
        line = JsonFormatter().format(record)
    assert "Анна" not in line and "7079" not in line and "oh no" in line and "DETAIL" in line


@pytest.mark.parametrize(
    "text", ["2200770212727078", "2200 7702 1272 7078", " 2200-7702-1272-7078\n"]
)
def test_a_slip_of_the_finger_is_no_less_a_secret(text: str) -> None:
    body = json.dumps({"text": text, "id": text}).encode()
    done = redacted_json(body, Masker(spared=("id",), slips=True), lambda path: True)
    assert done.secrets == ("2200770212727078",)
    assert "1272" not in json.loads(done.body)["text"]
    for other in ("заказ 2200770212727078", "220077021272", text * 2):
        kept = json.dumps({"text": other}).encode()
        assert redacted_json(kept, Masker(slips=True)).body == kept


@given(st.text(alphabet="0123456789 -x", max_size=60), st.integers(1, 40))
def test_what_is_cut_ends_with_no_part_of_a_number(text: str, most: int) -> None:
    done = cut(text, most)
    assert len(done) <= most
    if len(text) > most:
        assert done.endswith("…") and not done.removesuffix("…")[-1:].isdigit()
    else:
        assert done == text
