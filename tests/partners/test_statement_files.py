"""Statement files: what stands in the book stands in each of them, to the last kopeck."""

import asyncio
import csv
import io
import re
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from partners_at_work import Paying, paying
from uzel.errors import LedgerError
from uzel.kit.new_workbook import EXACT_DIGITS
from uzel.kit.spreadsheet import SEPARATOR
from uzel.ledger.accounts import LIVE, TEST, open_account
from uzel.ledger.command import Leg, Post
from uzel.ledger.post import post
from uzel.ledger.statement import Check, Sums
from uzel.model.currency import decimal
from uzel.partners import statement_files
from uzel.partners.payment import Partner
from uzel.partners.settings import Debit, PartnerSettings
from uzel.partners.statement import Line, statement
from uzel.partners.statement_csv import CsvWriter
from uzel.partners.statement_files import Kind, StatementFiles, TooLong, writer_of
from uzel.partners.statement_pdf import PdfWriter, cut, two_lines, width
from uzel.partners.statement_sheet import Sheet
from uzel.partners.statement_words import EN, PLAIN, RU
from uzel.partners.statement_xlsx import XlsxWriter

ALMATY = ZoneInfo("Asia/Almaty")
BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
HOSTILE = '=HYPERLINK("http://elsewhere","x");+1'
PARTNER = Partner(1, "partner_0", "ТОО «Ромашка»", "KZT", LIVE, 1, PartnerSettings())


async def top_up(it: Paying, amounts: Sequence[int], reason: str = "invoice") -> None:
    """Money that came, or (below zero) was put right."""
    async with it.pool.acquire() as connection, connection.transaction():
        house = await open_account(connection, LIVE, "top-ups", "RUB")
        account = it.partner.account
        commands = [
            Post(f"t:{reason}:{n}", "top_up", (Leg(account, m), Leg(house, -m)), "anna", reason)
            for n, m in enumerate(amounts)
        ]
        assert all(verdict.is_done for verdict in await post(connection, commands))


def sheet_of(it: Paying, **changed: object) -> Sheet:
    sheet = Sheet(it.partner, BEGIN, END, ALMATY, RU)
    return replace(sheet, **changed)  # type: ignore[arg-type]


def rows_of(made: BinaryIO) -> list[list[str]]:
    text = made.read().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=SEPARATOR))


def number(cell: str) -> Decimal:
    return Decimal(re.sub(r"[^\d.-]", "", cell.replace(",", ".").replace("−", "-")))


def test_the_three_kinds_say_the_same(dsn: str) -> None:
    async def check() -> None:
        settings = PartnerSettings(debit=Debit.AT_ONCE)
        async with paying(dsn, 1_000_050, settings=settings) as it:
            await it.pay("10.50")
            await it.pay("3")
            await top_up(it, [500, 123_456_789], HOSTILE)
            files = StatementFiles(it.pool)
            known = await statement(it.pool, it.partner.account, BEGIN, END)
            amounts = [decimal(line.amount_minor, "RUB") for line in known.lines]
            closing = decimal(known.closing_minor, "RUB")

            head, opening, *lines, came, went, last = rows_of(
                await files.make(sheet_of(it), Kind.CSV)
            )
            assert head == [*RU.head, RU.currency]
            assert [number(row[5]) for row in lines] == amounts
            assert [row[1] for row in lines] == [RU.kind(line.kind) for line in known.lines]
            assert lines[-1][4] == "'" + HOSTILE.replace(";+", ";'+")
            at = known.lines[0].at.astimezone(ALMATY)
            assert lines[0][0] == at.strftime("%d.%m.%Y %H:%M:%S")
            assert number(opening[6]) + number(came[5]) + number(went[5]) == closing
            assert (number(last[6]), number(lines[-1][6])) == (closing, closing)

            book = openpyxl.load_workbook(await files.make(sheet_of(it), Kind.XLSX))
            page = book.active
            table = [
                row for row in page.iter_rows(values_only=True) if isinstance(row[0], datetime)
            ]
            assert [round(Decimal(row[5]), 2) for row in table] == amounts
            assert table[-1][4] == HOSTILE
            assert abs(table[0][0] - at.replace(tzinfo=None)) < timedelta(milliseconds=2)
            assert page.freeze_panes == f"A{page.max_row - len(table)}"
            shown = {row[0]: row for row in page.iter_rows(values_only=True)}
            assert round(Decimal(shown[RU.closing][6]), 2) == closing

            reader = PdfReader(await files.make(sheet_of(it), Kind.PDF))
            text = "\n".join(page.extract_text() for page in reader.pages)
            text = text.replace(" ", "\N{NO-BREAK SPACE}")
            assert RU.money(known.closing_minor, "RUB") in text
            assert "₽" in text
            for line in known.lines:
                assert RU.amount(line.amount_minor, "RUB") in text
                assert (line.payment_id or "") in text
            assert "Подписка" in text

    asyncio.run(check())


def test_parts_of_a_time_are_the_whole_and_nothing_is_a_file_too(dsn: str) -> None:
    async def check() -> None:
        async with paying(dsn, 100_00) as it:
            await top_up(it, range(1, 30))
            files = StatementFiles(it.pool)
            known = await statement(it.pool, it.partner.account, BEGIN, END)
            middle = known.lines[17].at
            whole = rows_of(await files.make(sheet_of(it), Kind.CSV))
            first = rows_of(await files.make(sheet_of(it, until=middle), Kind.CSV))
            rest = rows_of(await files.make(sheet_of(it, since=middle), Kind.CSV))
            assert first[2:-3] + rest[2:-3] == whole[2:-3]
            assert first[-1][6] == rest[1][6]
            for kind in Kind:
                turned = sheet_of(it, since=END, until=BEGIN)
                with await files.make(turned, kind) as nothing:
                    assert nothing.read(4)
            plain = rows_of(await files.make(sheet_of(it, words=PLAIN), Kind.CSV))
            assert [plain[1][1], plain[-1][1]] == ["opening", "closing"]
            assert len(plain) == len(known.lines) + 3

    asyncio.run(check())


def test_more_than_a_page_of_the_database(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statement_files, "PER_FETCH", 7)

    async def check() -> None:
        async with paying(dsn, 1) as it:
            await top_up(it, range(1, 70))
            files = StatementFiles(it.pool)
            rows = rows_of(await files.make(sheet_of(it), Kind.CSV))
            assert len(rows) == 70 + 5
            reader = PdfReader(await files.make(sheet_of(it), Kind.PDF))
            of = len(reader.pages)
            for place, page in enumerate(reader.pages, 1):
                assert RU.page.format(n=place, of=of) in page.extract_text()
            monkeypatch.setitem(statement_files.MOST, Kind.PDF, 69)
            with pytest.raises(TooLong):
                await files.make(sheet_of(it), Kind.PDF)

    asyncio.run(check())


def test_what_is_not_over_ends_when_it_is_made(dsn: str) -> None:
    """Nobody knows where a balance will stand at the end of the month."""

    async def check() -> None:
        async with paying(dsn, 100_00) as it:
            files, before = StatementFiles(it.pool), datetime.now(UTC)
            sheet = await files.up_to_now(sheet_of(it))
            assert before <= sheet.until <= datetime.now(UTC)
            said = sheet.until.astimezone(ALMATY).strftime("%d.%m.%Y %H:%M:%S")
            last = rows_of(await files.make(sheet, Kind.CSV))[-1]
            assert last[:2] == [said, f"Остаток на {said}, период не окончен"]
            assert last[6] == "100,00"
            cells = openpyxl.load_workbook(await files.make(sheet, Kind.XLSX)).active
            in_book = str(list(cells.iter_rows(values_only=True)))
            on_paper = PdfReader(await files.make(sheet, Kind.PDF)).pages[0].extract_text()
            for text in (in_book, on_paper):
                assert f"{said} (Asia/Almaty), период не окончен" in text
                assert f"Остаток на {said}" in text
                assert "2100" not in text
                assert RU.closing not in text
            plain = await files.up_to_now(sheet_of(it, words=PLAIN))
            assert rows_of(await files.make(plain, Kind.CSV))[-1][1] == "closing"
            later = await files.up_to_now(sheet_of(it, since=END - timedelta(days=1)))
            assert later.since == later.until < datetime.now(UTC)
            over = sheet_of(it, until=before)
            assert await files.up_to_now(over) == over

    asyncio.run(check())


def test_our_number_stands_whole_on_paper() -> None:
    number = "lead_txn_0a3176da82719a0f"
    out = io.BytesIO()
    line = Line(BEGIN, 1, "lead", -1, 1, number, "deal-118-from-a-shop", None, None)
    made = PdfWriter(out, Sheet(PARTNER, BEGIN, END, ALMATY, RU), sums_of([line]))
    made.add([line])
    made.close()
    text = PdfReader(out).pages[0].extract_text()
    assert number in text
    assert "deal-118-from-a-shop" in text


def lines_of(amounts: Sequence[int], opening: int = 0) -> list[Line]:
    found, balance = [], opening
    for place, amount in enumerate(amounts):
        balance += amount
        at = BEGIN + timedelta(seconds=place)
        found.append(Line(at, place, "top_up", amount, balance, None, f"n-{place}", "счёт", None))
    return found


def sums_of(lines: Sequence[Line], opening: int = 0) -> Sums:
    amounts = [line.amount_minor for line in lines]
    came, went = sum(filter(lambda a: a > 0, amounts)), sum(filter(lambda a: a < 0, amounts))
    return Sums(opening, came, went, opening + came + went, len(lines))


AMOUNTS = st.lists(st.integers(-(10**12), 10**12).filter(bool), min_size=1, max_size=30)


@given(AMOUNTS, st.integers(-(10**9), 10**9), st.data())
def test_no_line_is_lost_doubled_or_changed_unseen(
    amounts: list[int], opening: int, data: st.DataObject
) -> None:
    lines = lines_of(amounts, opening)
    sums = sums_of(lines, opening)
    good = Check(sums)
    good.add(lines)
    good.end()
    place = data.draw(st.integers(0, len(lines) - 1))
    one = lines[place]
    more = replace(one, amount_minor=one.amount_minor + 1)
    less = replace(one, balance_minor=one.balance_minor - 1)
    bad = data.draw(
        st.sampled_from(
            [
                lines[:place] + lines[place + 1 :],
                [*lines[:place], one, *lines[place:]],
                [*lines[:place], more, *lines[place + 1 :]],
                [*lines[:place], less, *lines[place + 1 :]],
            ]
        )
    )
    check = Check(sums)
    with pytest.raises(LedgerError):
        check.add(bad)
        check.end()


def test_a_book_that_does_not_add_up_gives_no_file(dsn: str) -> None:
    async def check() -> None:
        async with paying(dsn, 100_00) as it:
            await top_up(it, [1, 2, 3])
            async with it.pool.acquire() as connection, connection.transaction():
                await connection.execute("set local session_replication_role = replica")
                await connection.execute(
                    "update ledger_posting set amount_minor = amount_minor + 1 "
                    "where account_id = $1 and version = 3",
                    it.partner.account,
                )
            for kind in Kind:
                with pytest.raises(LedgerError):
                    await StatementFiles(it.pool).make(sheet_of(it), kind)

    asyncio.run(check())


@pytest.mark.parametrize("kind", [Kind.CSV, Kind.XLSX])
def test_memory_does_not_grow_with_the_lines(kind: Kind, tmp_path: Path) -> None:
    def peak(count: int) -> int:
        lines = lines_of([5] * 1000)
        with (tmp_path / "out").open("wb") as out:
            tracemalloc.start()
            writer = writer_of(kind)(out, Sheet(PARTNER, BEGIN, END, ALMATY, EN), sums_of(lines))
            for _ in range(count // 1000):
                writer.add(lines)
            writer.close()
            found = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return found

    peak(1000)
    assert peak(12_000) < peak(3000) + 300_000


@pytest.mark.parametrize("writer", [CsvWriter, XlsxWriter, PdfWriter])
@pytest.mark.parametrize("text", ["\0\x01", "😀" * 300, "=1+1", "a" * 40_000, "\r\n;\t"])
def test_whatever_was_typed_makes_a_file(writer: type[XlsxWriter], text: str) -> None:
    out = io.BytesIO()
    line = Line(BEGIN, 1, text[:60], 1, 1, "txn_0", text[:255], text, text)
    made = writer(out, Sheet(PARTNER, BEGIN, END, ALMATY, RU), sums_of([line]))
    made.add([line])
    made.close()
    assert out.getvalue()


def test_amounts_beyond_what_excel_keeps_are_exact() -> None:
    out = io.BytesIO()
    lines = lines_of([10**EXACT_DIGITS * 90 + 7, -1])
    made = XlsxWriter(out, Sheet(PARTNER, BEGIN, END, ALMATY, RU), sums_of(lines))
    made.add(lines)
    made.close()
    table = [
        row
        for row in openpyxl.load_workbook(out).active.iter_rows(values_only=True)
        if isinstance(row[0], datetime)
    ]
    assert table[0][5:] == ("900000000000000.07", "900000000000000.07")
    assert table[1][5] == -0.01


def test_a_test_book_says_so() -> None:
    partner = replace(PARTNER, book=TEST)
    for writer in (XlsxWriter, PdfWriter):
        out = io.BytesIO()
        made = writer(out, Sheet(partner, BEGIN, END, ALMATY, RU), sums_of([]))
        made.close()
        if writer is PdfWriter:
            assert RU.is_test in PdfReader(out).pages[0].extract_text()
        else:
            cells = openpyxl.load_workbook(out).active.iter_rows(values_only=True)
            assert any(RU.is_test in row for row in cells)


@given(st.text(max_size=300))
def test_two_lines_fit_their_column(text: str) -> None:
    PdfWriter(io.BytesIO(), Sheet(PARTNER, BEGIN, END, ALMATY, RU), sums_of([]))
    lines = two_lines(text)
    assert len(lines) <= 2
    assert all(width(line, "SourceSansPro", 8.5) <= 122.5 for line in lines)
    if len(text) < 10 and text.split():
        assert "".join(lines).split() == "".join(text.split(" ")).split() or lines
    assert cut("₸" * 500, "SourceSansPro", 8.5, 50).endswith("…")
