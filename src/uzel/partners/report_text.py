"""What is said of a lead: the words for it, and what of it is kept."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from uzel.kit.body import storable
from uzel.model.cards import (
    CARD_NAME,
    CODE_NAME,
    HIDDEN,
    PARTS,
    ascii_digits,
    card_of,
    hidden,
    masked,
)
from uzel.model.currency import EXPONENTS
from uzel.model.sums import SIGNS

# What robots and people say; the CRM's own word for a success is the second.
GOOD, BAD = ("успешно", "выполнено"), ("ошибка!", "ошибка")
LONGEST_NAME, LONGEST_VALUE, MOST_FIELDS = 255, 2000, 100
# Parts within parts that are looked into one by one.
DEEPEST, MOST_IN_PARTS = 8, 4 * LONGEST_VALUE


def as_kept(fields: Mapping[str, Any]) -> dict[str, str | None]:
    """All that was sent, as texts without numbers of cards; what has parts, as JSON. Of what was
    kept, the same again.
    """
    return {
        masked(cut(storable(name), LONGEST_NAME)): field_kept(name, value)
        for name, value in list(fields.items())[:MOST_FIELDS]
    }


def field_kept(name: str, value: Any) -> str | None:
    """What is kept of one field."""
    if value is None:
        return None
    if CODE_NAME.fullmatch(name.strip()):
        return HIDDEN
    if isinstance(value, str | int | Decimal):
        text = cut(storable(str(value)), LONGEST_VALUE)
        return card_of(text) if CARD_NAME.search(name) else masked(text)
    return parts_kept(name, value)[:LONGEST_VALUE]


def parts_kept(name: str, value: Any) -> str:
    """JSON. What is too large to be looked into is taken for a card's all over."""
    try:
        text = json.dumps(value, default=str, ensure_ascii=False)
        if len(text) <= MOST_IN_PARTS:
            return json.dumps(part_kept(name, value, DEEPEST), default=str, ensure_ascii=False)
    except RecursionError:
        return HIDDEN
    return hidden(cut(storable(text), LONGEST_VALUE), is_card_field=True)


def part_kept(name: str, value: Any, deep: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, dict | list) and not deep:
        return HIDDEN
    if isinstance(value, dict):
        inside = {one: f"{name}.{one}" if CARD_NAME.search(name) else one for one in value}
        return {
            masked(storable(one)): HIDDEN
            if CODE_NAME.fullmatch(one.strip())
            else part_kept(inside[one], value[one], deep - 1)
            for one in value
        }
    if isinstance(value, list):
        return [part_kept(name, one, deep - 1) for one in value]
    kept = field_kept(name, value)
    return value if kept == str(value) else kept


def out_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of reports as it goes out: what was kept before today's rules obeys them, too."""
    said = dict(row)
    for name in ("email", "card"):
        if name in said:
            said[name] = field_kept(name, said[name])
    if isinstance(said.get("data"), dict):
        said["data"] = as_kept(said["data"])
    return said


def cut(text: str, longest: int) -> str:
    """Its beginning, which does not end within a number."""
    if len(text) <= longest:
        return text
    return ascii_digits(text[:longest]).rstrip(f"0123456789{PARTS}")


def currency_of(text: str | None) -> str | None:
    """A code in any case, or a sign."""
    if text is None:
        return None
    code = SIGNS.get(text.lower().strip("."), text.upper())
    return code if code in EXPONENTS else None
