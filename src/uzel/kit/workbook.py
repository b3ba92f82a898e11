"""Workbooks (.xlsx) that people send, read as text."""

import io
import zipfile
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from uzel.kit.spreadsheet import written

# What an .xlsx file, a ZIP archive, begins with.
WORKBOOK = b"PK\x03\x04"
# A small archive may hold any number of zeros.
MOST_UNPACKED = 40_000_000
MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = 20_000, 60, 4_000
# What the reader lets through of files that are damaged, or no workbooks at all.
BROKEN = (
    *(InvalidFileException, zipfile.BadZipFile, ParseError, KeyError, ValueError, TypeError),
    *(AttributeError, IndexError, EOFError, OSError, NotImplementedError, OverflowError),
)


class Unreadable(ValueError):
    """No workbook, a damaged one, or one that is too large."""


def as_csv(data: bytes) -> str:
    """The first sheet as CSV with semicolons: what cells show, formulas by their last results.
    Takes seconds for the largest. Raises Unreadable.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MOST_UNPACKED:
                raise Unreadable("too large")
        book = openpyxl.load_workbook(
            io.BytesIO(data), read_only=True, data_only=True, keep_links=False
        )
        try:
            return sheet_text(book.worksheets[0])
        finally:
            book.close()
    except BROKEN as error:
        raise Unreadable("no workbook that can be read") from error


def sheet_text(sheet: Any) -> str:
    """All rows, empty ones too: their numbers are those that the person sees."""
    sheet.reset_dimensions()  # what the file says of its size need not be so
    lines: list[str] = []
    for cells in sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True):
        if len(lines) >= MOST_ROWS:
            raise Unreadable("too many rows")
        filled = [place for place, cell in enumerate(cells, 1) if cell is not None]
        lines.append(written([shown(cell) for cell in cells[: max(filled, default=1)]]))
    return "".join(lines)


def shown(cell: Any) -> str:
    """A cell in one line."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, int | float):
        return number(Decimal(repr(cell)))
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return " ".join(str(cell)[:LONGEST_CELL].split())


def number(value: Decimal) -> str:
    """`19.17`, `20`; a point before three digits would be read as one between thousands."""
    if not value.is_finite():
        return ""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{text}0" if len(text.partition(".")[2]) == 3 else text
