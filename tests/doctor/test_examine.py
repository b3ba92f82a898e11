"""`uzel doctor` as it is run."""

import json
from pathlib import Path

import pytest

from acceptance_demo import free_port
from running_web import running_web
from sample_data import MASTER_KEY
from uzel.cli import main
from uzel.doctor.examine import run, to_text
from uzel.doctor.finding import wrong


def test_an_installation_that_was_never_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UZEL_DATA_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("UZEL_PORT", str(free_port()))
    monkeypatch.delenv("UZEL_DATABASE_URL", raising=False)
    assert main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "WRONG  database: the embedded database" in said
    assert "Do:    Start it: uzel serve" in said
    assert list(tmp_path.iterdir()) == []


def test_settings_that_cannot_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(as_json=True, environment={"UZEL_PORT": "http"}) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["good"] is False
    assert "UZEL_PORT" in said["findings"][0]["what"]


def test_all_is_well(dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running_web(dsn, tmp_path) as web_app:
        beat = "insert into worker (id, name) values (gen_random_uuid(), 'test')"
        web_app.run(lambda: web_app.deps.pool.execute(beat))
        environment = {
            "UZEL_DATA_DIR": str(tmp_path),
            "UZEL_DATABASE_URL": dsn,
            "UZEL_MASTER_KEY": MASTER_KEY,
            "UZEL_PORT": web_app.url.rpartition(":")[2],
            "UZEL_PUBLIC_URL": "https://uzel.example",
        }
        status = run(as_json=True, environment=environment)
    said = json.loads(capsys.readouterr().out)
    assert (status, said["good"]) == (0, True), said
    assert {"web", "workers", "schema", "public address"} <= {f["check"] for f in said["findings"]}


def test_long_advice_is_wrapped_but_commands_stay_whole() -> None:
    command = "chown -R somebody-with-a-long-name '/a/rather/long/path/to/some/folder'"
    shown = to_text([wrong("x", "y", "word " * 60, f"Run this: {command}")])
    assert all(len(line) <= 96 for line in shown.splitlines())
    assert "somebody-with-a-long-name" in shown
    again = "uzel replay --reason place_unknown --days 7"
    for words in range(30):
        assert again in to_text([wrong("x", "y", "", "word " * words + f"Then: {again}")])
