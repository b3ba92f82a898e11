"""Pairs of currencies, rates, and amounts by them: exact, in decimals, never a float."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import (
    ROUND_05UP,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
)
from enum import StrEnum
from zoneinfo import ZoneInfo

from uzel.errors import LedgerError
from uzel.model.currency import MOST_DIGITS, exponent

ADMIN = "admin"
LARGEST = Decimal(10) ** 12
SMALLEST = Decimal("1e-12")
# Digits behind the point that a value may have; Indonesian rupees by ten thousands take eight.
FINEST = 20
PAIR = re.compile(r"([A-Za-z]{3})[/_ -]?([A-Za-z]{3})")
VALUE = re.compile(r"[0-9]{1,12}(?:[.,][0-9]{1,20})?")

_TRAPS = [InvalidOperation, DivisionByZero, Overflow]
# A quotient may have no end. Cut in this way, with the last digit as a mark that something was cut
# off, any rounding to fewer digits gives what it would give of the whole.
_CUT = Context(prec=MOST_DIGITS, rounding=ROUND_05UP, traps=_TRAPS)
_EXACT = Context(prec=MOST_DIGITS, traps=[*_TRAPS, Inexact])


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank whose rates count: units of others in its own currency, for days of its own zone."""

    currency: str
    zone: ZoneInfo


BANKS: Mapping[str, Bank] = {
    "cbr": Bank("RUB", ZoneInfo("Europe/Moscow")),
    "nbk": Bank("KZT", ZoneInfo("Asia/Almaty")),
}
SOURCES = (ADMIN, *BANKS)


class Why(StrEnum):
    """Why there is no rate, or why something is not done with one."""

    MISSING = "missing"
    TOO_OLD = "too_old"
    NOT_A_RATE = "not_a_rate"
    UNKNOWN = "unknown"
    DECIDED = "decided"
    SAME_PERSON = "same_person"
    SUPERSEDED = "superseded"


class RateRefused(LedgerError):
    """`why` is for programs, the message for people."""

    def __init__(self, why: Why, message: str) -> None:
        super().__init__(message)
        self.why = why


@dataclass(frozen=True, slots=True)
class Pair:
    """`USD/RUB`: what one of `base` costs in `quote`."""

    base: str
    quote: str

    def __str__(self) -> str:
        return f"{self.base}/{self.quote}"

    @property
    def key(self) -> str:
        """The same for both ways round."""
        return "/".join(sorted((self.base, self.quote)))


@dataclass(frozen=True, slots=True)
class Rate:
    """What amounts of `base` are in `quote`.

    version   the number of the version it is, to be kept beside what was converted by it; None:
              both are the same currency
    value     what one unit costs, exactly
    divides   the value is that of the pair the other way round, of one `quote` in `base`: amounts
              are divided by it, and no rounded inverse is ever made
    nominal   for how many units the source writes its value
    since     from when on it is in force (aware UTC); `source_date`: the day a bank set it for
    """

    base: str
    quote: str
    value: Decimal
    version: int | None = None
    divides: bool = False
    nominal: int = 1
    source: str = ADMIN
    source_date: date | None = None
    since: datetime | None = None

    @property
    def pair(self) -> Pair:
        """The pair as it was entered."""
        return Pair(self.quote, self.base) if self.divides else Pair(self.base, self.quote)

    def __str__(self) -> str:
        return f"1 {self.pair.base} = {self.value:f} {self.pair.quote}"


class RateMissing(RateRefused):
    """There is no rate of this pair."""

    def __init__(self, pair: Pair) -> None:
        super().__init__(Why.MISSING, f"there is no rate of {pair}")
        self.pair = pair


class RateTooOld(RateRefused):
    """There is a rate, and it may not be used any more: `rate`."""

    def __init__(self, rate: Rate) -> None:
        day = rate.source_date or (rate.since and rate.since.date())
        super().__init__(Why.TOO_OLD, f"the rate of {rate.pair} by {rate.source} is of {day}")
        self.rate = rate


def convert(amount: Decimal, rate: Rate) -> Decimal:
    """An amount of `rate.base` in `rate.quote`, exact: `model.currency.minor` rounds it as it would
    the quotient with all its digits. Raises RateRefused for what is no amount.
    """
    if not amount.is_finite():
        raise RateRefused(Why.NOT_A_RATE, "not an amount")
    return _CUT.divide(amount, rate.value) if rate.divides else _CUT.multiply(amount, rate.value)


def pair_of(text: str) -> Pair:
    """`USD/RUB`, `usd_rub`, `USDRUB`. Raises RateRefused."""
    found = PAIR.fullmatch(text.strip())
    if found is None:
        raise RateRefused(Why.NOT_A_RATE, "a pair is written as USD/RUB")
    return checked(Pair(found[1].upper(), found[2].upper()))


def checked(pair: Pair) -> Pair:
    """The pair, of two currencies that there are. Raises RateRefused."""
    for currency in (pair.base, pair.quote):
        try:
            exponent(currency)
        except ValueError as error:
            raise RateRefused(Why.NOT_A_RATE, str(error)) from error
    if pair.base == pair.quote:
        raise RateRefused(Why.NOT_A_RATE, f"{pair.base} in {pair.quote} is always 1")
    return pair


def value_of(text: str) -> Decimal:
    """`92.15` or `92,15`. Raises RateRefused."""
    if not VALUE.fullmatch(text.strip()):
        raise RateRefused(Why.NOT_A_RATE, f"{text!r} is not a rate; write it as 92.4130")
    return checked_value(Decimal(text.strip().replace(",", ".")))


def checked_value(value: Decimal) -> Decimal:
    """A value that can be one. Raises RateRefused."""
    if not value.is_finite() or not SMALLEST <= value < LARGEST:
        raise RateRefused(Why.NOT_A_RATE, f"a rate lies between {SMALLEST} and {LARGEST:f}")
    digits, places = value.as_tuple()[1:]
    if len(digits) > MOST_DIGITS or -int(places) > FINEST:
        raise RateRefused(Why.NOT_A_RATE, f"a rate has at most {FINEST} decimal places")
    return value


def of_one(value: Decimal, nominal: int) -> Decimal:
    """What one unit costs where `nominal` units cost `value`. Raises RateRefused where that is no
    finite decimal.
    """
    try:
        return checked_value(_EXACT.divide(value, Decimal(nominal)))
    except (Inexact, InvalidOperation, DivisionByZero) as error:
        raise RateRefused(
            Why.NOT_A_RATE, f"{value} for {nominal} is no exact rate of one"
        ) from error


def move(old: Rate, pair: Pair, value: Decimal) -> Decimal:
    """By which part a new value of `pair` lies away from an old rate of it, counted from the old
    one: 0.05 is five per cent, up or down. Either may be that of the other way round.
    """
    if old.pair == pair:
        ratio = _CUT.divide(value, old.value)
    else:
        ratio = _CUT.divide(Decimal(1), _CUT.multiply(value, old.value))
    return abs(_CUT.subtract(ratio, Decimal(1)))
