"""The examples of the page for programs that ask for payouts, typed into a shell one by one."""

import itertools
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from markdown_pages import FENCE, read
from payout_client import add_company, payout_web
from uzel.payouts import banks, requisites, wish
from uzel.payouts.programs import asked
from uzel.web.konsol.words import CODES, REASONS

PAGE = "docs/how-to/payout-api.md"
HOST = "https://uzel.example.ru"
ID = re.compile(r"(po|inv)_[0-9a-f]{16}")
PASSING = ("created_at", "updated_at")


def examples() -> Iterator[tuple[str, Any]]:
    """(commands, the answer under them, None where there is none)."""
    found = [*FENCE.findall(read(PAGE)), ("", "")]
    for (language, command), (answers, answer) in itertools.pairwise(found):
        if language == "sh" and "curl" in command:
            expected = json.loads(answer, parse_float=Decimal) if answers == "json" else None
            yield command, expected


def shape(value: Any, name: str = "") -> Any:
    """A value without what differs each time."""
    if isinstance(value, dict):
        return {key: shape(one, key) for key, one in value.items()}
    if name in PASSING:
        return type(value).__name__
    return ID.sub(r"\1_…", value) if isinstance(value, str) else value


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_every_example_answers_what_stands_under_it(shared_dsn: str, tmp_path: Path) -> None:
    with payout_web(shared_dsn, tmp_path) as (app, sandbox_url):
        token = add_company(app, sandbox_url).token
        ran = []
        for command, expected in examples():
            done = subprocess.run(
                ["sh", "-euc", command.replace(HOST, app.url)],
                env={"TOKEN": token, "PATH": "/usr/bin:/bin", "no_proxy": "*"},
                capture_output=True,
                text=True,
                timeout=30,
                check=True,
            )
            ran.append(done.stdout)
            if expected is not None:
                answer = json.loads(done.stdout, parse_float=Decimal)
                assert shape(answer) == shape(expected), command
        assert json.loads(ran[1])["data"]["external_id"] == "order_123"
        assert '"total":1,"page":1,"per_page":10,"pages":1' in ran[2]
        assert ran[3].split("\n")[:2] == [
            '"description":"Оплата услуг за ноябрь"',
            '"status":"cancelled"',
        ]
        assert len(ran) == 6


def test_every_code_stands_in_the_table() -> None:
    rows = re.findall(r"^\| (`[^|]+) \| (\d{3}) \|", read(PAGE), re.MULTILINE)
    shown = {code: int(status) for codes, status in rows for code in re.findall(r"`(\w+)`", codes)}
    assert shown == {name: code.status for name, code in CODES.items()}


def test_every_reason_has_words() -> None:
    """Those that the readers of requisites name in their docstrings, and those in the code."""
    told = "".join(it.__doc__ or "" for it in (requisites.RequisiteRejected, banks.BankRejected))
    named = set(re.findall(r"^    ([a-z]+_[a-z_]+)  ", told, re.MULTILINE))
    for module in (asked, wish):
        text = Path(str(module.__file__)).read_text()
        named |= set(re.findall(r'WishRejected\([^,()]+(?:\([^)]*\))?, "(\w+)"', text))
    assert len(named) > 15
    assert named - set(REASONS) == set()
