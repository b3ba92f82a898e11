"""Whether a phone in a contact's card is the one that is looked for.

amoCRM compares phones letter by letter, so `+7707…` and `8707…` are different ones to it, and its
`query` finds any field that the digits occur in. Hence the search by the last ten digits, and this
second look at what came.
"""

import re
from typing import Any

SIGNIFICANT = 10
E164 = re.compile(r"\+[1-9][0-9]{9,14}")
# One number as people write it; anything else between two digits ends it.
_NUMBER = re.compile(r"[0-9](?:[ ().\-\N{NO-BREAK SPACE}\N{NON-BREAKING HYPHEN}]*[0-9])*")
_NO_DIGIT = re.compile(r"[^0-9]")


def numbers_in(value: Any) -> set[str]:
    """The numbers in a value, as digits with the calling code. Of the +7 plan (Russia, Kazakhstan)
    ten digits, and eleven that begin with 8, are national.
    """
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    found = (_NO_DIGIT.sub("", number[0]) for number in _NUMBER.finditer(text))
    return {whole for digits in found if (whole := with_calling_code(digits))}


def with_calling_code(digits: str) -> str | None:
    """The digits of an international number; None where they are too few to be one."""
    digits = without_prefix(digits)
    if len(digits) == SIGNIFICANT:
        return f"7{digits}"
    if len(digits) == SIGNIFICANT + 1 and digits.startswith("8"):
        return f"7{digits[1:]}"
    return digits if SIGNIFICANT < len(digits) <= 15 else None


def without_prefix(digits: str) -> str:
    """Without what is dialled to call abroad: 00, or 8~10 in the +7 plan."""
    for prefix in ("810", "00"):
        if digits.startswith(prefix) and len(digits) > SIGNIFICANT + len(prefix):
            return digits[len(prefix) :]
    return digits
