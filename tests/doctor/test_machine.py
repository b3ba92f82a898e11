"""What the doctor sees from outside the database."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from acceptance_demo import free_port
from loopback import LoopbackServer
from uzel.doctor.finding import State
from uzel.doctor.machine import MIB, of_disk, of_folder, of_key, of_public_url, of_python, of_web
from uzel.kit.secrets import make_key_file
from uzel.kit.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return Settings(folder, port=free_port())


@pytest.fixture
def answering() -> Iterator[Callable[[int, bytes], int]]:
    """answering(status, body): the port of a server that answers everything so."""
    with ExitStack() as servers:

        def start(status: int, body: bytes) -> int:
            server = LoopbackServer(lambda got: (status, {}, body))
            return servers.enter_context(server).server_port

        yield start


def test_this_python_will_do() -> None:
    assert [finding.state for finding in of_python()] == [State.GOOD]


def test_a_private_folder_is_good(settings: Settings) -> None:
    folder, disk = of_folder(settings)
    assert folder.state is State.GOOD
    assert disk.check == "disk" and "MiB free" in disk.what


def test_a_folder_for_everybody_is_looked_at(settings: Settings) -> None:
    settings.data_dir.chmod(0o755)
    folder = next(of_folder(settings))
    assert folder.state is State.WARNING
    assert f"chmod 700 '{settings.data_dir}'" in folder.advice


def test_a_missing_folder_is_not_made(settings: Settings) -> None:
    missing = settings.data_dir / "none"
    (finding,) = of_folder(replace(settings, data_dir=missing))
    assert finding.state is State.WARNING
    assert not missing.exists()


def test_a_file_in_the_place_of_the_folder(settings: Settings) -> None:
    file = settings.data_dir / "file"
    file.touch()
    (finding,) = of_folder(replace(settings, data_dir=file))
    assert (finding.state, "is no folder" in finding.what) == (State.WRONG, True)


@pytest.mark.parametrize(
    ("free_mib", "state", "said"),
    [
        (4096, State.GOOD, "4096 MiB free"),
        (1000, State.WARNING, "1000 MiB free"),
        (99, State.WRONG, "nearly full: 99 MiB free"),
        (0, State.WRONG, "nearly full: 0 MiB free"),
    ],
)
def test_a_disk_that_fills_up(tmp_path: Path, free_mib: int, state: State, said: str) -> None:
    finding = of_disk(tmp_path, free_mib * MIB)
    assert (finding.state, said in finding.what) == (state, True)
    assert ("Free some space" in finding.advice) == (state is not State.GOOD)


def test_looking_at_a_key_writes_nothing(settings: Settings) -> None:
    make_key_file(settings.data_dir / "master.key")
    before = settings.data_dir.stat().st_mtime_ns
    assert [finding.state for finding in of_key(settings)] == [State.GOOD]
    assert settings.data_dir.stat().st_mtime_ns == before


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_closed_folder_is_wrong(settings: Settings) -> None:
    settings.data_dir.chmod(0o500)
    assert next(of_folder(settings)).state is State.WRONG


def test_a_missing_key_is_not_made(settings: Settings) -> None:
    (finding,) = of_key(settings)
    assert finding.state is State.WARNING
    assert list(settings.data_dir.iterdir()) == []


def test_a_key_is_private_and_whole(settings: Settings) -> None:
    path = settings.data_dir / "master.key"
    make_key_file(path)
    assert [finding.state for finding in of_key(settings)] == [State.GOOD]
    path.chmod(0o644)
    (open_to_all,) = of_key(settings)
    assert open_to_all.state is State.WRONG and "chmod 600" in open_to_all.what
    path.chmod(0o600)
    path.write_text("c2hvcnQ=\n")
    (short,) = of_key(settings)
    assert short.state is State.WRONG
    assert "c2hvcnQ" not in short.what


def test_a_key_of_the_environment(settings: Settings) -> None:
    (finding,) = of_key(replace(settings, master_key="bm90IGEga2V5"))
    assert finding.state is State.WRONG and "openssl rand" in finding.what


def test_nobody_listens(settings: Settings) -> None:
    (finding,) = of_web(settings)
    assert finding.state is State.WRONG
    assert "nobody listens" in finding.what and "uzel serve" in finding.advice


@pytest.mark.parametrize(
    ("status", "body", "state", "said"),
    [
        (200, b'{"status":"ok"}', State.GOOD, "answers"),
        (503, b'{"status":503,"detail":"The disk is full."}', State.WRONG, "The disk is full."),
        (200, b"<html>It works!</html>", State.WRONG, "another program"),
        (404, b"{}", State.WRONG, "another program"),
        (500, b"", State.WRONG, "another program"),
    ],
)
def test_who_answers(
    settings: Settings,
    answering: Callable[[int, bytes], int],
    status: int,
    body: bytes,
    state: State,
    said: str,
) -> None:
    (finding,) = of_web(replace(settings, port=answering(status, body), host="0.0.0.0"))
    assert (finding.state, said in finding.what) == (state, True), finding


@pytest.mark.parametrize(
    ("url", "state"),
    [
        (None, State.WARNING),
        ("https://uzel.example", State.GOOD),
        ("http://uzel.example", State.WARNING),
        ("https://10.0.0.5", State.WARNING),
        ("http://localhost:8000", State.WARNING),
        ("uzel.example", State.WRONG),
        ("https://", State.WRONG),
    ],
)
def test_the_public_address(settings: Settings, url: str | None, state: State) -> None:
    (finding,) = of_public_url(replace(settings, public_url=url))
    assert finding.state is state
    assert (finding.advice == "") == (state is State.GOOD)
