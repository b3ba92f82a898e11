"""The table of leads as a file: its columns, the workbook, and how a file that comes back is read.

The first seven columns are those that operators kept by hand, in their order; a file without a head
is read by them. `Номер в Узле` says which lead a row is, whatever its number, and `Отчёт` the last
report its reader knew of: a row is not taken where another one came since.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO
from zoneinfo import ZoneInfo

import xlsxwriter

from uzel.errors import ConfigError
from uzel.kit.spreadsheet import MARK, safe, unsafe, written
from uzel.web.console.address_sheet import table_of
from uzel.web.console.export import Cell
from uzel.web.console.language import mark as m

HEAD = (
    *("Номер сделки", "Ссылка на оплату", "Сумма", "Валюта", "Почта", "Карта", "Статус"),
    *("Источник", "Состояние", "Кто держит", "Создан", "Отчитались", "CRM"),
    *("Номер для роботов", "Номер в Узле", "Отчёт"),
)
WIDTHS = (18, 50, 12, 9, 26, 20, 14, 24, 16, 14, 18, 18, 20, 22, 24, 28)
HEADS: Mapping[str, tuple[str, ...]] = {
    "number": ("номер сделки", "номер", "сделка", "dealid", "deal_id", "deal", "id"),
    "link": ("ссылка на оплату", "ссылка", "paymenturl", "payment_url", "link", "url"),
    "amount": ("сумма", "amount"),
    "currency": ("валюта", "currency"),
    "email": ("почта", "email", "e-mail"),
    "card": ("карта", "card"),
    "status": ("статус", "status"),
    "lead": ("номер в узле",),
    "seen": ("отчёт", "отчет"),
    "line": ("строка",),
}
BY_PLACE = dict(enumerate(("number", "link", "amount", "currency", "email", "card", "status")))
DELIMITERS = ";\t,"
MOST_ROWS = 5000
LONGEST = 4000
# Excel keeps fifteen digits of a number.
OPTIONS = {
    "constant_memory": True,
    # What partners and people typed is text, whatever it looks like.
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
EMPTY = m("Вставьте таблицу или выберите файл.")
UNREADABLE = m("Это не книга Excel (.xlsx), или она повреждена либо слишком велика.")
TOO_MANY = m("В таблице больше 5000 строк: разделите её.")
NO_TABLE = m("Это не похоже на таблицу: проверьте кавычки.")
NO_COLUMNS = m("Нет столбцов «Номер сделки» и «Статус».")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file; its values by the names of HEADS, those that are empty left out. line:
    counted from one.
    """

    line: int
    values: Mapping[str, str]
    has_seen: bool = False

    def get(self, name: str) -> str | None:
        return self.values.get(name)


class SheetWriter:
    """A workbook, written row by row."""

    def __init__(self, out: BinaryIO, zone: ZoneInfo) -> None:
        self._zone = zone
        self._book = xlsxwriter.Workbook(out, OPTIONS)
        self._page = self._book.add_worksheet("Лиды")
        head = self._book.add_format({"bold": True, "bottom": 1, "bg_color": "#E7EFEE"})
        self._time = self._book.add_format({"num_format": "dd.mm.yyyy hh:mm", "align": "left"})
        for column, (name, width) in enumerate(zip(HEAD, WIDTHS, strict=True)):
            self._page.set_column(column, column, width)
            self._page.write_string(0, column, name, head)
        self._page.freeze_panes(1, 1)
        self._row = 1

    def add(self, rows: Sequence[Sequence[Cell]]) -> None:
        """In the order of HEAD."""
        for cells in rows:
            for column, cell in enumerate(cells):
                if isinstance(cell, datetime):
                    local = cell.astimezone(self._zone).replace(tzinfo=None)
                    self._page.write_datetime(self._row, column, local, self._time)
                elif cell is not None and cell != "":
                    self._page.write_string(self._row, column, str(cell)[:32_767])
            self._row += 1

    def close(self) -> None:
        self._page.autofilter(0, 0, max(self._row - 1, 1), len(HEAD) - 1)
        self._book.close()


def read_rows(text: str) -> list[Row]:
    """The rows of a table that somebody pasted or sent. Raises ConfigError with our words."""
    if text.startswith("PK\x03\x04"):
        raise ConfigError(UNREADABLE)
    if not text.strip():
        raise ConfigError(EMPTY)
    lines = text.removeprefix(MARK).splitlines(keepends=True)
    if len(lines) > MOST_ROWS + 1:
        raise ConfigError(TOO_MANY)
    first = next((line for line in lines if line.strip()), "")
    delimiter = max(DELIMITERS, key=first.count)
    try:
        table = [(line, cells) for line, cells in table_of(lines, delimiter) if any(cells)]
    except csv.Error as error:
        raise ConfigError(NO_TABLE) from error
    columns = head_of(table[0][1]) if table else {}
    if columns:
        table = table[1:]
        if not {"number", "lead"} & set(columns.values()) or "status" not in columns.values():
            raise ConfigError(NO_COLUMNS)
    return [row_of(line, cells, columns or BY_PLACE) for line, cells in table]


def head_of(cells: Sequence[str]) -> dict[int, str]:
    """Place in the row → name of HEADS, if the row is a head: two of its names are no accident."""
    known = {word: name for name, said in HEADS.items() for word in said}
    plain = [cell.strip().casefold() for cell in cells]
    found = {place: known[word] for place, word in enumerate(plain) if word in known}
    return found if len(found) > 1 else {}


def row_of(line: int, cells: Sequence[str], columns: Mapping[int, str]) -> Row:
    values = {
        name: text
        for place, name in sorted(
            columns.items(), reverse=True
        )  # of two of one name the first counts
        if place < len(cells) and (text := unsafe(cells[place].strip())[:LONGEST])
    }
    said = values.pop("line", "")
    line = int(said) if said.isascii() and said.isdigit() and len(said) < 7 else line
    return Row(line, values, has_seen="seen" in columns.values())


def kept(rows: Sequence[Row]) -> str:
    """Rows as a table again, with no more than is needed to read them once more."""
    names = tuple(HEADS)
    lines = [written([HEADS[name][0] for name in names])]
    lines += [written([safe(row.get(name)) for name in names]) for row in rows]
    return "".join(lines)
