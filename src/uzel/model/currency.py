"""Currencies and amounts: whole minor units inside, decimal text outside, never a float.

Minor units by ISO 4217 (list of 2025-02-04 and later amendments), pinned here: libraries disagree,
and what was written under one exponent cannot be read under another.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from enum import StrEnum

NO_MINOR = frozenset(
    {
        *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI"),
        *("VND", "VUV", "XAF", "XOF", "XPF"),
    }
)
THREE_DIGITS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
FOUR_DIGITS = frozenset({"CLF", "UYW"})
TWO_DIGITS = frozenset(
    {
        *("AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD"),
        *("BDT", "BGN", "BMD", "BND", "BOB", "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD"),
        *("CAD", "CDF", "CHE", "CHF", "CHW", "CNY", "COP", "COU", "CRC", "CUP", "CVE", "CZK"),
        *("DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS"),
        *("GIP", "GMD", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IRR"),
        *("JMD", "KES", "KGS", "KHR", "KPW", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL"),
        *("MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN"),
        *("MXV", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "PAB", "PEN", "PGK"),
        *("PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB", "SAR", "SBD", "SCR", "SDG", "SEK"),
        *("SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS"),
        *("TMT", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "USD", "USN", "UYU", "UZS", "VED"),
        *("VES", "WST", "XCD", "XCG", "YER", "ZAR", "ZMW", "ZWG"),
    }
)
EXPONENTS = {
    **dict.fromkeys(NO_MINOR, 0),
    **dict.fromkeys(TWO_DIGITS, 2),
    **dict.fromkeys(THREE_DIGITS, 3),
    **dict.fromkeys(FOUR_DIGITS, 4),
}
# What a column of the ledger holds.
MOST_MINOR = 2**63 - 1
# More than any product of an amount, a rate and a commission has.
MOST_DIGITS = 100


class Rounding(StrEnum):
    """Where what no minor unit can express goes; EXACT: nowhere, it is refused."""

    UP = "up"
    DOWN = "down"
    EXACT = "exact"


class NotAnAmount(ValueError):
    """Text that is no amount of this currency."""


def exponent(currency: str) -> int:
    """How many decimal places a currency has. Raises NotAnAmount for what is none."""
    found = EXPONENTS.get(currency)
    if found is None:
        raise NotAnAmount(f"{currency} is not a currency")
    return found


def minor(amount: Decimal, currency: str, rounding: Rounding = Rounding.EXACT) -> int:
    """An amount in whole minor units: the one place where money is rounded. UP and DOWN are those
    of the number line. Raises NotAnAmount: not finite, too large, or (EXACT) finer than the
    currency.
    """
    places = exponent(currency)
    if not amount.is_finite() or len(amount.as_tuple().digits) > MOST_DIGITS:
        raise NotAnAmount("not an amount")
    with localcontext() as context:
        context.prec = 2 * MOST_DIGITS
        try:
            scaled = amount.scaleb(places)
            whole = scaled.to_integral_value(
                ROUND_CEILING if rounding is Rounding.UP else ROUND_FLOOR
            )
        except ArithmeticError:
            raise NotAnAmount("the amount is too large") from None
        if rounding is Rounding.EXACT and whole != scaled:
            raise NotAnAmount(f"{currency} has {places} decimal places")
        if abs(whole) > MOST_MINOR:
            raise NotAnAmount("the amount is too large")
        return int(whole)


def decimal(amount_minor: int, currency: str) -> Decimal:
    """An amount as people write it: 1050 of RUB is 10.50."""
    with localcontext() as context:
        context.prec = MOST_DIGITS
        return Decimal(amount_minor).scaleb(-exponent(currency))


def text(amount_minor: int, currency: str) -> str:
    """`10.50`, `-3`, `0.333`: always with the currency's places."""
    return format(decimal(amount_minor, currency), "f")


def plain(amount: Decimal) -> str:
    """`10` for 10, 10.0 and 1e1; exact."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
