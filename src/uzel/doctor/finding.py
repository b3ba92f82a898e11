"""A finding: what was looked at, what that means, what to do."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """`wrong` makes the command fail; a `warning` can wait."""

    GOOD = "good"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what was found, what that means, what to do about it."""

    check: str
    state: State
    what: str
    meaning: str = ""
    advice: str = ""


def good(check: str, what: str) -> Finding:
    """Nothing to do."""
    return Finding(check, State.GOOD, what)


def wrong(check: str, what: str, meaning: str, advice: str) -> Finding:
    """To be mended now."""
    return Finding(check, State.WRONG, what, meaning, advice)


def warning(check: str, what: str, meaning: str, advice: str) -> Finding:
    """To be looked at some time."""
    return Finding(check, State.WARNING, what, meaning, advice)
