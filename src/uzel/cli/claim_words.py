"""What `uzel claim` says to people."""

from collections.abc import Iterable, Mapping
from typing import Any

from uzel.cli.plain import plain

COLUMNS = ("claim", "state", "amount", "to", "name", "purpose", "claimant", "reason")
LISTS = ("steps", "payouts", "messages", "files")
NOTHING = "-"


def said(told: Mapping[str, Any] | list[dict[str, Any]]) -> str:
    """A list as a table with a head, one thing as lines of name and value."""
    if isinstance(told, list):
        return table(COLUMNS, told) if told else "no claims"
    lines = [
        f"{name}\t{worded(value)}"
        for name, value in told.items()
        if value is not None and name not in LISTS
    ]
    for name in LISTS:
        if found := told.get(name):
            lines += ["", f"{name}:", table(tuple(found[0]), found)]
    return "\n".join(lines)


def table(columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> str:
    names = tuple(columns)
    lines = ["\t".join(names)]
    lines += ["\t".join(cell(row.get(name)) for name in names) for row in rows]
    return "\n".join(lines)


def cell(value: Any) -> str:
    """On one line, whatever somebody typed."""
    return NOTHING if value is None else " ".join(plain(value).split())


def worded(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {one}" for name, one in value.items()) or plain(None)
    return plain(value)
