"""A statement on paper: A4, with a font that has Cyrillic and the signs of the currencies.

The font is Source Sans Pro (SIL OFL 1.1), out of a package of its own; only the letters that are
used get into the file.
"""

import functools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import font_source_sans_pro
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from uzel.ledger.statement import Sums
from uzel.partners.statement import Line
from uzel.partners.statement_sheet import Sheet, description

REGULAR, BOLD = "SourceSansPro", "SourceSansPro-Semibold"
FILES = {REGULAR: "SourceSansPro-Regular.ttf", BOLD: "SourceSansPro-Semibold.ttf"}
WIDTH, HEIGHT = A4
LEFT, RIGHT, TOP, BOTTOM = 40.0, WIDTH - 40, HEIGHT - 42, 44.0
SIZE, SMALL, TINY = 8.5, 7.0, 5.0
ROW, HEAD, SUMS = 22.0, 20.0, 46.0
# Where the columns begin; amounts end there.
TIME, KIND, NUMBERS, ABOUT, AMOUNT, BALANCE = LEFT, 114.0, 198.0, 300.0, 488.0, RIGHT
ABOUT_WIDTH = 122.0
INK, SOFT, RULE, SHADE = (
    (0.1, 0.13, 0.14),
    (0.38, 0.43, 0.45),
    (0.82, 0.85, 0.86),
    (0.95, 0.97, 0.97),
)


class PdfWriter:
    """See `statement_sheet.Writer`."""

    def __init__(self, out: BinaryIO, sheet: Sheet, sums: Sums) -> None:
        load_fonts()
        self._sheet = sheet
        self._words = sheet.words
        self._sums = sums
        self._canvas = Canvas(out, pagesize=A4, pageCompression=1)
        self._canvas.setTitle(f"{self._words.title}: {sheet.partner.name}")
        self._canvas.setAuthor("Uzel")
        self._page = 1
        self._y = self._top(TOP)
        self._y = self._head(self._y)
        self._pages = self._count()

    def add(self, lines: Sequence[Line]) -> None:
        for line in lines:
            if self._y - ROW < BOTTOM:
                self._turn()
            self._row(line)
            self._y -= ROW

    def close(self) -> None:
        if self._y - ROW < BOTTOM:
            self._turn()
        at = self._y - 14
        self._say(LEFT, at, self._sheet.closing, BOLD)
        self._right(BALANCE, at, self._money(self._sums.closing_minor), BOLD)
        self._foot()
        self._canvas.save()

    def _count(self) -> int:
        """Pages there will be: all lines, and the closing balance."""
        on_first = int((self._y - BOTTOM) // ROW)
        on_others = int((TOP - HEAD - BOTTOM) // ROW)
        left = max(0, self._sums.count + 1 - on_first)
        return 1 + math.ceil(left / on_others)

    def _turn(self) -> None:
        self._foot()
        self._canvas.showPage()
        self._page += 1
        self._y = self._head(TOP)

    def _top(self, y: float) -> float:
        """Whose it is and the sums; how far down that goes."""
        sheet, words = self._sheet, self._words
        self._say(LEFT, y - 12, words.title, BOLD, 17)
        y -= 34
        facts = [
            (words.partner, f"{sheet.partner.name} ({sheet.partner.public_id})"),
            (words.period, sheet.period),
            (words.currency, sheet.partner.currency),
        ]
        for name, value in facts:
            self._say(LEFT, y, name, REGULAR, 9, SOFT)
            self._say(LEFT + 74, y, cut(value, REGULAR, 9, RIGHT - LEFT - 74), REGULAR, 9)
            y -= 14
        if sheet.is_test:
            self._say(LEFT, y, words.is_test, BOLD, 9)
            y -= 14
        return self._boxes(y - 2) - 16

    def _boxes(self, y: float) -> float:
        """The sums side by side."""
        words, sums = self._words, self._sums
        named = [
            (words.opening, self._money(sums.opening_minor)),
            (words.came, self._money(sums.came_minor)),
            (words.went, self._money(sums.went_minor)),
            (self._sheet.closing, self._money(sums.closing_minor)),
        ]
        wide = (RIGHT - LEFT - 24) / 4
        for place, (name, value) in enumerate(named):
            x = LEFT + place * (wide + 8)
            self._canvas.setFillColorRGB(*SHADE)
            self._canvas.roundRect(x, y - SUMS, wide, SUMS, 5, stroke=0, fill=1)
            self._say(x + 9, y - 17, name, REGULAR, 8, SOFT)
            self._say(x + 9, y - 35, cut(value, BOLD, 12, wide - 18), BOLD, 12)
        return y - SUMS

    def _head(self, y: float) -> float:
        """The head of the table, on every page."""
        time, kind, ours, yours, about, amount, balance = self._words.head
        columns = (TIME, KIND, NUMBERS, ABOUT)
        names = (time, kind, f"{ours} / {yours.lower()}", about)
        for x, name in zip(columns, names, strict=True):
            self._say(x, y - 9, name, REGULAR, SMALL, SOFT)
        for x, name in ((AMOUNT, amount), (BALANCE, balance)):
            self._right(x, y - 9, name, REGULAR, SMALL, SOFT)
        self._rule(y - 15)
        return y - HEAD

    def _row(self, line: Line) -> None:
        y, words = self._y - 6.5, self._words
        day, _, clock = words.time(line.at, self._sheet.zone).replace("T", " ").partition(" ")
        self._say(TIME, y, day)
        self._say(TIME, y - 9, clock, size=SMALL, color=SOFT)
        wide = NUMBERS - KIND - 6
        self._say(KIND, y, cut(words.kind(line.kind), REGULAR, SIZE, wide))
        self._numbers(y, [number for number in (line.payment_id, line.external_id) if number])
        self._lines(ABOUT, y, two_lines(description(line, words)))
        self._right(AMOUNT, y, self._amount(line.amount_minor), BOLD)
        self._right(BALANCE, y, self._amount(line.balance_minor))
        self._rule(self._y - ROW + 3)

    def _lines(self, x: float, y: float, lines: Sequence[str]) -> None:
        for place, text in enumerate(lines[:2]):
            self._say(x, y - 9 * place, text, color=SOFT if place else INK)

    def _numbers(self, y: float, numbers: Sequence[str]) -> None:
        """Smaller where they are long: half of a number is of no use to anybody."""
        wide = ABOUT - NUMBERS - 8
        for place, number in enumerate(numbers):
            long = max(width(number, REGULAR, SIZE), 1.0)
            size = max(TINY, min(SIZE, SIZE * wide / long))
            shown = cut(number, REGULAR, size, wide + 0.01)
            self._say(NUMBERS, y - 9 * place, shown, size=size, color=SOFT if place else INK)

    def _amount(self, minor: int) -> str:
        return self._words.amount(minor, self._sheet.partner.currency)

    def _money(self, minor: int) -> str:
        return self._words.money(minor, self._sheet.partner.currency)

    def _foot(self) -> None:
        said = self._words.page.format(n=self._page, of=self._pages)
        self._say(LEFT, BOTTOM - 22, self._sheet.partner.public_id, size=SMALL, color=SOFT)
        self._right(RIGHT, BOTTOM - 22, said, size=SMALL, color=SOFT)

    def _say(
        self,
        x: float,
        y: float,
        text: str,
        font: str = REGULAR,
        size: float = SIZE,
        color: tuple[float, float, float] = INK,
    ) -> None:
        self._canvas.setFillColorRGB(*color)
        self._canvas.setFont(font, size)
        self._canvas.drawString(x, y, text)

    def _right(
        self,
        x: float,
        y: float,
        text: str,
        font: str = REGULAR,
        size: float = SIZE,
        color: tuple[float, float, float] = INK,
    ) -> None:
        self._say(x - width(text, font, size), y, text, font, size, color)

    def _rule(self, y: float) -> None:
        self._canvas.setStrokeColorRGB(*RULE)
        self._canvas.setLineWidth(0.5)
        self._canvas.line(LEFT, y, RIGHT, y)


@functools.cache
def load_fonts() -> None:
    folder = Path(font_source_sans_pro.font_directory)
    for name, file in FILES.items():
        pdfmetrics.registerFont(TTFont(name, folder / file))


def width(text: str, font: str, size: float) -> float:
    return float(pdfmetrics.stringWidth(text, font, size))


def cut(text: str, font: str, size: float, wide: float) -> str:
    """As much of a text as fits, with `…` where something is missing."""
    if width(text, font, size) <= wide:
        return text
    fits, too_many = 0, len(text)
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if width(text[:middle] + "…", font, size) <= wide:
            fits = middle
        else:
            too_many = middle
    return text[:fits].rstrip() + "…"


def two_lines(text: str) -> list[str]:
    """A description in its column: broken between words, cut at the end of the second line."""
    text = " ".join(text.split())
    if width(text, REGULAR, SIZE) <= ABOUT_WIDTH:
        return [text] if text else []
    most = len(cut(text, REGULAR, SIZE, ABOUT_WIDTH)) - 1
    place = text.rfind(" ", 0, most + 1)
    place = place if place > most // 2 else most
    return [text[:place], cut(text[place:].strip(), REGULAR, SIZE, ABOUT_WIDTH)]
