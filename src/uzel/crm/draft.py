"""What is to become of a record: what a program gave, field by field."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from uzel.crm import refusal
from uzel.crm.field import Field, Kind, Module
from uzel.crm.record import parse_id
from uzel.crm.stock import USERS
from uzel.crm.values import Doubt, read


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to become of a record.

    content   field → text, empty where it is to be emptied; of the fields that were given
    owner_id  None: as it is
    """

    content: Mapping[str, str]
    doubts: tuple[Doubt, ...] = ()
    owner_id: int | None = None
    given: frozenset[str] = field(default=frozenset())


def read_all(module: Module, given: Mapping[str, Any]) -> Draft:
    """The fields of the module that programs may write; others are passed over. Raises Refused."""
    content: dict[str, str] = {}
    doubts: list[Doubt] = []
    owner_id = None
    for name, found in module.by_name.items():
        if name not in given or not found.editable:
            continue
        text = text_of(found, given[name])
        if found.kind == Kind.OWNER:
            owner_id = owner_of(text)
            continue
        value = read(found, text)
        content[name] = value.text
        doubts += value.doubts
    return Draft(content, tuple(doubts), owner_id, frozenset(content))


def text_of(found: Field, value: Any) -> str:
    """Programs write JSON: numbers and flags mean their text. Raises Refused."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, list | dict):
        raise refusal.wrong_value(found.name, "a text is expected")
    return str(value)


def owner_of(text: str) -> int | None:
    """The number of a user. Raises Refused."""
    if not text.strip():
        return None
    prefix, number = parse_id(text.strip())
    if prefix != USERS.prefix:
        raise refusal.wrong_reference("assigned_user_id")
    return number


def writable(module: Module) -> list[str]:
    """The fields of the content that programs may write."""
    return [one.name for one in module.fields if one.editable and not one.system]


def defaults(module: Module) -> dict[str, str]:
    """What a new record has where nothing else is said."""
    return {one.name: one.default for one in module.fields if one.default}


def demand_mandatory(module: Module, content: Mapping[str, str], owner_id: int | None) -> None:
    """Raises Refused, by the name of the first that is missing."""
    for one in module.fields:
        there = owner_id is not None if one.kind == Kind.OWNER else bool(content.get(one.name))
        if one.mandatory and not there:
            raise refusal.missing(one.name)
