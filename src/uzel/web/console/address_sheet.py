"""A list of phones and e-mail addresses that somebody pasted or saved from a spreadsheet.

One address a line, or a table: with a head that names its columns, or with the address in whichever
cell looks like one.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from uzel.errors import ConfigError
from uzel.web.console.language import mark as m
from uzel.web.console.typed import readable

MOST_ROWS = 50_000
LONGEST_SHOWN = 80
DELIMITERS = ";\t,"
# The beginning of an .xlsx file.
ZIP = "PK\x03\x04"
WORKBOOK = m("Это книга Excel. Сохраните её как CSV и загрузите ещё раз.")
TOO_MANY = m("В списке больше 50 000 строк: разделите его.")
NO_TABLE = m("Это не похоже на таблицу: проверьте кавычки.")
EMPTY = m("Вставьте список или выберите файл.")
HEADS: Mapping[str, tuple[str, ...]] = {
    "address": ("address", "адрес", "телефон", "phone", "e-mail", "email", "почта", "номер"),
    "source": ("source", "источник", "как"),
    "wording": ("wording", "формулировка", "текст"),
    "given_at": ("given_at", "когда", "дата", "получено"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One address of the list, as E.164 or lower case. line: counted from one. cells: what else the
    table says, by the names of HEADS.
    """

    line: int
    address: str
    cells: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sheet:
    """rows: each address once, the last one counts; unreadable: (line, what stands there);
    repeated: how many rows were of an address that comes again.
    """

    rows: Sequence[Row]
    unreadable: Sequence[tuple[int, str]]
    repeated: int


def read_sheet(text: str) -> Sheet:
    """Read it. Raises ConfigError with one of our messages."""
    if text.startswith(ZIP):
        raise ConfigError(WORKBOOK)
    lines = text.removeprefix("\ufeff").splitlines()
    if not text.strip():
        raise ConfigError(EMPTY)
    if len(lines) > MOST_ROWS:
        raise ConfigError(TOO_MANY)
    first = next((line for line in lines if line.strip()), "")
    delimiter = max(DELIMITERS, key=first.count)
    try:
        table = list(csv.reader(lines, delimiter=delimiter))
    except csv.Error as error:
        raise ConfigError(NO_TABLE) from error
    return read_table(table)


def read_table(table: Sequence[Sequence[str]]) -> Sheet:
    """The addresses of a table."""
    columns: dict[int, str] = {}
    found: dict[str, Row] = {}
    unreadable: list[tuple[int, str]] = []
    count = 0
    for line, cells in enumerate(table, 1):
        if not any(cell.strip() for cell in cells):
            continue
        if not columns and not found and not unreadable and (columns := head_of(cells)):
            continue
        rows = list(rows_of(line, cells, columns))
        if not rows:
            unreadable.append((line, " ".join(cells).strip()[:LONGEST_SHOWN]))
        for row in rows:
            count += 1
            found[row.address] = row
    return Sheet(list(found.values()), unreadable, count - len(found))


def head_of(cells: Sequence[str]) -> dict[int, str]:
    """Place in the row → name of HEADS, if the row is a head."""
    known = {word: name for name, words in HEADS.items() for word in words}
    said = [cell.strip().casefold() for cell in cells]
    found = {place: known[word] for place, word in enumerate(said) if word in known}
    return found if "address" in found.values() else {}


def rows_of(line: int, cells: Sequence[str], columns: Mapping[int, str]) -> list[Row]:
    """The addresses of a row: of its columns of addresses, or of the first cell that is one."""
    others = {
        name: cells[place].strip()
        for place, name in columns.items()
        if name != "address" and place < len(cells)
    }
    places = [place for place, name in columns.items() if name == "address"] or range(len(cells))
    found = [
        Row(line, address, others)
        for place in places
        if place < len(cells) and (address := readable(cells[place]))
    ]
    return found if columns else found[:1]
