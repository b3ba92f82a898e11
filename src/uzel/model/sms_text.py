"""How many SMS a text becomes. Operators bill, and cut, by the part.

The GSM-7 alphabet is 3GPP TS 23.038, 6.2.1; the sizes of parts leave room for the six-byte header
that joins them (TS 23.040, 9.2.3.24.1).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Encoding = Literal["GSM-7", "UCS-2"]

_GSM7_ONE_SEPTET = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_ESCAPED = frozenset("\f^{}\\[~]|€")
_SINGLE = {"GSM-7": 160, "UCS-2": 70}
_PART = {"GSM-7": 153, "UCS-2": 67}


@dataclass(frozen=True, slots=True)
class Segments:
    """The size of a text as an SMS.

    units            septets for GSM-7, UTF-16 code units for UCS-2
    segments         parts as billed; 0 for the empty text
    left_in_segment  units still free in the last part
    """

    encoding: Encoding
    units: int
    segments: int
    left_in_segment: int


@lru_cache(maxsize=256)  # a text is measured when it is checked and again when it is stored
def count_segments(text: str) -> Segments:
    """Measure `text`. One letter outside GSM-7 (any Cyrillic, «», —, №) makes all of it UCS-2."""
    encoding, width = _encoding_of(text)
    parts = split_segments(text)
    units = sum(map(width, text))
    room = _SINGLE[encoding] if len(parts) <= 1 else _PART[encoding]
    used = sum(map(width, parts[-1])) if parts else 0
    return Segments(encoding, units, len(parts), room - used)


def split_segments(text: str) -> list[str]:
    """The text of each part. An escaped GSM-7 character and a surrogate pair stay in one part, so
    a part may end a unit short.
    """
    encoding, width = _encoding_of(text)
    if sum(map(width, text)) <= _SINGLE[encoding]:
        return [text] if text else []
    parts: list[str] = []
    start = used = 0
    for position, character in enumerate(text):
        if used + width(character) > _PART[encoding]:
            parts.append(text[start:position])
            start, used = position, 0
        used += width(character)
    return [*parts, text[start:]]


def _encoding_of(text: str) -> tuple[Encoding, Callable[[str], int]]:
    if all(character in _GSM7_ONE_SEPTET or character in _GSM7_ESCAPED for character in text):
        return "GSM-7", _septets
    return "UCS-2", _utf16_units


def _septets(character: str) -> int:
    return 2 if character in _GSM7_ESCAPED else 1


def _utf16_units(character: str) -> int:
    return 2 if ord(character) > 0xFFFF else 1
