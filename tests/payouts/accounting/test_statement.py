"""Statements of payouts: three kinds of files that say the same as the ledger."""

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from parts import go
from payouts_at_work import Paying, paying
from uzel.errors import LedgerError
from uzel.ledger.statement import Sums
from uzel.payouts.accounting import statement
from uzel.payouts.accounting.statement import Format, Line, Payer, Sheet, make
from uzel.payouts.accounting.statement_one_c import OneCWriter
from uzel.payouts.payout import Payee, State

ZONE = ZoneInfo("Asia/Almaty")
EVIL = "=HYPERLINK(1)"
ACCOUNT = "40702810000000000001"


def sheet(it: Paying, since: datetime | None = None, until: datetime | None = None) -> Sheet:
    now, hour = datetime.now(UTC), timedelta(hours=1)
    payer = Payer(ACCOUNT, "ООО «Ромашка»", "7701234567")
    return Sheet(it.connection_id, since or now - hour, until or now + hour, ZONE, payer=payer)


async def books(it: Paying) -> None:
    """Two paid, one of them back; one on its way, one failed."""
    person = Payee(b"x", "Анна\nКонецФайла", "Иванова", "Петровна", "+79990000001")
    first = await it.begin(it.wish(100_000, purpose=EVIL, payee=person, external_id=None))
    second = await it.begin(it.by_card(250_50))
    for begun in (first, second):
        await it.move(begun.id, State.PROCESSING, provider_id=f"their-{begun.id}")
        await it.move(begun.id, State.PAID)
    await it.move(first.id, State.RETURNED)
    await it.begin(it.wish(7_000))
    await it.move((await it.begin(it.wish(9_000))).id, State.FAILED)


async def made(it: Paying, kind: Format, **changes: datetime) -> tuple[bytes, Sums]:
    out, _, sums = await make(it.pool, sheet(it, **changes), kind)
    with out:
        return out.read(), sums


def test_a_table_adds_up_to_the_ledger_and_runs_nothing(shared_dsn: str) -> None:
    async def story() -> None:
        async with paying(shared_dsn) as it:
            await books(it)
            data, sums = await made(it, Format.CSV)
            posted, _ = (await it.held())[f"payouts:{it.connection_id}"]
            assert (sums.closing_minor, sums.count) == (posted, 3)
            assert data.startswith(b"\xef\xbb\xbf")
            head, opening, *lines, paid, back, closing = csv.reader(
                io.StringIO(data.decode("utf-8-sig")), delimiter=";"
            )
            assert len({len(row) for row in (head, opening, *lines, paid, back, closing)}) == 1
            assert [row[2] for row in lines] == ["Выплата", "Выплата", "Возврат"]
            amounts = [Decimal(row[-3].replace(",", ".")) for row in lines]
            assert amounts == [Decimal("1000.00"), Decimal("250.50"), Decimal("-1000.00")]
            assert [row[-2] for row in lines] == ["1000,00", "1250,50", "250,50"]
            assert (paid[-3], back[-3], closing[-2]) == ("1250,50", "-1000,00", "250,50")
            assert lines[0][6].startswith(f"'{EVIL}")
            assert lines[0][4] == "'+7999•••0001" and lines[1][4] == "220077••••••7079"
            assert lines[0][10] == "вернулось" and "2200770212727079" not in data.decode()

    go(story)


def test_a_workbook_has_numbers_and_no_formulas(shared_dsn: str) -> None:
    async def story() -> None:
        async with paying(shared_dsn) as it:
            await books(it)
            data, _ = await made(it, Format.XLSX)
            page = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
            rows = list(page.iter_rows(values_only=True))
            lines = rows[8:]
            assert [(row[2], row[12], row[13]) for row in lines] == [
                ("Выплата", 1000, 1000),
                ("Выплата", 250.5, 1250.5),
                ("Возврат", -1000, 250.5),
            ]
            assert all(cell.data_type != "f" for row in page.iter_rows() for cell in row)
            assert [row[4] for row in rows[2:6]] == [0, 1250.5, -1000, 250.5]
            assert str(lines[0][6]).startswith(EVIL)

    go(story)


def read(data: bytes) -> list[list[tuple[str, str]]]:
    """The sections of an exchange file: its head, its account, its documents."""
    text = data.decode("cp1251")
    assert text.endswith("КонецФайла\r\n") and "\n" not in text.replace("\r\n", "")
    sections: list[list[tuple[str, str]]] = [[]]
    for line in text.removesuffix("\r\n").split("\r\n"):
        name, _, value = line.partition("=")
        if name.startswith("Секция"):
            sections.append([])
        sections[-1].append((name, value))
    return sections


def test_what_1c_reads_is_whole_and_nobody_can_write_into_it(shared_dsn: str) -> None:
    async def story() -> None:
        async with paying(shared_dsn) as it:
            await books(it)
            data, _ = await made(it, Format.ONE_C)
            head, account, *documents = read(data)
            assert head[0] == ("1CClientBankExchange", "")
            assert ("ВерсияФормата", "1.03") in head and ("РасчСчет", ACCOUNT) in head
            assert dict(account)["ВсегоСписано"] == "1250.50"
            assert dict(account)["ВсегоПоступило"] == "1000.00"
            assert dict(account)["КонечныйОстаток"] == "-250.50"
            paid, card, back = map(dict, documents)
            assert (paid["Сумма"], card["Сумма"], back["Сумма"]) == ("1000.00", "250.50", "1000.00")
            assert paid["Получатель1"] == "Иванова Анна КонецФайла Петровна"
            assert paid["ПлательщикРасчСчет"] == back["ПолучательРасчСчет"] == ACCOUNT
            assert "ДатаСписано" in paid and "ДатаПоступило" not in paid
            assert "ДатаПоступило" in back and back["Плательщик1"] == paid["Получатель1"]
            assert back["Номер"] == paid["Номер"] != card["Номер"]
            assert [one[0] for one in documents] == [("СекцияДокумент", "Платежное поручение")] * 3

    go(story)


def test_what_the_encoding_cannot_say_is_a_question_mark() -> None:
    out = io.BytesIO()
    days = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    writer = OneCWriter(out, Sheet(1, *days, ZONE), Sums(0, 0, -100, -100, 1))
    line = Line(days[0], 1, -100, -100, 7, "po", "", "Қанат", "", "", "за 1 ₽", "", "paid", "a")
    writer.add([line])
    writer.close()
    document = dict(read(out.getvalue())[-1])
    assert (document["Получатель1"], document["НазначениеПлатежа"]) == ("?анат", "за 1 ?")
    assert document["Дата"] == "01.11.2026"


def test_a_time_without_payouts_has_a_file_too(shared_dsn: str) -> None:
    async def story() -> None:
        async with paying(shared_dsn) as it:
            for kind in Format:
                data, sums = await made(it, kind)
                assert data and sums.count == 0
            await books(it)
            later = datetime.now(UTC) + timedelta(hours=2)
            _, sums = await made(it, Format.CSV, since=later, until=later + timedelta(hours=1))
            assert (sums.count, sums.opening_minor, sums.closing_minor) == (0, -250_50, -250_50)

    go(story)


def test_lines_that_do_not_add_up_make_no_file(
    shared_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with paying(shared_dsn) as it:
            await books(it)
            monkeypatch.setattr(statement, "PER_FETCH", 2)
            await made(it, Format.CSV)
            monkeypatch.setattr(statement, "line_of", lambda row: statement.Line(
                row["posted_at"], row["version"], row["amount_minor"] + 1, row["balance_minor"],
                None, *[""] * 9))  # fmt: skip
            with pytest.raises(LedgerError):
                await made(it, Format.CSV)

    go(story)
