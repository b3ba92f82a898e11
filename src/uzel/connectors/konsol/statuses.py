"""The words for what became of a payment (the payments service's callback diagram)."""

from enum import StrEnum
from typing import Any

from uzel.kit.body import label_of

LONGEST_WORD, MOST_DIGITS = 64, 4


class Meaning(StrEnum):
    """What a status says. UNKNOWN: nothing at all, least of all that it failed.

    manual  their staff has to look at it; it can still end either way
    """

    PENDING = "pending"
    MANUAL = "manual"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


MEANINGS = {
    "created": Meaning.PENDING,
    "manualpay": Meaning.MANUAL,
    "executed": Meaning.SUCCEEDED,
    "failed": Meaning.FAILED,
    # A self-employed contractor has ended the partnership with the company.
    "nalog_unbound": Meaning.FAILED,
}


def word_of(value: Any) -> str | None:
    """A status as it came; None where nothing is said, or what is no word but a number."""
    word = (label_of(value) or "")[:LONGEST_WORD].rstrip()
    digits = sum(character.isdecimal() for character in word)
    return word if word and digits <= MOST_DIGITS else None


def meaning(word: str | None) -> Meaning:
    """Of a status that `word_of` gave. Only the exact words count."""
    return MEANINGS.get(word or "", Meaning.UNKNOWN)
