"""The examples of the page about claims, typed into a shell one after the other."""

import itertools
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from claim_client import open_room, token_of
from markdown_pages import FENCE, read
from running_web import running_web
from uzel.web.api.claim_codes import CLAIM_CODES

PAGE = "docs/how-to/claims.md"
HOST = "https://uzel.example.ru"


def holds(answer: Any, shown: Any) -> bool:
    """Whether what is shown is part of the answer."""
    if isinstance(shown, dict):
        return all(name in answer and holds(answer[name], shown[name]) for name in shown)
    if isinstance(shown, list):
        return len(answer) == len(shown) and all(map(holds, answer, shown))
    return bool(answer == shown)


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_every_example_answers_what_stands_under_it(shared_dsn: str, tmp_path: Path) -> None:
    ran = 0
    with running_web(shared_dsn, tmp_path) as app:
        open_room(app)
        for (language, command), (under, shown) in itertools.pairwise(FENCE.findall(read(PAGE))):
            if (language, under) != ("sh", "json"):
                continue
            tokens = {"SHOP": token_of("shop"), "VERA": token_of("vera")}
            done = subprocess.run(
                ["sh", "-euc", command.replace(HOST, app.url)],
                env={**tokens, "PATH": "/usr/bin:/bin", "no_proxy": "*"},
                capture_output=True,
                text=True,
                timeout=30,
                check=True,
            )
            assert holds(json.loads(done.stdout), json.loads(shown)), done.stdout
            ran += 1
    assert ran == 7


def test_every_code_stands_in_the_table() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d{3}) \|", read(PAGE), re.MULTILINE)
    assert {code: int(status) for code, status in rows} == {
        code: known.status for code, known in CLAIM_CODES.items()
    }
