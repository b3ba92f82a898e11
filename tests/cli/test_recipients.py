"""`uzel stop`, `unstop`, `stop-list` and `consent add` as they are typed."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

Command = Callable[..., tuple[int, str, str]]


def rows(dsn: str, query: str) -> list[Any]:
    async def ask() -> list[Any]:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetch(query)
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_somebody_is_stopped_listed_and_written_to_again(dsn: str, uzel: Command) -> None:
    status, out, _ = uzel("stop", "8 999 000-00-01", "--note", "просил\nне писать")
    assert (status, out) == (0, "+79990000001 is on the stop-list\n")
    assert uzel("stop", "+79990000001")[1] == "+79990000001 is on the stop-list already\n"
    assert uzel("stop", "Guest@Kafe.example")[0] == 0
    first, second = uzel("stop-list")[1].splitlines()
    assert first.split("\t")[:2] == ["guest@kafe.example", "manual"]
    assert second.split("\t")[0] == "+79990000001" and second.endswith("\tпросил не писать")
    listed = [json.loads(line) for line in uzel("stop-list", "--json")[1].splitlines()]
    assert [entry["address"] for entry in listed] == ["guest@kafe.example", "+79990000001"]
    assert uzel("unstop", "79990000001")[1] == "+79990000001 may be written to again\n"
    status, _, err = uzel("unstop", "79990000001")
    assert (status, "is not on the stop-list" in err) == (1, True)
    said = rows(dsn, "select actor, action, detail::text from audit order by id")
    assert [row["action"] for row in said] == ["add", "add", "remove"]
    assert all(row["actor"].startswith("command") for row in said)
    assert "79990000001" not in str(said) and "guest@" not in str(said)


def test_a_consent_is_noted_once(dsn: str, uzel: Command) -> None:
    given = ("--source", "анкета", "--wording", "Согласен", "--given-at", "2026-11-01T12:00+03:00")
    status, out, _ = uzel("consent", "add", "79990000001", *given)
    assert (status, out) == (0, "the consent of +79990000001 is noted\n")
    again = uzel("consent", "add", "+79990000001", "--source", "сайт")
    assert again[:2] == (0, "the consent of +79990000001 is noted already\n")
    (row,) = rows(dsn, "select source, wording, given_at::text as at, noted_by from consent")
    assert (row["source"], row["wording"]) == ("анкета", "Согласен")
    assert row["at"].startswith("2026-11-01 ") and row["noted_by"].startswith("command")


@pytest.mark.parametrize("address", ["guest", "", "12", "a b@c.ru", "a@b\x00.ru"])
def test_what_is_no_address_is_refused(uzel: Command, address: str) -> None:
    for words in (("stop",), ("unstop",), ("consent", "add", "--source", "сайт")):
        status, out, err = uzel(*words, address)
        assert (status, out) == (1, "")
        assert "is neither a phone number nor an e-mail address" in err


def test_another_business_is_named_by_its_number(dsn: str, uzel: Command) -> None:
    uzel("stop-list")
    rows(dsn, "insert into business (name) values ('Вторая')")
    uzel("stop", "79990000001", "--business", "2")
    assert uzel("stop-list")[1] == ""
    assert uzel("stop-list", "--business", "2")[1].startswith("+79990000001\t")
    err = uzel("stop", "79990000001", "--business", "7")[2]
    assert "there is no business 7; there are: 1 Мой бизнес, 2 Вторая" in err


@pytest.mark.parametrize(
    "text", ["tomorrow", "2026-11-01", "2026-11-01T12:00", "2999-01-01T00:00Z"]
)
def test_a_time_ahead_or_without_its_zone_is_refused(uzel: Command, text: str) -> None:
    with pytest.raises(SystemExit):
        uzel("consent", "add", "79990000001", "--source", "сайт", "--given-at", text)


def test_how_a_consent_was_given_must_be_said(uzel: Command) -> None:
    for source in ((), ("--source", " ")):
        status, out, err = uzel("consent", "add", "79990000001", *source)
        assert (status, out, "--source is missing" in err) == (1, "", True)
