"""Statement files: made whole and added up before their first byte leaves."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from enum import StrEnum
from typing import BinaryIO, cast

from uzel.kit.database import Connection, Pool
from uzel.ledger import statement
from uzel.ledger import statement_store as ledger_store
from uzel.ledger.statement import Check, Sums
from uzel.partners import statement_store as store
from uzel.partners.statement import Line, line_of
from uzel.partners.statement_sheet import Sheet, Writer

PER_FETCH = 1000
# A page of paper shows some thirty lines.
MOST_ON_PAPER = 5_000
# A worksheet has 1,048,576 rows.
MOST_IN_SHEET = 1_000_000
AT_ONCE, MOST_WAITING = 2, 16


class Kind(StrEnum):
    """Of a file."""

    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"


MEDIA_TYPES = {
    Kind.CSV: "text/csv; charset=utf-8",
    Kind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Kind.PDF: "application/pdf",
}
MOST = {Kind.XLSX: MOST_IN_SHEET, Kind.PDF: MOST_ON_PAPER}


class TooLong(Exception):
    """More lines than this kind of file takes. CSV takes any number."""

    def __init__(self, count: int, most: int) -> None:
        super().__init__(f"{count} lines, of {most} at most")
        self.count = count
        self.most = most


class Busy(Exception):
    """Too many are being made; come again in some seconds."""


class StatementFiles:
    """Makes them, two at a time: each has a connection of its own, and takes time of a core."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._asked = 0

    async def up_to_now(self, sheet: Sheet) -> Sheet:
        """See `up_to_now`."""
        return await up_to_now(self._pool, sheet)

    async def make(self, sheet: Sheet, kind: Kind) -> BinaryIO:
        """The file, to be read from its beginning and closed; nobody else sees it. Raises TooLong,
        Busy, and LedgerError where the lines do not lead from the opening balance to the closing
        one: no file is better than a wrong one.
        """
        async with self._place():
            out = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - the caller closes it
            try:
                await self._fill(sheet, kind, out)
            except BaseException:
                out.close()
                raise
        out.seek(0)
        return out

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        if self._asked >= MOST_WAITING:
            raise Busy
        self._asked += 1
        try:
            async with self._turn:
                yield
        finally:
            self._asked -= 1

    async def _fill(self, sheet: Sheet, kind: Kind, out: BinaryIO) -> None:
        """Everything is read as of one moment."""
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            sums = await sums_of(connection, sheet)
            if sums.count > MOST.get(kind, sums.count):
                raise TooLong(sums.count, MOST[kind])
            writer = await asyncio.to_thread(writer_of(kind), out, sheet, sums)
            try:
                await copy(connection, sheet, sums, writer)
            finally:
                await asyncio.to_thread(writer.close)


async def up_to_now(pool: Pool, sheet: Sheet) -> Sheet:
    """The same; but where its time is not over, up to this moment: nobody knows where the balance
    will stand later.
    """
    now = await ledger_store.moment(pool)
    if sheet.until <= now:
        return sheet
    return replace(sheet, since=min(sheet.since, now), until=now, is_over=False)


async def look(pool: Pool, sheet: Sheet, most: int) -> tuple[Sums, list[Line]]:
    """The sums, and the first lines."""
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        account = sheet.partner.account
        rows = await store.entries(connection, account, sheet.since, sheet.until, 0, most)
        return await sums_of(connection, sheet), [line_of(row) for row in rows]


async def copy(connection: Connection, sheet: Sheet, sums: Sums, writer: Writer) -> None:
    """All lines, page by page, added up on the way. Raises LedgerError."""
    check, after = Check(sums), 0
    while True:
        account = sheet.partner.account
        rows = await store.entries(connection, account, sheet.since, sheet.until, after, PER_FETCH)
        lines = [line_of(row) for row in rows]
        check.add(lines)
        if lines:
            await asyncio.to_thread(writer.add, lines)
            after = lines[-1].version
        if len(rows) < PER_FETCH:
            break
    check.end()


async def sums_of(connection: Connection, sheet: Sheet) -> Sums:
    """Of a period; the balances are read where they stand, not added up from the lines."""
    account, since = sheet.partner.account, min(sheet.since, sheet.until)
    return await statement.sums_of(connection, account, since, sheet.until)


def writer_of(kind: Kind) -> type[Writer]:
    """Read in when the first one is made: most processes never make a PDF."""
    if kind is Kind.PDF:
        from uzel.partners.statement_pdf import PdfWriter

        return PdfWriter
    if kind is Kind.XLSX:
        from uzel.partners.statement_xlsx import XlsxWriter

        return XlsxWriter
    from uzel.partners.statement_csv import CsvWriter

    return CsvWriter
