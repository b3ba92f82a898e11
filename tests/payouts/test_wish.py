"""From what was typed to a payout: the first thing that is wrong is named, and nothing leaks."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.payouts.banks import Directory
from uzel.payouts.payout import Kind, Wish
from uzel.payouts.wish import Typed, WishRejected, read

KEY = b"k" * 32
CARD = "2200 7702 1272 7079"
TO_CARD = Typed("1 000,50", "Иванова Анна Петровна", "Выплата по заявке 17", card=CARD)
TO_PHONE = replace(TO_CARD, card=None, phone="8 (999) 000-00-01", bank="сбер")


def wish(typed: Typed) -> Wish:
    return read(typed, 7, Directory(), KEY, "anna")


def test_to_a_card() -> None:
    found = wish(TO_CARD)
    assert (found.kind, found.amount_minor, found.bank_id) == (Kind.CARD, 100_050, None)
    assert found.number == "2200770212727079"
    assert found.card is not None and found.card.shown == "220077••••••7079"
    payee = found.payee
    assert (payee.last_name, payee.first_name, payee.patronymic) == ("Иванова", "Анна", "Петровна")
    assert "12727079" not in repr(found) + repr(TO_CARD)


def test_to_a_phone() -> None:
    found = wish(TO_PHONE)
    assert (found.kind, found.phone, found.bank_id) == (Kind.FPS, "+79990000001", "100000000111")
    assert found.number is None and found.card is None


def test_a_card_counts_as_itself_whatever_name_stands_beside_it() -> None:
    first, other = wish(TO_CARD), wish(replace(TO_CARD, name="Петров Иван"))
    assert first.target == other.target
    assert first.payee.fingerprint != other.payee.fingerprint
    assert first.digest() != other.digest()
    assert wish(TO_PHONE).target != first.target


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"currency": "USD"}, "currency", "currency"),
        ({"amount": "ten"}, "amount", "amount_unreadable"),
        ({"amount": 1000.5}, "amount", "amount_unreadable"),
        ({"amount": "0.50"}, "amount", "amount_too_small"),
        ({"name": "Анна"}, "name", "missing"),
        ({"name": "Иванова Анна1"}, "name", "characters"),
        ({"name": None}, "name", "missing"),
        ({"purpose": "a\nb"}, "purpose", "characters"),
        ({"purpose": "x" * 201}, "purpose", "too_long"),
        ({"external_id": ""}, "external_id", "missing"),
        ({"external_id": "claim:17"}, "external_id", "reserved"),
        ({"external_id": " CLAIM:17/2"}, "external_id", "reserved"),
        ({"card": "2200 7702 1272 7078"}, "card", "card_checksum"),
        ({"bank": "сбер"}, "card", "both_ways"),
        ({"card": None}, "phone", "no_phone"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], field: str, reason: str) -> None:
    with pytest.raises(WishRejected) as refused:
        wish(replace(TO_CARD, **change))
    assert refused.value.field == field
    assert reason in refused.value.reason
    assert "2200" not in str(refused.value)


def test_a_bank_is_never_guessed() -> None:
    for bank, reason in ((None, "bank_missing"), ("Банк", "bank_unknown")):
        with pytest.raises(WishRejected, match=reason):
            wish(replace(TO_PHONE, bank=bank))


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_whatever_is_typed_is_read_or_refused(amount: str, name: str, purpose: str) -> None:
    try:
        found = wish(replace(TO_CARD, amount=amount, name=name, purpose=purpose))
    except WishRejected:
        return
    assert found.amount_minor > 0
    assert found.purpose.isprintable()
