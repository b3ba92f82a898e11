"""The rate card: what a message costs where the provider does not say, by channel and country."""

import re
from collections.abc import Mapping

from phonenumbers import SUPPORTED_REGIONS

from uzel.web.console.language import mark as m
from uzel.web.console.typed import Typed, money_shown

CHANNELS = ("sms", "whatsapp", "email")
# Countries that are always offered; row 0 is for all others.
OFFERED = ("RU", "KZ")
BLANK_ROWS, MOST_ROWS = 2, 30
MOST_MINOR = 10**6
COUNTRY = re.compile("[A-Z]{2}")


def shown_rates(rates: Mapping[str, int]) -> dict[str, str]:
    """`country_N` and `sms_N`, `whatsapp_N`, `email_N` for each row; row 0 has no country."""
    stored = sorted({key.partition(":")[2] for key in rates} - {"", *OFFERED})
    countries = ["", *OFFERED, *stored, *[""] * BLANK_ROWS][:MOST_ROWS]
    values: dict[str, str] = {}
    for row, country in enumerate(countries):
        values[f"country_{row}"] = country
        for channel in CHANNELS:
            key = f"{channel}:{country}" if country else channel
            known = rates.get(key) if country or row == 0 else None
            values[f"{channel}_{row}"] = money_shown(known)
    return values


def rows_in(values: Mapping[str, str]) -> list[int]:
    """The rows a form has."""
    return [row for row in range(MOST_ROWS) if f"country_{row}" in values]


def read_rates(typed: Typed) -> dict[str, int]:
    """`sms:RU` or `sms` → minor units."""
    rates: dict[str, int] = {}
    for row in rows_in(typed.form):
        country = "" if row == 0 else typed.plain(f"country_{row}").upper()
        prices = {c: typed.money(f"{c}_{row}", MOST_MINOR) for c in CHANNELS}
        priced = {channel: price for channel, price in prices.items() if price is not None}
        if row and priced and not is_country(country):
            typed.refuse(f"country_{row}", m("Нужен код страны из двух букв: RU, KZ, BY."))
        for channel, price in priced.items():
            key = f"{channel}:{country}" if country else channel
            if key in rates:
                typed.refuse(f"country_{row}", m("Эта страна уже есть выше."))
            rates[key] = price
    return rates


def is_country(code: str) -> bool:
    """Whether phones of such a country exist."""
    return bool(COUNTRY.fullmatch(code)) and code in SUPPORTED_REGIONS
