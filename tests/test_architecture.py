"""The rules of the house that a machine can see, over every line of `src`."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "uzel"
MOST_FILE_LINES = 300
MOST_FUNCTION_LINES = 45
SLEEPS = frozenset({"time.sleep", "asyncio.sleep"})

# Sleeping in a loop is waiting for something that cannot wake us; here is what, and why that is no
# retry of something that failed.
MAY_SLEEP = {
    "bench": "a load generator keeps to its pace",
    "kit/sandbox.py": "the fault `slow` is slow",
    "kit/pushing.py": "a sandbox keeps to its pace, and posts again after a pause",
    "kit/embedded": "a process that starts or ends tells nobody",
    "kit/batch.py": "one turn of the loop lets a batch fill",
    "jobs/pace.py": "keeps its distance from the question before",
    "supervisor.py": "looks at its children; nothing else would be as small",
    "calls/runner.py": "the next call is allowed in less than a second",
    "calls/reach.py": "a request waits for its slot",
    "calls/window.py": "a request waits until it cannot be one too many",
    "flows/kaspi_orders/tasks.py": "a lease is kept while a run lasts",
    "cli/kaspi.py": "says how far a run is; a proof is read by the worker, which tells nobody",
    "demo/orders.py": "some minutes pass until an order is handed over",
    "connections/grants.py": "another process renews, and tells nobody",
    "calls/closing.py": "an answer must be written down, so it waits for the database",
    "messaging/making.py": "the call may be another process's, which tells nobody; signs of life",
    "connections/registry.py": "looks for changes every second",
    "jobs/worker.py": "asks the database for a sign of life",
    "web": "counters are saved, and pages told of news, every few seconds",
    "connectors/*/sandbox.py": "a provider in miniature takes its time",
    "connectors/*/miniature.py": "a provider in miniature takes its time",
    "connectors/*/runs.py": "deals come at a pace",
    "sandbox/guests.py": "people do not look at their phones at once",
}
# Statements stand in files named store.py and in the migrations; these few have their own reason.
MAY_SPEAK_SQL = {
    "migrations": "the schema itself",
    "jobs": "PgQueuer's tables have no store of ours",
    "connectors/vtiger": "vtiger's own language of questions, asked over HTTP",
    "kit/embedded/cluster.py": "makes the database before anything else is there",
}
SQL = re.compile(
    r"\b(select\b.+?\bfrom|insert\s+into|update\s+\w+\s+(\w+\s+)?set|delete\s+from|truncate\s|"
    r"(create|alter|drop)\s+(table|index|database|type))\b",
    re.IGNORECASE | re.DOTALL,
)
VAGUE = frozenset({"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"})


@cache
def trees() -> dict[str, ast.Module]:
    """Path below `src/uzel` → the parsed file."""
    return {
        path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text(), path)
        for path in sorted(SOURCE.rglob("*.py"))
    }


def listed(path: str, places: dict[str, str]) -> bool:
    """Whether the path, a folder above it, or a pattern of it is listed."""
    return any(
        Path(path).match(place) or path == place or path.startswith(f"{place}/") for place in places
    )


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def docstrings(tree: ast.Module) -> set[ast.AST]:
    """The nodes that are texts for people."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found.add(node.value)
    return found


def test_imports_point_one_way() -> None:
    tool = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr


def test_statements_stand_in_stores() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in trees().items()
        if not path.endswith("store.py") and not listed(path, MAY_SPEAK_SQL)
        for texts in [docstrings(tree)]
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node not in texts
        and SQL.search(node.value)
    ]
    assert found == []


def test_files_are_short() -> None:
    lines = {path: len((SOURCE / path).read_text().splitlines()) for path in trees()}
    assert {path: count for path, count in lines.items() if count > MOST_FILE_LINES} == {}


def test_functions_are_short() -> None:
    lengths = {
        f"{path}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path, tree in trees().items()
        for node in functions(tree)
    }
    assert {name: lines for name, lines in lengths.items() if lines > MOST_FUNCTION_LINES} == {}
    ordered = sorted(lengths.values())
    assert ordered[len(ordered) // 2] <= 12
    assert ordered[len(ordered) * 9 // 10] <= 35


def test_nobody_sleeps_without_a_reason() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in trees().items()
        if not listed(path, MAY_SLEEP)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in SLEEPS
    ]
    assert found == []


@pytest.mark.parametrize("place", sorted(MAY_SLEEP))
def test_every_reason_to_sleep_is_still_needed(place: str) -> None:
    assert any(
        isinstance(node, ast.Call) and ast.unparse(node.func) in SLEEPS
        for path, tree in trees().items()
        if listed(path, {place: ""})
        for node in ast.walk(tree)
    )


def test_no_error_is_swallowed() -> None:
    """An `except` for everything says what happened, or hands it on."""
    found = [
        f"{path}:{node.lineno}"
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
        and all(isinstance(step, ast.Pass | ast.Continue) for step in node.body)
    ]
    assert found == []


def test_names_say_what_is_inside() -> None:
    assert [path for path in trees() if VAGUE & set(Path(path).with_suffix("").parts)] == []


def test_nothing_is_put_off() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX)\b")
    found = [path for path in trees() if marks.search((SOURCE / path).read_text())]
    assert found == []


def test_every_connector_comes_with_what_it_needs() -> None:
    """Its own README, and an entry the others need not know of."""
    for folder in sorted((SOURCE / "connectors").iterdir()):
        if folder.is_dir() and (folder / "__init__.py").exists():
            assert (folder / "README.md").exists(), folder.name
            assert (folder / "config.py").exists(), folder.name
