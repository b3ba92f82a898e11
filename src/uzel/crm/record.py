"""A record: what is kept of one person, company, project or document."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from uzel.crm import refusal
from uzel.crm.field import Field, Kind, Module
from uzel.crm.stock import USERS

MOMENT = "%Y-%m-%d %H:%M:%S"
NUMBERED = {
    "account_no": "ACC",
    "contact_no": "CON",
    "lead_no": "LEA",
    "note_no": "DOC",
    "project_no": "PROJ",
}


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes into which registry.

    user_id  the account it is done under
    made_by  who it is, for people: `crm:api`, `form:…`, a login
    source   by which way: `WEBSERVICE`, `WEBFORM`, `UZEL`
    strict   whether doubts are refused
    """

    business_id: int
    user_id: int
    made_by: str
    source: str
    strict: bool


@dataclass(frozen=True, slots=True)
class Record:
    """A row of the registry. `content` has no empty values."""

    id: int
    module: str
    content: Mapping[str, str]
    owner_id: int
    modified_by: int
    source: str
    created_at: datetime
    modified_at: datetime
    version: int = 1
    doubts: tuple[Mapping[str, str], ...] = field(default=())

    @classmethod
    def of(cls, row: Any) -> "Record":
        """From a row of `crm_record`."""
        return cls(
            row["id"],
            row["module"],
            row["content"],
            row["owner_id"],
            row["modified_by"],
            row["source"],
            row["created_at"],
            row["modified_at"],
            row["version"],
            tuple(row["doubts"]),
        )

    def text(self, module: Module, name: str) -> str:
        """A field as programs see it; empty where it has no value."""
        found = module.by_name[name]
        return self.system_text(module, found) if found.system else self.kept_text(found)

    def kept_text(self, found: Field) -> str:
        """A field of the content. What was never said of a flag is no."""
        default = "0" if found.kind == Kind.BOOLEAN else ""
        return self.content.get(found.name, default)

    def system_text(self, module: Module, found: Field) -> str:
        """A field that the registry itself keeps."""
        read = SYSTEM.get(found.name)
        return read(self, module) if read else f"{NUMBERED[found.name]}{self.id}"

    def wire(self, module: Module, names: Iterable[str] | None = None) -> dict[str, str]:
        """Field → text, of all fields or some of them."""
        return {name: self.text(module, name) for name in names or module.by_name}

    def label(self, module: Module) -> str:
        """What people call it."""
        return " ".join(filter(None, (self.content.get(name, "") for name in module.labelled_by)))


def moment(at: datetime) -> str:
    """A moment in UTC, as programs see it."""
    return at.astimezone(UTC).strftime(MOMENT)


SYSTEM: Mapping[str, Callable[[Record, Module], str]] = {
    "id": lambda record, module: module.wire_id(record.id),
    "createdtime": lambda record, _: moment(record.created_at),
    "modifiedtime": lambda record, _: moment(record.modified_at),
    "assigned_user_id": lambda record, _: USERS.wire_id(record.owner_id),
    "modifiedby": lambda record, _: USERS.wire_id(record.modified_by),
    "source": lambda record, _: record.source,
}


def parse_id(text: str) -> tuple[int, int]:
    """(prefix, number) of `12x83834`. Raises Refused."""
    prefix, _, number = text.partition("x")
    if not (is_number(prefix) and is_number(number)):
        raise refusal.wrong_id()
    return int(prefix), int(number)


def is_number(text: str) -> bool:
    """Whether these are the digits of a number that a row can have."""
    return text.isascii() and text.isdigit() and len(text) <= 18
