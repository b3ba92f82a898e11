"""`uzel connection` as it is typed."""

import asyncio
import io
import json
import os
import re
from collections.abc import Callable
from typing import Any

import asyncpg
import httpx2
import pytest

from uzel.sandbox.server import running

Command = Callable[..., tuple[int, str, str]]
HOOK = re.compile(r"^webhook \(shown this once\): (\S+)$", re.MULTILINE)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "api_id (API-ключ) is missing: give --set api_id=- and type it when you are asked"),
        (["apikey=canary"], "there is no setting 'apikey'; there are: api_id, sender, base_url"),
        (["api_id=canary", "sender=far too long a name"], "--set sender=…: at most 11 characters"),
        (["api_id=canary", "test=maybe"], "--set test=…: true or false"),
        (["api_id=canary", "base_url=ftp://x"], "--set base_url=…: an address begins with https"),
        (["api_id"], "--set takes FIELD=VALUE, not 'api_id'"),
    ],
)
def test_a_wrong_setting_is_explained_by_its_option(
    uzel: Command, given: list[str], said: str
) -> None:
    status, out, err = uzel("connection", "add", "smsru", *(f"--set={text}" for text in given))
    assert (status, out) == (1, "")
    assert said in err
    assert "Field required" not in err and "canary" not in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("connector", "given", "said"),
    [
        ("meta", "phone_number_id=123", "--set phone_number_id=…: not like that; it is Phone"),
        ("meta", "version=v1", "--set version=…: not like that; an example is v"),
    ],
)
def test_a_setting_of_another_form_says_which(
    uzel: Command, connector: str, given: str, said: str
) -> None:
    err = uzel("connection", "add", connector, f"--set={given}", "--set=access_token=x")[2]
    assert said in err and "Undefined" not in err


def test_what_a_test_said_is_kept_for_the_console(on_sample: Command) -> None:
    status, out, _ = on_sample("connection", "test", "iiko/main")
    assert (status, "последний запрос пришёл" in out) == (0, True)
    with running() as sandbox_url:
        given = ("--set", "api_id=bad", "--set", f"base_url={sandbox_url}/smsru")
        added = on_sample("connection", "add", "smsru", "--name", "wrong", *given)[1]
        number = re.findall(r"connection (\d+):", added)[0]
        status, out, _ = on_sample("connection", "test", number)
        assert (status, out.startswith("FAILED: ")) == (1, True)
    rows = asyncio.run(acts(os.environ["UZEL_DATABASE_URL"]))
    assert [row["subject"] for row in rows] == ["connection:1", f"connection:{number}"]
    good, bad = (json.loads(row["detail"]) for row in rows)
    assert (good["good"], bad["good"]) == (True, False) and bad["text"] in out
    assert all(row["actor"].startswith("command") for row in rows)


async def acts(dsn: str) -> list[Any]:
    """Tests that the audit knows of."""
    connection = await asyncpg.connect(dsn)
    try:
        said = "select actor, subject, detail::text from audit where action = 'test' order by id"
        return list(await connection.fetch(said))
    finally:
        await connection.close()


def test_an_unknown_connector_is_said_before_anything_is_asked(uzel: Command) -> None:
    status, _, err = uzel("connection", "add", "smsr", "--set", "api_id=-")
    assert (status, "there are: amocrm, cbr, exolve, iiko" in err) == (1, True)


def test_an_address_nobody_outside_can_reach_is_pointed_out(
    uzel: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, out, err = uzel("connection", "add", "iiko")
    assert status == 0 and HOOK.search(out)
    assert "iiko cannot reach this address: UZEL_PUBLIC_URL is not set" in err
    monkeypatch.setenv("UZEL_PUBLIC_URL", "http://10.1.2.3")
    assert "UZEL_PUBLIC_URL leads inside" in uzel("connection", "key", "iiko")[2]
    monkeypatch.setenv("UZEL_PUBLIC_URL", "https://uzel.example.ru")
    status, out, err = uzel("connection", "key", "1")
    assert (status, err) == (0, "")
    found = HOOK.search(out)
    assert found and found[1].startswith("https://uzel.example.ru/api/webhook/iiko?key=hook_")


def test_a_connection_goes_by_its_id_or_its_name(on_sample: Command) -> None:
    assert on_sample("connection", "key", "iiko/main")[0] == 0
    assert on_sample("connection", "key", "spare")[0] == 0
    assert "more than one connection is called smsru" in on_sample("connection", "key", "smsru")[2]
    line = on_sample("connection", "test", "77")[2]
    assert "there is no connection 77; there are: 1 iiko/main, 2 smsru/main, 3 smsru/spare" in line


def test_registering_tells_the_provider(uzel: Command) -> None:
    with running() as sandbox_url:
        account = ("--set=api_id=key-cli", f"--set=base_url={sandbox_url}/smsru")
        assert uzel("connection", "add", "smsru", *account)[0] == 0
        status, out, _ = uzel("connection", "register", "smsru", "--yes")
        assert (status, "key=hook_" in out) == (0, False)
        assert "SMS.ru now posts to http://127.0.0.1:8000/api/webhook/smsru?key=…" in out
        form = {"api_id": "key-cli", "json": "1"}
        with httpx2.Client(base_url=sandbox_url, trust_env=False) as http:
            (url,) = http.post("/smsru/callback/get", data=form).json()["callback"]
        assert url.startswith("http://127.0.0.1:8000/api/webhook/smsru?key=hook_")


def test_a_provider_that_refuses_leaves_the_address_to_the_person(uzel: Command) -> None:
    with running() as sandbox_url:
        account = ("--set=api_id=bad key", f"--set=base_url={sandbox_url}/smsru")
        uzel("connection", "add", "smsru", *account)
        status, out, _ = uzel("connection", "register", "smsru", "--yes")
    assert status == 1
    assert out.startswith("FAILED: SMS.ru: API-ключ не подходит")
    assert HOOK.search(out)


def test_nothing_is_done_unasked_or_in_vain(uzel: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    uzel("connection", "add", "smsru", "--set", "api_id=x")
    status, out, err = uzel("connection", "register", "smsru", "--yes")
    assert (status, out, "UZEL_PUBLIC_URL is not set" in err) == (1, "", True)
    monkeypatch.setenv("UZEL_PUBLIC_URL", "https://uzel.example.ru")
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))  # piped in, so nobody reads the question
    status, out, err = uzel("connection", "register", "smsru")
    assert (status, out, "--yes" in err) == (1, "", True)
