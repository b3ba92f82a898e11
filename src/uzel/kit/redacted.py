"""Bodies as they may be stored: without the numbers of cards that stand in them."""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from uzel.kit.card_numbers import masked, masked_whole

Path = tuple[str, ...]
# More digits than any number that means something; Python reads no integers of thousands of them.
MOST_DIGITS = 400


@dataclass(frozen=True, slots=True)
class Redacted:
    """A body with its card numbers masked, and those of them that are still needed, in the order in
    which they stand there.
    """

    body: bytes
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(slots=True)
class Masker:
    """Masks what stands in a JSON document. `spared`: names whose values are left as they are;
    `numbers`: whole numbers are masked as well, and become texts; `loose`: see `card_numbers.find`;
    `slips`: so are texts of nothing but as many digits as a card's, whose last one is wrong.
    """

    spared: Collection[str] = ()
    numbers: bool = False
    loose: bool = False
    slips: bool = False
    found: list[tuple[Path, str]] = field(default_factory=list)

    def of(self, value: Any, path: Path = ()) -> Any:
        """The same without numbers of cards, which are added to `found` with where they stood."""
        if isinstance(value, dict):
            inner = [(name, self.of(it, (*path, name))) for name, it in value.items()]
            return {self._text(name, path): it for name, it in inner}
        if isinstance(value, list):
            return [self.of(it, path) for it in value]
        if path and path[-1] in self.spared:
            return value
        if isinstance(value, str):
            return self._text(value, path)
        if self.numbers and isinstance(value, int | float) and not isinstance(value, bool):
            hidden = self._text(str(value), path)
            return value if hidden == str(value) else hidden
        return value

    def _text(self, text: str, path: Path) -> str:
        hidden, numbers = masked(text, loose=self.loose)
        if self.slips and not numbers and (hidden := masked_whole(text)) != text:
            numbers = ["".join(sign for sign in text if sign.isdecimal())]
        self.found += [(path, number) for number in numbers]
        return hidden


def redacted_json(
    body: bytes, masker: Masker, needed: Callable[[Path], bool] = lambda path: False
) -> Redacted:
    """A JSON body for the store; the same bytes where nothing in it had to be masked. `needed`:
    where numbers stand that somebody will ask for. What is no JSON is masked as text.
    """
    doubled: list[bool] = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        known = dict(found)
        doubled.append(len(known) != len(found))
        return known

    try:
        document = json.loads(body.decode("utf-8-sig"), object_pairs_hook=pairs, parse_int=integer)
        hidden = masker.of(document)
    except (ValueError, RecursionError):
        text = body.decode("utf-8", "surrogateescape")
        return Redacted(masked(text, loose=True)[0].encode("utf-8", "surrogateescape"))
    # Of names that stand twice only the last value was looked at: only that is kept.
    if not masker.found and not any(doubled):
        return Redacted(body)
    secrets = tuple(number for path, number in masker.found if needed(path))
    return Redacted(
        json.dumps(hidden, ensure_ascii=False).encode("utf-8", "backslashreplace"), secrets
    )


def integer(text: str) -> int | None:
    """None for what no field could mean."""
    return int(text) if len(text) <= MOST_DIGITS else None
