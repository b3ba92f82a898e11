"""Numbers of cards in text that people typed or providers sent: found, and masked before anything
is stored or logged.

A number that passes for a card's (13 to 19 digits, ISO/IEC 7812 with its checksum) is one, whatever
it was meant to be; nothing else can be told of it.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

HIDDEN = "•"
FIRST, LAST = 6, 4
SHORTEST, LONGEST = 13, 19
USUAL = 16
# What the first digit of a bank's card can be (ISO/IEC 7812-1: 2 to 6), and the least digits of a
# group as cards are printed.
FIRST_DIGITS = "23456"
SHORTEST_GROUP = 3
# Digits of any script with little between them; a UUID is none of that, though all its letters may
# be digits. Runs with less digits are left alone without a closer look.
_GAP = r"[\s.,/\\_\-\u00ad\u2010-\u2015\u2212\u200b-\u200f\u2060\ufeff]"
_UUID = r"(?<![0-9A-Za-z])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9A-Za-z])"
_RUN = re.compile(rf"(?P<uuid>{_UUID})|\d(?:{_GAP}{{0,3}}\d){{{SHORTEST - 1},}}")
_GROUP = re.compile(r"\d+")
_NUMBER_AT_END = re.compile(rf"\d(?:{_GAP}{{0,3}}\d){{0,40}}{_GAP}{{0,3}}\Z")
# Nothing but so many digits: a card's with a slip of the finger, as likely as not.
_NOTHING_ELSE = re.compile(rf"\s*\d(?:{_GAP}{{0,3}}\d){{{USUAL - 1},{LONGEST - 1}}}\s*")


@dataclass(frozen=True, slots=True)
class Found:
    """A number within a text: `digits` in ASCII, and where it stands."""

    digits: str
    start: int
    end: int


def find(text: str, *, loose: bool = False) -> list[Found]:
    """The numbers of cards in a text, in their order. `loose`: anything of their length that passes
    the checksum, where nothing else is expected; else a phone with a sum behind it is none.
    """
    return [
        found
        for run in _RUN.finditer(text)
        if run["uuid"] is None
        for found in in_run(text, run.start(), run.end(), loose=loose)
    ]


def masked(text: str, *, loose: bool = False) -> tuple[str, list[str]]:
    """The text with all digits of cards but the first six and last four hidden, as long as it was;
    and the numbers that stood there.
    """
    found = find(text, loose=loose)
    parts, at = [], 0
    for it in found:
        parts += [text[at : it.start], masked_piece(text[it.start : it.end])]
        at = it.end
    return "".join([*parts, text[at:]]), [it.digits for it in found]


def cut(text: str, most: int) -> str:
    """At most so many characters, and no part of a number at the end: cut in the middle it would
    pass for none. What is long is cut before it is masked, which takes its time.
    """
    if len(text) <= most:
        return text
    return _NUMBER_AT_END.sub("", text[: most - 1]) + "…"


def masked_whole(text: str) -> str:
    """A text of nothing but as many digits as a card has, masked; any other as it is."""
    return masked_piece(text) if _NOTHING_ELSE.fullmatch(text) else text


def masked_piece(piece: str) -> str:
    """A number with its gaps."""
    digits = sum(sign.isdecimal() for sign in piece)
    nth = accumulate(int(sign.isdecimal()) for sign in piece)
    return "".join(
        HIDDEN if sign.isdecimal() and FIRST < place <= digits - LAST else sign
        for sign, place in zip(piece, nth, strict=True)
    )


def in_run(text: str, start: int, end: int, *, loose: bool) -> Iterator[Found]:
    """Numbers among digits that stand together: of whole groups, one after the other."""
    groups = [match.span() for match in _GROUP.finditer(text, start, end)]
    first = 0
    while first < len(groups):
        after = first + 1
        if found := best(text, groups[first:], loose=loose):
            number, after = found[0], first + found[1]
            yield number
        first = after


def best(text: str, groups: list[tuple[int, int]], *, loose: bool) -> tuple[Found, int] | None:
    """The number that begins with the first of these groups, and of how many it is: one group by
    itself before several, and the usual length before others.
    """
    known: list[tuple[tuple[bool, bool, int], Found, int]] = []
    digits = ""
    for count, (begin, end) in enumerate(groups, start=1):
        digits += "".join(str(unicodedata.decimal(sign)) for sign in text[begin:end])
        if len(digits) > LONGEST:
            break
        sizes = [last - first for first, last in groups[:count]]
        if luhn(digits) == 0 and is_like_a_card(digits, sizes, loose=loose):
            rank = (count == 1, len(digits) == USUAL, len(digits))
            known.append((rank, Found(digits, groups[0][0], end), count))
    if not known:
        return None
    _, found, count = max(known, key=lambda it: it[0])
    return found, count


def is_like_a_card(digits: str, sizes: list[int], *, loose: bool) -> bool:
    """Whether somebody would write a card so."""
    if len(digits) < SHORTEST:
        return False
    if loose or len(sizes) == 1:
        return True
    in_groups = len(digits) >= USUAL or min(sizes) >= SHORTEST_GROUP
    return in_groups and digits[0] in FIRST_DIGITS


def luhn(digits: str) -> int:
    """What is left of the checksum of ISO/IEC 7812-1, annex B; 0 where the last digit fits."""
    values = [int(digit) for digit in reversed(digits)]
    doubled = sum(sum(divmod(2 * value, 10)) for value in values[1::2])
    return (sum(values[::2]) + doubled) % 10
