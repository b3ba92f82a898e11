"""Numbers of cards in what is reported: the first six and the last four digits are enough to tell
cards apart, and no more is kept (PCI DSS 3.4.1); nor when a card ends, nor its code.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from uzel.kit.card_numbers import luhn

# So many digits make a number (ISO/IEC 7812), the most usual first; in the field for a card any
# dozen is taken for one.
SIZES = (16, 15, 19, 18, 17, 14, 13)
DOZEN = 12
HIDDEN = "***"
CARD_NAME = re.compile(r"card|карт|(?:^|[^a-z])pan(?:$|[^a-z])", re.IGNORECASE)
CODE_NAME = re.compile(r"(?:card[ _-]?)?(?:cvc|cvv|csc)2?(?:[ _-]?code)?", re.IGNORECASE)
DIGITS = re.compile(r"[0-9]+")
# Digits in groups, as people and forms part them.
PARTS = " .-_\t\u00a0\u2009\u200b\u202f\u2010\u2011\u2012\u2013\u2014\u2212"
REGION = re.compile(rf"[0-9](?:[{re.escape(PARTS)}]{{0,3}}[0-9]){{{DOZEN - 1},}}")
# What stands behind a number: when it ends, and its code.
ENDS = r"(?<![0-9])(?:0?[1-9]|1[0-2])\s*{}\s*(?:20)?[2-5][0-9](?![0-9])"
WORDED = r"cv[vc]2?\W{0,2}[0-9]{3,4}(?![0-9])"
BEHIND = re.compile(
    rf"\W{{1,3}}(?:{WORDED}|(?:exp\w*\W{{1,2}})?{ENDS.format('[-/. ]')}"
    rf"(?:\W{{1,3}}(?:{WORDED}|[0-9]{{3,4}}(?![0-9])))?)",
    re.IGNORECASE,
)
END = re.compile(ENDS.format(r"[/\\]"))
# One that came masked.
STARS = r"*xXхХ•#"
MASKED = re.compile(rf"[0-9]{{0,6}} ?[{STARS}]{{2,}}[{STARS} \-]*[0-9]{{1,4}}(?![0-9])")


class Found(NamedTuple):
    """What may be a number: `many` groups of digits from `first` on; the likelier, the lower."""

    rank: int
    first: int
    many: int
    digits: str


def card_of(text: str) -> str:
    """What is kept of the field for a card: of a dozen digits or more, however they are parted and
    whether or not the last one checks the others, the number masked and nothing behind it.
    """
    plain = ascii_digits(text)
    if came := MASKED.search(plain):
        before = plain[: came.start()]
        return came[0] if DIGITS.search(before) else plain[: came.end()]
    groups = [group[0] for group in DIGITS.finditer(plain)]
    if sum(map(len, groups)) >= DOZEN:
        return f"{plain[: plain.index(groups[0])]}{short(likeliest(groups))}"
    end = END.search(plain)
    return plain[: end.start()].strip() if end else text


def masked(text: str) -> str:
    """Text in which there may be numbers of cards: what is one by its last digit is masked, and
    what stands behind it hidden.
    """
    return hidden(text, is_card_field=False)


def hidden(text: str, *, is_card_field: bool) -> str:
    """`is_card_field`: any dozen of digits is a number."""
    plain = ascii_digits(text)
    kept: list[str] = []
    at = 0
    for region in REGION.finditer(plain):
        groups = [(it.start() + region.start(), it.end() + region.start(), it[0])
                  for it in DIGITS.finditer(region[0])]  # fmt: skip
        said = [group[2] for group in groups]
        whole = Found(0, 0, len(said), likeliest(said))
        for one in [whole] if is_card_field else apart(numbers_in(said)):
            start, end = groups[one.first][0], groups[one.first + one.many - 1][1]
            kept += [plain[at:start], short(one.digits)]
            behind = BEHIND.match(plain, end)
            kept += [f" {HIDDEN}"] if behind else []
            at = behind.end() if behind else end
    return "".join([*kept, plain[at:]]) if kept else text


def apart(found: Sequence[Found]) -> list[Found]:
    """Of numbers that overlap one, over the place of them all: nobody can tell which it is."""
    joined: list[Found] = []
    for one in sorted(found, key=lambda it: it.first):
        last = joined[-1] if joined else None
        if last is None or one.first >= last.first + last.many:
            joined.append(one)
        else:
            until = max(last.first + last.many, one.first + one.many)
            likelier = min(last, one)
            joined[-1] = Found(likelier.rank, last.first, until - last.first, likelier.digits)
    return joined


def numbers_in(groups: Sequence[str]) -> list[Found]:
    """What whole groups make whose last digit checks the others."""
    found = []
    for first in range(len(groups)):
        said = ""
        for count, group in enumerate(groups[first : first + SIZES[2]], 1):
            said += group
            if len(said) in SIZES and is_card(said):
                found.append(Found(SIZES.index(len(said)), first, count, said))
            if len(said) >= SIZES[2]:
                break
    return found


def likeliest(groups: Sequence[str]) -> str:
    """The number that these groups, a dozen digits at least, most probably are."""
    if found := numbers_in(groups):
        return min(found).digits
    whole = "".join(groups)
    for size in SIZES[:2]:  # what is behind it may be glued to it
        if len(whole) >= size and is_card(whole[:size]):
            return whole[:size]
    ends = {sum(map(len, groups[:count])) for count in range(1, len(groups) + 1)}
    sizes = [size for size in (*SIZES, DOZEN) if size in ends]
    return whole[: sizes[0] if sizes else SIZES[0]]


def short(digits: str) -> str:
    return f"{digits[:6]}{'*' * (len(digits) - 10)}{digits[-4:]}"


def is_card(digits: str) -> bool:
    """Whether the last digit checks the others (ISO/IEC 7812)."""
    return luhn(digits) == 0


def ascii_digits(text: str) -> str:
    """Digits of other scripts, and raised ones, as those that are looked for."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.digit(sign, sign)) for sign in text)
