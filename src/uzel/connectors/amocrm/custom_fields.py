"""Phones and addresses among custom fields, in the spellings of amoCRM.

API v4 says `custom_fields_values`, `field_code` and `enum_code`; hooks say `custom_fields`, `code`
and a numeric `enum`, and leave `code` out in older accounts. A value is an object with `value`, or
the bare value. Lists come as lists, or from forms as objects with their indices.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from uzel.kit.body import phone_of, text_of

SPELLINGS = ("custom_fields_values", "custom_fields")
PHONE_NAMES = frozenset({"телефон", "phone"})
EMAIL_NAMES = frozenset({"email", "e-mail", "почта"})
# amoCRM, "Custom fields": WORK, WORKDD, MOB, FAX, HOME, OTHER.
PREFERENCE = {"MOB": 0, "WORK": 1, "FAX": 3}
NO_PREFERENCE = 2


def phone_in(entity: Any) -> str | int | None:
    """The phone of a contact, a mobile one before that of its work, as it came. A bare `phone`
    counts where no field has one.
    """
    phones = [
        (PREFERENCE.get(kind, NO_PREFERENCE), phone)
        for value, kind in values_in(entity, "PHONE", PHONE_NAMES)
        if (phone := phone_of(value)) is not None
    ]
    if phones:
        return min(phones, key=lambda ranked: ranked[0])[1]
    bare = field(entity, "phone")
    return next((phone for value, _ in values(bare) if (phone := phone_of(value))), None)


def email_in(entity: Any) -> str | None:
    """The first e-mail address of a contact."""
    found = (text_of(value) for value, _ in values_in(entity, "EMAIL", EMAIL_NAMES))
    return next((email for email in found if email and "@" in email), None)


def values_in(entity: Any, code: str, names: frozenset[str]) -> Iterator[tuple[Any, str]]:
    """(value, its kind) of the field with that code; of those so named where none has it."""
    for spelling in SPELLINGS:
        fields = [item for item in items(field(entity, spelling)) if isinstance(item, dict)]
        coded = [item for item in fields if code in (item.get("field_code"), item.get("code"))]
        for item in coded or [item for item in fields if named(item, names)]:
            yield from values(item.get("values"))


def named(item: Mapping[str, Any], names: frozenset[str]) -> bool:
    name = text_of(item.get("field_name")) or text_of(item.get("name")) or ""
    return name.casefold() in names


def values(given: Any) -> Iterator[tuple[Any, str]]:
    """(value, its kind) of each of `values`; the kind is empty where it is not said."""
    for item in items(given):
        if isinstance(item, dict):
            kind = item.get("enum_code") or item.get("enum")
            yield item.get("value"), kind if isinstance(kind, str) else ""
        else:
            yield item, ""


def items(given: Any) -> Iterable[Any]:
    """The items of a list, of an object of indices, or the one thing that stands there itself."""
    if isinstance(given, list):
        return given
    if isinstance(given, dict):
        return given.values() if is_indices(given) else [given]
    return [] if given is None else [given]


def is_indices(given: Mapping[str, Any]) -> bool:
    """Whether an object is a list whose indices came as names."""
    return bool(given) and all(name.isascii() and name.isdigit() for name in given)


def field(entity: Any, name: str) -> Any:
    return entity.get(name) if isinstance(entity, dict) else None
