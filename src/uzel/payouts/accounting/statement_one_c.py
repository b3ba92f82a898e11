"""Payouts as 1C reads statements of banks: 1CClientBankExchange, version 1.03 ("Стандарт обмена с
системами «Клиент банка»"): lines `Name=value` in windows-1251, sections within them.

Accounts of receivers are left out: of a card or phone there is no bank account to name. A payout is
a document with the date it left, what came back is one with the date it arrived and the person as
the payer.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import BinaryIO

from uzel.ledger.statement import Sums
from uzel.model.currency import text
from uzel.payouts.accounting import statement_words as words
from uzel.payouts.accounting.statement import Line, Sheet

ENCODING, END = "cp1251", "\r\n"
VERSION = "1.03"
DOCUMENT = "Платежное поручение"
LONGEST_PURPOSE = 210
BACK = "Возврат: "


class OneCWriter:
    """See `statement.Writer`. A head with the account's sums, a document for each line, an end."""

    def __init__(self, out: BinaryIO, sheet: Sheet, sums: Sums) -> None:
        self._out = out
        self._sheet = sheet
        self._write("1CClientBankExchange")
        self._fields(self._head())
        self._write("СекцияРасчСчет")
        self._fields(self._account(sums))
        self._write("КонецРасчСчет")

    def add(self, lines: Sequence[Line]) -> None:
        for line in lines:
            self._write(f"СекцияДокумент={DOCUMENT}")
            self._fields(self._document(line))
            self._write("КонецДокумента")

    def close(self) -> None:
        self._write("КонецФайла")

    def _head(self) -> Iterator[tuple[str, str]]:
        made = datetime.now(self._sheet.zone)
        yield "ВерсияФормата", VERSION
        yield "Кодировка", "Windows"
        yield "Отправитель", "Uzel"
        yield "Получатель", ""
        yield "ДатаСоздания", made.strftime(words.DAYS)
        yield "ВремяСоздания", made.strftime("%H:%M:%S")
        yield from self._days()
        yield "РасчСчет", self._sheet.payer.account
        yield "Документ", DOCUMENT

    def _days(self) -> Iterator[tuple[str, str]]:
        yield "ДатаНачала", self._sheet.first.strftime(words.DAYS)
        yield "ДатаКонца", self._sheet.last.strftime(words.DAYS)

    def _account(self, sums: Sums) -> Iterator[tuple[str, str]]:
        yield from self._days()
        yield "РасчСчет", self._sheet.payer.account
        yield "НачальныйОстаток", self._amount(sums.opening_minor)
        yield "ВсегоПоступило", self._amount(sums.came_minor)
        yield "ВсегоСписано", self._amount(-sums.went_minor)
        yield "КонечныйОстаток", self._amount(sums.closing_minor)

    def _document(self, line: Line) -> Iterator[tuple[str, str]]:
        day = line.at.astimezone(self._sheet.zone).strftime(words.DAYS)
        person, payer = (line.person, "", ""), self._sheet.payer
        company = (payer.name, payer.taxpayer_id, payer.account)
        giver, taker = (person, company) if line.is_back else (company, person)
        yield "Номер", str(line.number or line.version)
        yield "Дата", day
        yield "Сумма", self._amount(abs(line.amount_minor))
        if not line.is_back:
            yield "ДатаСписано", day
        yield from of_party("Плательщик", *giver)
        if line.is_back:
            yield "ДатаПоступило", day
        yield from of_party("Получатель", *taker)
        yield "ВидОплаты", "01"
        yield "Очередность", "5"
        purpose = (BACK if line.is_back else "") + line.purpose
        yield "НазначениеПлатежа", purpose[:LONGEST_PURPOSE]
        yield "Код", line.public_id

    def _amount(self, minor: int) -> str:
        return text(minor, self._sheet.currency)

    def _fields(self, fields: Iterator[tuple[str, str]]) -> None:
        for name, value in fields:
            self._write(f"{name}={one_line(value)}")

    def _write(self, said: str) -> None:
        """What the encoding has no sign for becomes a question mark."""
        self._out.write((said + END).encode(ENCODING, errors="replace"))


def of_party(role: str, name: str, taxpayer_id: str, account: str) -> Iterator[tuple[str, str]]:
    """One side of a document. What is not known is left out."""
    if account:
        yield f"{role}Счет", account
    yield role, f"ИНН {taxpayer_id} {name}" if taxpayer_id else name
    if taxpayer_id:
        yield f"{role}ИНН", taxpayer_id
    yield f"{role}1", name
    if account:
        yield f"{role}РасчСчет", account


def one_line(value: str) -> str:
    """What people typed makes no field of its own."""
    return " ".join(value.split())
