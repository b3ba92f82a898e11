"""A demo leaves installations alone: their folder, their database, their address."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from acceptance_demo import free_port
from parts import RING
from uzel.connections import manage, store
from uzel.demo import business
from uzel.demo import store as marks
from uzel.demo.apart import MARK, check_database, keep_apart, own_folder
from uzel.demo.start import exports
from uzel.errors import ConfigError
from uzel.kit import database
from uzel.kit.settings import read_settings
from uzel.people.manage import save_person

WAIT_S = 60.0
COUNTED = "select (select count(*) from connection), (select count(*) from person)"


def test_its_folder_is_one_of_its_own_inside_the_one_it_was_given(tmp_path: Path) -> None:
    (tmp_path / "master.key").write_text("of an installation")
    folder = own_folder(tmp_path)
    assert folder == tmp_path / "demo"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert own_folder(tmp_path) == own_folder(folder) == folder
    assert [path.name for path in tmp_path.iterdir() if path.name != "demo"] == ["master.key"]


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("a file")
    with pytest.raises(ConfigError, match="nothing can be kept in"):
        own_folder(tmp_path)


def test_neither_the_address_nor_the_accounts_of_an_installation_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {
        "UZEL_DATA_DIR": str(tmp_path),
        "UZEL_PUBLIC_URL": "https://uzel.example",
        "SMSRU_API_KEY": "real",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    kept = keep_apart(read_settings())
    assert kept.url == "http://127.0.0.1:8000" and kept.data_dir == tmp_path / "demo"
    assert read_settings() == kept
    assert "SMSRU_API_KEY" not in os.environ


async def add_connection(db: database.Connection) -> None:
    await manage.add(db, RING, "iiko", "default", {})


async def add_person(db: database.Connection) -> None:
    await save_person(db, "olga", "a password of hers", "admin")


async def add_place(db: database.Connection) -> None:
    number = await store.default_business(db)
    await store.ensure_place(db, number, "Моя кофейня", "https://reviews.example/1")


def on(dsn: str, *works: Any) -> Any:
    """Do these in one transaction; gives what the last one gives."""

    async def run() -> Any:
        db = await database.connect(dsn, name="test")
        try:
            async with db.transaction():
                return [await work(db) for work in works][-1]
        finally:
            await db.close()

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("add", "named"),
    [
        (add_connection, "the connection iiko/default"),
        (add_person, "the account olga"),
        (add_place, "the place Моя кофейня"),
    ],
)
def test_a_database_with_anything_of_others_is_refused(dsn: str, add: Any, named: str) -> None:
    on(dsn, add)
    with pytest.raises(ConfigError, match=f"not a demo's.*{named}"):
        check_database(dsn)


def test_an_empty_database_is_taken_and_so_is_one_from_before_demos_were_marked(
    dsn: str, server_dsn: str
) -> None:
    check_database(server_dsn)
    check_database(dsn)
    on(dsn, lambda db: business.fill(db, RING, "http://127.0.0.1:9"))
    check_database(dsn)


def test_what_was_added_in_a_demo_stays_its_own(dsn: str) -> None:
    on(dsn, lambda db: marks.mark(db, "demo"), add_connection, add_person, add_place)
    check_database(dsn)


def test_the_command_changes_nothing_in_an_installation(dsn: str, tmp_path: Path) -> None:
    on(dsn, add_connection, add_person, add_place)
    before = on(dsn, lambda db: db.fetchrow(COUNTED))
    port = str(free_port())
    own = {"UZEL_DATABASE_URL": dsn, "UZEL_DATA_DIR": str(tmp_path), "UZEL_PORT": port}
    done = subprocess.run(
        [sys.executable, "-m", "uzel", "demo", "--json"],
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    assert done.returncode == 1 and done.stdout == ""
    assert "not a demo's" in done.stderr and "Traceback" not in done.stderr
    assert on(dsn, lambda db: db.fetchrow(COUNTED)) == before
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]
    assert (tmp_path / "demo" / MARK).exists()


def test_another_terminal_is_told_what_to_set(tmp_path: Path) -> None:
    folder = tmp_path / "with a space"
    line = exports(read_settings({"UZEL_DATA_DIR": str(folder), "UZEL_PORT": "8001"}))
    seen = subprocess.run(
        ["sh", "-c", f'{line}; echo "$UZEL_DATA_DIR|$UZEL_ALLOW_PRIVATE_ADDRESSES|$UZEL_PORT"'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert seen.stdout.strip() == f"{folder}|127.0.0.1|8001"
    secret = exports(read_settings({"UZEL_DATABASE_URL": "postgresql://u:secret@h/d"}))
    assert "secret" not in secret and "UZEL_DATABASE_URL" in secret
