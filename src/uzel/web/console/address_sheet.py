"""A list of phones and e-mail addresses that somebody pasted or saved from a spreadsheet.

One address a line, or a table: with a head that names its columns, or with the address in whichever
cell is one. Only what certainly is an address is taken; what merely looks like a phone is shown.
"""

import asyncio
import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from uzel.errors import ConfigError
from uzel.messages.stop_list import LONGEST_PHONE, SHORTEST_PHONE
from uzel.model.phone import PhoneRejected, parse_phone
from uzel.web.console.language import mark as m
from uzel.web.console.typed import readable

Thing = TypeVar("Thing")

MOST_ROWS = 50_000
ROWS_TOGETHER = 2000
# A cell of more lines is a quotation mark that was never closed.
MOST_LINES_OF_ROW = 30
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
    """One address of the list, as E.164 or lower case. line: counted from one. said: how it is
    written there. cells: what else the table says, by the names of HEADS.
    """

    line: int
    address: str
    said: str = ""
    cells: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sheet:
    """rows: each address once, the last one counts; unreadable: (line, what stands there), also a
    cell of addresses beside one that could be read; doubtful: the same of what has as many digits
    as a phone and is no number of any plan that a text can reach; repeated: how many rows were of
    an address that comes again.
    """

    rows: Sequence[Row]
    unreadable: Sequence[tuple[int, str]]
    doubtful: Sequence[tuple[int, str]]
    repeated: int


async def read_sheet_aside(text: str) -> Sheet:
    """`read_sheet`, while others are served."""
    return await asyncio.to_thread(read_sheet, text)


def in_parts(things: Sequence[Thing]) -> Iterator[Sequence[Thing]]:
    """As many at a time as are written in one transaction."""
    for start in range(0, len(things), ROWS_TOGETHER):
        yield things[start : start + ROWS_TOGETHER]


def read_sheet(text: str) -> Sheet:
    """Read it; a few seconds for the longest. Raises ConfigError with one of our messages."""
    if text.startswith(ZIP):
        raise ConfigError(WORKBOOK)
    lines = text.removeprefix("\ufeff").splitlines(keepends=True)
    if not text.strip():
        raise ConfigError(EMPTY)
    if len(lines) > MOST_ROWS:
        raise ConfigError(TOO_MANY)
    first = next((line for line in lines if line.strip()), "")
    delimiter = max(DELIMITERS, key=first.count)
    try:
        return read_table(table_of(lines, delimiter))
    except csv.Error as error:
        raise ConfigError(NO_TABLE) from error


def table_of(lines: Sequence[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(line, cells). Raises csv.Error."""
    place = 0
    while place < len(lines):
        cells, used = row_at(lines, place, delimiter)
        yield place + 1, cells
        place += used


def row_at(lines: Sequence[str], place: int, delimiter: str) -> tuple[list[str], int]:
    """The cells of a row and how many lines it takes. A quotation mark that is never closed, or
    only in a later row, stands for itself: it must not swallow the addresses behind it.
    """
    if '"' in lines[place]:
        table = csv.reader(
            lines[place : place + MOST_LINES_OF_ROW], delimiter=delimiter, strict=True
        )
        try:
            cells, used = next(table), table.line_num
        except csv.Error:
            used = 0
        swallowed = lines[place + 1 : place + used]
        if used and not any(is_row(line, delimiter, len(cells)) for line in swallowed):
            return cells, used
    return alone(lines[place], delimiter), 1


def alone(line: str, delimiter: str) -> list[str]:
    """The cells of a line, whatever its quotation marks. Raises csv.Error."""
    (cells,) = csv.reader([line], delimiter=delimiter, quoting=csv.QUOTE_NONE)
    return [cell.strip().strip('"') for cell in cells]


def is_row(line: str, delimiter: str, width: int) -> bool:
    """Whether a line is as wide as the others and has an address in it."""
    cells = alone(line, delimiter)
    return len(cells) >= width and any(certain(cell) for cell in cells)


def read_table(table: Iterator[tuple[int, list[str]]]) -> Sheet:
    """The addresses of a table. Raises csv.Error."""
    columns: dict[int, str] = {}
    found: dict[str, Row] = {}
    unreadable: list[tuple[int, str]] = []
    doubtful: list[tuple[int, str]] = []
    count = 0
    for line, cells in table:
        if not any(cell.strip() for cell in cells):
            continue
        if not (columns or found or unreadable or doubtful) and (columns := head_of(cells)):
            continue
        clear = {place: certain(cells[place]) for place in places_of(cells, columns)}
        rows = rows_of(line, cells, columns, clear)
        for row in rows:
            count += 1
            found[row.address] = row
        for text, looks_like_one in unclear(cells, columns, clear):
            (doubtful if looks_like_one else unreadable).append((line, text[:LONGEST_SHOWN]))
    return Sheet(list(found.values()), unreadable, doubtful, count - len(found))


def head_of(cells: Sequence[str]) -> dict[int, str]:
    """Place in the row → name of HEADS, if the row is a head."""
    known = {word: name for name, words in HEADS.items() for word in words}
    said = [cell.strip().casefold() for cell in cells]
    found = {place: known[word] for place, word in enumerate(said) if word in known}
    return found if "address" in found.values() else {}


def rows_of(
    line: int,
    cells: Sequence[str],
    columns: Mapping[int, str],
    clear: Mapping[int, str | None],
) -> list[Row]:
    """The addresses of a row: of its columns of addresses, else the first phone and the first
    e-mail in it. clear: place → the address there, if it certainly is one.
    """
    others = {
        name: cells[place].strip()
        for place, name in columns.items()
        if name != "address" and place < len(cells)
    }
    found = [
        Row(line, address, cells[place].strip()[:LONGEST_SHOWN], others)
        for place, address in clear.items()
        if address
    ]
    if columns:
        return found
    first = {"@" in row.address: row.address for row in reversed(found)}
    return [row for row in found if row.address in first.values()]


def places_of(cells: Sequence[str], columns: Mapping[int, str]) -> list[int]:
    """Where in a row addresses can stand."""
    named = [place for place, name in columns.items() if name == "address"]
    return [place for place in named or range(len(cells)) if place < len(cells)]


def unclear(
    cells: Sequence[str], columns: Mapping[int, str], clear: Mapping[int, str | None]
) -> list[tuple[str, bool]]:
    """(what stands where an address should be and is none, whether it looks like one): cells of
    columns of addresses, or a row without any address.
    """
    others = [cells[place].strip() for place, address in clear.items() if not address]
    if not any(clear.values()):
        return [(" ".join(cells).strip(), any(readable(text) for text in others))]
    return [(text, readable(text) is not None) for text in others if columns and text]


def certain(cell: str) -> str | None:
    """An e-mail address, or a phone that a text can reach; a card's number, a date or what a
    spreadsheet made of a long number is none.
    """
    if "@" in cell:
        return readable(cell)
    if not SHORTEST_PHONE <= sum(map(str.isdecimal, cell)) <= LONGEST_PHONE:
        return None
    try:
        return parse_phone(cell.strip().lstrip("'\u2019")).e164
    except PhoneRejected:
        return None
