"""Cards, phones and amounts: read however they are typed, and never printed."""

import copy
import dataclasses
import io
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.kit.card_numbers import luhn
from uzel.kit.logs import JsonFormatter, TextFormatter
from uzel.payouts.requisites import (
    SBP_LIMITS,
    CardNumber,
    Limits,
    Network,
    RequisiteRejected,
    read_amount,
    read_card,
    read_sbp_phone,
)

# Numbers for tests that schemes and providers publish; nobody's cards.
MIR, VISA, MASTERCARD = "2200770212727079", "4111111111111111", "5555555555554444"
KEY = bytes(range(32))


def with_luhn(body: str) -> str:
    """The digits with the one behind them that makes them fit."""
    return next(body + digit for digit in "0123456789" if luhn(body + digit) == 0)


def different(digits: str) -> bool:
    return len(set(digits)) > 1


def a_banks(digits: str) -> bool:
    return different(digits) and not digits.startswith("0")


cards = st.text("0123456789", min_size=15, max_size=18).map(with_luhn).filter(a_banks)


def reason_of(read: Callable[[object], object], raw: object) -> str:
    with pytest.raises(RequisiteRejected) as caught:
        read(raw)
    return caught.value.reason


@pytest.mark.parametrize(
    ("digits", "network"),
    [
        (MIR, Network.MIR),
        ("2200000000000004", Network.MIR),
        ("2204000000000000", Network.MIR),
        (with_luhn("220500000000000"), Network.UNKNOWN),
        (with_luhn("219900000000000"), Network.UNKNOWN),
        (with_luhn("222100000000000"), Network.MASTERCARD),
        (with_luhn("272000000000000"), Network.MASTERCARD),
        (with_luhn("272100000000000"), Network.UNKNOWN),
        (VISA, Network.VISA),
        (MASTERCARD, Network.MASTERCARD),
        (with_luhn("500000000000000"), Network.UNKNOWN),
        (with_luhn("560000000000000"), Network.UNKNOWN),
        (with_luhn("620000000000000"), Network.UNKNOWN),
    ],
)
def test_the_first_digits_tell_the_network(digits: str, network: Network) -> None:
    if luhn(digits) != 0:
        digits = with_luhn(digits[:-1])
    assert read_card(digits).network is network


def test_a_card_is_shown_by_its_first_six_and_last_four() -> None:
    card = read_card("2200 7702 1272 7079")
    assert (str(card), card.masked, card.last4) == ("220077••••••7079", "220077••••••7079", "7079")
    assert repr(card) == "CardNumber(220077••••••7079)"
    assert card.reveal() == MIR


@given(digits=cards, gaps=st.lists(st.sampled_from(["", " ", "-", "\u00a0", "–", "\u200b"])))
def test_spaces_and_dashes_make_no_difference(digits: str, gaps: list[str]) -> None:
    parts = [*zip(digits, [*gaps, *[""] * len(digits)], strict=False)]
    typed = " " + "".join(digit + gap for digit, gap in parts) + "\n"
    assert read_card(typed).reveal() == digits


@given(digits=cards, place=st.integers(0, 18), added=st.integers(1, 9))
def test_one_wrong_digit_is_refused(digits: str, place: int, added: int) -> None:
    place %= len(digits)
    wrong = str((int(digits[place]) + added) % 10)
    typed = digits[:place] + wrong + digits[place + 1 :]
    assert reason_of(read_card, typed) == "card_checksum"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (None, "card_missing"),
        ("", "card_missing"),
        (" - ", "card_missing"),
        (2200770212727079, "card_not_text"),
        (b"2200770212727079", "card_not_text"),
        (True, "card_not_text"),
        ("220077021272707", "card_length"),
        ("4111111111111111" * 2, "card_length"),
        ("4" * 5000, "card_length"),
        (with_luhn("2200770212727079000"), "card_length"),
        ("2200 7702 1272 707O", "card_characters"),
        ("2200/7702/1272/7079", "card_characters"),
        ("٢٢٠٠٧٧٠٢١٢٧٢٧٠٧٩", "card_characters"),
        ("2200770212727\n079", "card_characters"),
        ("1234567890123456", "card_checksum"),
        ("0000000000000000", "card_fake"),
        ("8888888888888888", "card_fake"),
        ("0002200770212727079", "card_fake"),
    ],
)
def test_what_is_no_card(raw: object, reason: str) -> None:
    assert reason_of(read_card, raw) == reason


@given(raw=st.none() | st.text() | st.text("0123456789 -") | st.integers() | st.binary())
def test_anything_is_read_or_refused(raw: object) -> None:
    for read in (read_card, read_sbp_phone, read_amount):
        try:
            read(raw)
        except RequisiteRejected as refusal:
            assert refusal.reason and str(refusal) == refusal.reason


@dataclasses.dataclass(frozen=True)
class Holder:
    """Somewhere a card may lie."""

    card: CardNumber


def printed(card: CardNumber) -> str:
    """A card in every way in which things get printed."""
    stream = io.StringIO()
    log = logging.Logger("payouts")
    for formatter in (JsonFormatter(), TextFormatter()):
        handler = logging.StreamHandler(stream)
        handler.setFormatter(formatter)
        log.addHandler(handler)
    log.warning("paid to %s, %r", card, Holder(card), extra={"card": card, "cards": [card]})
    try:
        raise LookupError(card)
    except LookupError:
        log.exception("no answer")
    told = [str(card), repr(card), f"{card:>30}", f"{card!r}", "%s" % card, ascii(card)]  # noqa: UP031
    told += [repr(Holder(card)), repr({card: [card]}), str(dataclasses.asdict(Holder(card)))]
    told += [json.dumps({"card": card}, default=str), orjson.dumps(card, default=str).decode()]
    return stream.getvalue() + "\n".join(told)


@given(digits=cards)
def test_nothing_prints_the_digits(digits: str) -> None:
    shown = printed(read_card(digits))
    assert digits not in shown
    assert digits[6:-4] not in shown.replace(digits[:6], "").replace(digits[-4:], "")


@given(digits=cards, place=st.integers(0, 18))
def test_a_refusal_does_not_hold_what_was_typed(digits: str, place: int) -> None:
    place %= len(digits)
    typed = digits[:place] + str((int(digits[place]) + 1) % 10) + digits[place + 1 :]
    try:
        read_card(typed)
    except RequisiteRejected as refusal:
        shown = "".join(traceback.format_exception(refusal)) + repr(refusal) + str(refusal.args)
    assert typed not in shown and typed[6:-4] not in shown


def test_a_card_cannot_be_stored_by_accident() -> None:
    card = read_card(MIR)
    stores: list[Callable[[Any], object]] = [pickle.dumps, json.dumps, orjson.dumps, vars]
    stores.append(lambda it: it.__getstate__())
    for store in stores:
        with pytest.raises(TypeError) as caught:
            store(card)
        assert MIR not in str(caught.value)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError):
            pickle.dumps([card], protocol)
    with pytest.raises(TypeError):
        orjson.dumps(Holder(card))
    for name in ("last4", "more", "_CardNumber__digits"):
        with pytest.raises(AttributeError):
            setattr(card, name, "1")


def test_a_card_copies_and_compares() -> None:
    card = read_card(MIR)
    assert copy.copy(card) is card and copy.deepcopy(card) is card
    assert card == read_card("2200-7702-1272-7079") and card != read_card(VISA) and card != MIR
    assert len({card, read_card(MIR), read_card(VISA)}) == 2
    with pytest.raises(RequisiteRejected):
        CardNumber("1234567890123456")


@given(one=cards, other=cards, key=st.binary(min_size=32, max_size=64))
def test_a_fingerprint_knows_the_card_and_the_key(one: str, other: str, key: bytes) -> None:
    made = read_card(one).fingerprint(key)
    assert len(made) == 32 and made == read_card(one).fingerprint(key)
    assert (made == read_card(other).fingerprint(key)) == (one == other)
    assert made != read_card(one).fingerprint(bytes([key[0] ^ 1]) + key[1:])
    assert one.encode() not in made


def test_a_fingerprint_wants_a_real_key() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        read_card(MIR).fingerprint(KEY[:-1])


@given(
    subscriber=st.text("0123456789", min_size=7, max_size=7).filter(different),
    spelled=st.sampled_from(
        ["+79{0}", "89{0}", "79{0}", "9{0}", "+7 (9{1}) {2}-{3}-{4}", "8-9{1}-{2}-{3}-{4}"]
    ),
)
def test_spellings_of_one_phone_are_one_phone(subscriber: str, spelled: str) -> None:
    digits = "99" + subscriber
    parts = (digits, digits[:2], digits[2:5], digits[5:7], digits[7:])
    assert read_sbp_phone(spelled.format(*parts)) == f"+79{digits}"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (None, "no_phone"),
        ("", "no_phone"),
        ("+7 701 000-00-01", "phone_not_russian"),
        ("+77010000001", "phone_not_russian"),
        ("+998901234567", "phone_not_russian"),
        ("+7 495 123-45-67", "phone_landline"),
        ("8 800 200-00-00", "phone_not_mobile"),
        ("9999999999", "phone_fake"),
        ("2200 7702 1272 7079", "phone_invalid"),
        ("+7 999 000-00-01, +7 999 000-00-02", "phone_more_digits"),
        ("8 999 000-00-01 8 999 000-00-02", "phone_invalid"),
        ("+7 999 000-00-01, после 18:00", "phone_more_digits"),
        ("+7 999 000-00-01 доб. 5", "phone_extension"),
    ],
)
def test_what_is_no_phone_of_sbp(raw: object, reason: str) -> None:
    assert reason_of(read_sbp_phone, raw) == reason


@pytest.mark.parametrize(
    "raw",
    [
        79990000001,
        9990000001,
        "тел. +7 (999) 000-00-01 Мария",
        "７９９９００００００１",
        "\u200e89990000001",
    ],
)
def test_what_stands_around_a_phone_makes_no_difference(raw: object) -> None:
    assert read_sbp_phone(raw) == "+79990000001"


@pytest.mark.parametrize(
    ("raw", "amount_minor"),
    [
        ("1", 1_00),
        ("1500,50 ₽", 1500_50),
        ("1 500.5 руб", 1500_50),
        ("100.00", 100_00),
        (Decimal("12.30"), 12_30),
        (500_000, 500_000_00),
        ("500 000 RUB", 500_000_00),
    ],
)
def test_an_amount_is_kopecks(raw: object, amount_minor: int) -> None:
    assert read_amount(raw) == amount_minor


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (None, "amount_unreadable"),
        ("", "amount_unreadable"),
        ("сто", "amount_unreadable"),
        ("1,234", "amount_unreadable"),
        ("100 $", "amount_unreadable"),
        (100.0, "amount_unreadable"),
        (True, "amount_unreadable"),
        (Decimal("NaN"), "amount_unreadable"),
        (Decimal("Infinity"), "amount_unreadable"),
        (Decimal("1.001"), "amount_unreadable"),
        ("0,99", "amount_too_small"),
        (0, "amount_too_small"),
        (-5, "amount_too_small"),
        ("500000,01", "amount_too_large"),
        (10**12, "amount_too_large"),
    ],
)
def test_what_cannot_be_paid(raw: object, reason: str) -> None:
    assert reason_of(read_amount, raw) == reason


@given(
    amount_minor=st.integers(0, 10**9),
    limits=st.builds(Limits, st.integers(0, 10**6), st.integers(10**6, 10**9)),
)
def test_limits_are_kept_both_ends_included(amount_minor: int, limits: Limits) -> None:
    roubles = Decimal(amount_minor).scaleb(-2)
    if limits.least_minor <= amount_minor <= limits.most_minor:
        assert read_amount(roubles, limits) == amount_minor
    else:
        with pytest.raises(RequisiteRejected):
            read_amount(roubles, limits)
    assert Limits(100, 50_000_000) == SBP_LIMITS
