"""The connector that docs/how-to/add-a-connector.md builds: its files, run through the suite."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from markdown_pages import ROOT, read

PAGE = "docs/how-to/add-a-connector.md"
NAME = "till"
FILE = re.compile(r"^`([\w/.]+)`\n\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Loaded before the tests are collected: the connectors are those of the repository and the new one.
PLUGIN = "import uzel.connectors\n\nuzel.connectors.__path__[:] = [{folder!r}]\n"


def files() -> dict[str, str]:
    """Path within the connector's folder → content."""
    return {path: content for path, _, content in FILE.findall(read(PAGE))}


@pytest.fixture(scope="module")
def connectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the new connector beside the repository's."""
    folder = tmp_path_factory.mktemp("with till") / "connectors"
    folder.mkdir()
    for part in (ROOT / "src/uzel/connectors").iterdir():
        (folder / part.name).symlink_to(part)
    for path, content in files().items():
        file = folder / NAME / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, "utf-8")
    (folder.parent / "with_till.py").write_text(PLUGIN.format(folder=str(folder)))
    return folder


def run(connectors: Path, *command: str) -> str:
    """What a Python command says; it must succeed."""
    environment = {**os.environ, "PYTHONPATH": str(connectors.parent)}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    return done.stdout


def test_the_page_has_every_file_its_table_names() -> None:
    named = set(re.findall(r"^\| `(\w+\.\w+)` \|", read(PAGE), re.MULTILINE))
    shown = files().keys()
    assert {"__init__.py", "README.md"} < named <= shown
    assert {"samples/closed.http", "samples/closed.json"} <= shown


def test_it_passes_the_conformance_suite(connectors: Path) -> None:
    suites = ["test_conformance_webhooks.py", "test_conformance_operations.py"]
    said = run(
        connectors,
        *("-m", "pytest", "-p", "with_till", "-k", NAME, "-p", "no:cacheprovider"),
        *(f"tests/connectors/{suite}" for suite in suites),
    )
    passed = re.search(r"(\d+) passed", said)
    # Two operations with seven faults each, one sample, and the rest of the two suites.
    assert passed is not None
    assert int(passed[1]) >= 20


def test_explain_shows_what_follows(connectors: Path) -> None:
    sample = connectors / NAME / "samples/closed.http"
    said = run(
        connectors,
        "-c",
        "import with_till, sys; from uzel.cli import main; sys.exit(main(sys.argv[1:]))",
        *("explain", NAME, str(sample)),
    )
    (element,) = json.loads(said)
    assert (element["decision"], element["phone"]) == ("request", "+79990000001")


def test_it_is_as_clean_as_our_own(connectors: Path) -> None:
    settings = ("--config", "pyproject.toml", "--config", "lint.isort.known-first-party=['uzel']")
    run(connectors, "-m", "ruff", "check", *settings, str(connectors / NAME))
    run(connectors, "-m", "ruff", "format", "--check", *settings, str(connectors / NAME))
