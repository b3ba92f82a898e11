"""The pages under test."""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@cache
def tracked() -> tuple[str, ...]:
    """Paths of the repository's own files: those git knows or would take."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    return tuple(path for path in done.stdout.split("\0") if path and (ROOT / path).is_file())


def markdown() -> list[str]:
    """Paths of all Markdown files."""
    return [path for path in tracked() if path.endswith(".md")]


def read(path: str) -> str:
    """The text of a file of the repository."""
    return (ROOT / path).read_text("utf-8")


def blocks(text: str, *languages: str) -> Iterator[str]:
    """The fenced blocks in one of these languages."""
    return (block for language, block in FENCE.findall(text) if language in languages)


def prose(text: str) -> str:
    """The text without its fenced blocks."""
    return FENCE.sub("", text)
