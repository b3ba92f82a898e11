"""Card numbers where none belongs: they are refused there, neither kept nor told."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from uzel.model.cards import DIGITS, REGION, ascii_digits, numbers_in
from uzel.payouts.requisites import SHORTEST_CARD, CardNumber, Network

MOST_BYTES = 8 * 1024


def holds_card(value: Any) -> bool:
    """Whether a text within `value` (JSON) has a number in it that is a card's by all signs: its
    length, its network, its last digit.
    """
    return any(is_card(digits) for text in texts_in(value) for digits in possible_in(text))


def is_long(value: Any) -> bool:
    """Whether looking through `value` (JSON) would keep everybody else waiting."""
    return len(orjson.dumps(value, default=str)) > MOST_BYTES


def possible_in(text: str) -> Iterator[str]:
    """Digits that could be a card's: whole groups of them, side by side."""
    for region in REGION.finditer(ascii_digits(text)):
        for found in numbers_in([group[0] for group in DIGITS.finditer(region[0])]):
            yield found.digits


def is_card(digits: str) -> bool:
    digits = digits.lstrip("0")
    if len(digits) < SHORTEST_CARD or len(set(digits)) == 1:
        return False
    return CardNumber(digits).network is not Network.UNKNOWN


def texts_in(value: Any) -> Iterator[str]:
    """Every text and number of a JSON value, names included."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield str(name)
            yield from texts_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_in(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
