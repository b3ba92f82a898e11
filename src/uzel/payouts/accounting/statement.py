"""What was paid to people and came back, for accounting: a line for each movement of money, in the
order of the ledger. What came back is a line of its own, and the line it reverses stays.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, BinaryIO, Protocol, cast
from zoneinfo import ZoneInfo

from uzel.kit.database import Connection, Pool
from uzel.ledger import statement_store as ledger_store
from uzel.ledger.statement import Check, Sums, sums_of
from uzel.model.phone import mask_phone
from uzel.payouts.accounting import statement_store as store

PER_FETCH = 1000
# A worksheet has 1,048,576 rows.
MOST_IN_SHEET = 1_000_000
A_MOMENT = timedelta(microseconds=1)
NOTHING = Sums(0, 0, 0, 0, 0)


class Format(StrEnum):
    """Of a file. ONE_C: 1CClientBankExchange."""

    CSV = "csv"
    XLSX = "xlsx"
    ONE_C = "1c"


ENDINGS = {Format.CSV: "csv", Format.XLSX: "xlsx", Format.ONE_C: "txt"}


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays, as 1C knows them. `account`: 20 digits."""

    account: str = ""
    name: str = ""
    taxpayer_id: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Whose statement, from `since` on and before `until`, by the clock of `zone`. Not `is_over`:
    more may still come, and `until` is when it was made.
    """

    connection_id: int
    since: datetime
    until: datetime
    zone: ZoneInfo
    currency: str = "RUB"
    payer: Payer = Payer()
    is_over: bool = True

    @property
    def last(self) -> datetime:
        """The last moment of it, by its clock."""
        at = max(self.since, self.until - A_MOMENT) if self.is_over else self.until
        return at.astimezone(self.zone)

    @property
    def first(self) -> datetime:
        """The first moment of it, by its clock."""
        return self.since.astimezone(self.zone)

    @property
    def name(self) -> str:
        """Of the file, without its ending."""
        return f"payouts-{self.first.date().isoformat()}-{self.last.date().isoformat()}"


@dataclass(frozen=True, slots=True)
class Line:
    """A movement of money. `amount_minor` as in the ledger: below zero, it was paid; above, it came
    back. `balance_minor`: after it, what was paid in all, below zero. What is no payout of ours has
    no number; `target` is hidden in part.
    """

    at: datetime
    version: int
    amount_minor: int
    balance_minor: int
    number: int | None
    public_id: str
    external_id: str
    person: str
    target: str
    bank: str
    purpose: str
    provider_id: str
    state: str
    made_by: str

    @property
    def is_back(self) -> bool:
        return self.amount_minor > 0


class Writer(Protocol):
    """Writes one file: made with the bytes' place, the sheet and the sums, then given all lines in
    their order, then closed.
    """

    def __init__(self, out: BinaryIO, sheet: Sheet, sums: Sums) -> None: ...

    def add(self, lines: Sequence[Line]) -> None: ...

    def close(self) -> None: ...


class TooLong(Exception):
    """More lines than this kind of file takes."""


async def make(pool: Pool, sheet: Sheet, kind: Format) -> tuple[BinaryIO, Sheet, Sums]:
    """The file, to be read from its beginning and closed, what it is of, and its sums. Where its
    time is not over it goes up to now. Raises TooLong, and LedgerError where the lines do not lead
    from the opening sum to the closing one: no file is better than a wrong one.
    """
    now = await ledger_store.moment(pool)
    if sheet.until > now:
        sheet = replace(sheet, since=min(sheet.since, now), until=now, is_over=False)
    out = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - the caller closes it
    try:
        sums = await fill(pool, sheet, kind, out)
    except BaseException:
        out.close()
        raise
    out.seek(0)
    return out, sheet, sums


async def fill(pool: Pool, sheet: Sheet, kind: Format, out: BinaryIO) -> Sums:
    """Everything is read as of one moment."""
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        account = await store.account(connection, sheet.connection_id, sheet.currency)
        sums = NOTHING
        if account is not None:
            sums = await sums_of(connection, account, sheet.since, sheet.until)
        if kind is Format.XLSX and sums.count > MOST_IN_SHEET:
            raise TooLong(f"{sums.count} lines, of {MOST_IN_SHEET} at most")
        writer = await asyncio.to_thread(writer_of(kind), out, sheet, sums)
        try:
            if account is not None:
                await copy(connection, account, sheet, sums, writer)
        finally:
            await asyncio.to_thread(writer.close)
    return sums


async def copy(
    connection: Connection, account: int, sheet: Sheet, sums: Sums, writer: Writer
) -> None:
    """All lines, page by page, added up on the way. Raises LedgerError."""
    check, after = Check(sums), 0
    while True:
        rows = await store.entries(connection, account, sheet.since, sheet.until, after, PER_FETCH)
        lines = [line_of(row) for row in rows]
        check.add(lines)
        if lines:
            await asyncio.to_thread(writer.add, lines)
            after = lines[-1].version
        if len(rows) < PER_FETCH:
            break
    check.end()


def line_of(row: Any) -> Line:
    """A row of statement_store.ENTRIES."""
    names = (row["last_name"], row["first_name"], row["patronymic"])
    return Line(
        row["posted_at"], row["version"], row["amount_minor"], row["balance_minor"], row["number"],
        row["public_id"] or "", row["external_id"] or "", " ".join(filter(None, names)),
        row["card_shown"] or (mask_phone(row["phone"]) if row["phone"] else ""),
        row["bank_name"] or "", " ".join(filter(None, (row["purpose"], row["mark"]))),
        row["provider_id"] or "", row["state"] or "", row["made_by"] or "",
    )  # fmt: skip


def writer_of(kind: Format) -> type[Writer]:
    """Read in when the first one is made."""
    if kind is Format.XLSX:
        from uzel.payouts.accounting.statement_xlsx import XlsxWriter

        return XlsxWriter
    if kind is Format.ONE_C:
        from uzel.payouts.accounting.statement_one_c import OneCWriter

        return OneCWriter
    from uzel.payouts.accounting.statement_csv import CsvWriter

    return CsvWriter
