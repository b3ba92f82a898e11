"""What somebody types into the registry's search box, as words that the index knows.

The index is `crm_words` of migration 0030: folded words, `+` and a phone's digits, `~` and the same
backwards. Each word asked for is the beginning of one of those.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MOST_WORDS, LONGEST_WORD, LONGEST = 10, 60, 200
SHORTEST_PHONE, SHORTEST_END = 3, 4
_GAP = re.compile(r"[ \t\n\r,;:()\"«»„“/\\|<>]+")
_RUN = re.compile(r"(?<![\w@.])\+?[0-9(][0-9()\s\u00a0-]*[0-9](?![\w@])")
_NUMBER = re.compile(r"(?:№|#|con|acc|proj|lea|doc|[0-9]{1,3}x)?\s?([0-9]{1,18})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """number: of a record, None where the text is none; words: of a `tsquery`, empty where nothing
    can be found by the text.
    """

    number: int | None
    words: str


def wanted_by(text: str) -> Wanted:
    """A name or its beginning, a phone in any spelling or its end, ИНН, e-mail, `CON12`."""
    text = text[:LONGEST]
    number = _NUMBER.fullmatch(text.strip())
    runs = [re.sub(r"[^0-9]", "", run) for run in _RUN.findall(text)]
    rest = _RUN.sub(" ", text).casefold().replace("ё", "е")
    words = [word[:LONGEST_WORD] for word in _GAP.split(rest) if word.strip("+-.~")]
    parts = [*(any_of(numeric(run)) for run in runs if run), *(any_of([word]) for word in words)]
    return Wanted(int(number[1]) if number else None, " & ".join(parts[:MOST_WORDS]))


def numeric(digits: str) -> Iterator[str]:
    """What digits may be the beginning of, or the end."""
    yield digits[:LONGEST_WORD]
    if len(digits) >= SHORTEST_PHONE:
        yield from (f"+{one}" for one in as_phone(digits[:20]))
    if len(digits) >= SHORTEST_END:
        yield f"~{digits[:20][::-1]}"


def as_phone(digits: str) -> Sequence[str]:
    """With the country in front, where people leave it out or write 8 for it."""
    if len(digits) <= 11 and digits.startswith("8"):
        return (f"7{digits[1:]}",)
    return (digits, f"7{digits}") if len(digits) <= 10 else (digits,)


def any_of(words: Sequence[str] | Iterator[str]) -> str:
    """One of these, each as a beginning."""
    quoted = (word.replace("\\", "\\\\").replace("'", "''") for word in words)
    return "(" + " | ".join(f"'{word}':*" for word in quoted) + ")"
