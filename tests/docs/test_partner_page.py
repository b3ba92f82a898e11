"""The examples of the page for partners' programmers, typed into a shell one after the other."""

import itertools
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from markdown_pages import FENCE, read
from partner_client import add_client, partner_web
from partner_shop import hook
from uzel.web.api.problems import partner_codes

PAGE = "docs/how-to/partner-api.md"
HOST = "https://uzel.example.ru"
ID = re.compile(r"(txn|quote|lead|dlv|evt)_(?:[0-9a-f]{32}|[0-9a-f]{16})")
# What differs each time.
PASSING = (
    *("partner_id", "partner_name", "since", "until", "created_at", "updated_at", "at"),
    *("timestamp", "expires_at", "quote_expires_at", "last_transaction_date", "next_attempt_at"),
    "request_id",
)


def examples() -> Iterator[tuple[str, Any]]:
    """(a command, the answer under it)."""
    found = FENCE.findall(read(PAGE))
    for (language, command), (answers, answer) in itertools.pairwise(found):
        if language == "sh" and answers == "json":
            yield command, json.loads(answer)


def shape(value: Any, name: str = "") -> Any:
    """A value without what differs each time."""
    if isinstance(value, dict):
        return {key: shape(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value]
    if name in PASSING:
        return type(value).__name__
    return ID.sub(r"\1_…", value) if isinstance(value, str) else value


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_every_example_answers_what_stands_under_it(shared_dsn: str, tmp_path: Path) -> None:
    with partner_web(shared_dsn, tmp_path) as app:
        it = add_client(app, "1000.50", name="Ромашка", commission_percent="15")
        hook(app, it, "https://shop.example/hooks")
        last: dict[str, str] = {}
        ran = 0
        for command, expected in examples():
            typed = command.replace(HOST, app.url)
            for kind, known in last.items():
                typed = re.sub(rf"{kind}_[0-9a-f]{{16}}", known, typed)
            done = subprocess.run(
                ["sh", "-euc", typed],
                env={"TOKEN": it.token, "PATH": "/usr/bin:/bin", "no_proxy": "*"},
                capture_output=True,
                text=True,
                timeout=30,
                check=True,
            )
            answer = json.loads(done.stdout)
            last |= {match[1]: match[0] for match in ID.finditer(done.stdout)}
            assert shape(answer) == shape(expected), command
            ran += 1
        assert ran == 17


def test_every_code_stands_in_the_table() -> None:
    rows = re.findall(r"^\| (`[^|]+) \| (\d{3}) \|", read(PAGE), re.MULTILINE)
    shown = {code: int(status) for codes, status in rows for code in re.findall(r"`(\w+)`", codes)}
    assert shown == partner_codes()
