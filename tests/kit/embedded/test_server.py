"""What an owner and the other processes of an installation see of the server."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from uzel.errors import ConfigError
from uzel.kit.embedded import EmbeddedPostgres, opened, running
from uzel.kit.embedded.processes import server_processes, tag_of

Ask = Callable[[str, str], Any]
Kept = Callable[[str], bool]
SpawnOwner = Callable[[Path], subprocess.Popen[str]]


def socket_folder(dsn: str) -> Path:
    return Path(parse_qs(urlsplit(dsn).query)["host"][0])


def modes(path: Path) -> list[tuple[Path, int, int]]:
    return [(p, p.stat().st_mode, p.stat().st_uid) for p in (path, *path.parents)]


@pytest.fixture(scope="module")
def module_postgres(
    template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmbeddedPostgres]:
    copy = tmp_path_factory.mktemp("module") / "data"
    subprocess.run(["cp", "-a", str(template), str(copy)], check=True)
    with EmbeddedPostgres(copy) as postgres:
        yield postgres


def test_first_start_makes_the_folder_and_touches_nothing_above_it(
    tmp_path: Path, ask: Ask
) -> None:
    above = tmp_path / "closed"
    above.mkdir(mode=0o700)
    before = modes(above)
    data_dir = above / "with space" / "and 'quotes' $HOME"
    with EmbeddedPostgres(data_dir) as postgres:
        assert ask(postgres.dsn, "select 1") == 1
        assert socket_folder(postgres.dsn).stat().st_mode & 0o777 == 0o700
    assert modes(above) == before
    assert data_dir.stat().st_mode & 0o777 == 0o700
    assert not socket_folder(postgres.dsn).exists()
    assert not server_processes(tag_of(data_dir))


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("server_encoding", "UTF8"),
        ("data_checksums", "on"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("listen_addresses", ""),
        ("TimeZone", "UTC"),
    ],
)
def test_settings(module_postgres: EmbeddedPostgres, ask: Ask, setting: str, value: str) -> None:
    assert ask(module_postgres.dsn, f"select current_setting('{setting}')") == value


def test_role_and_database(module_postgres: EmbeddedPostgres, ask: Ask) -> None:
    who = ask(module_postgres.dsn, "select current_user || ' ' || current_database()")
    assert who == "uzel uzel"


def test_text_sorts_by_code_point_and_knows_russian(
    module_postgres: EmbeddedPostgres, ask: Ask
) -> None:
    sql = "select lower('ЁЖИК') = 'ёжик' and 'Иван' ilike 'иВ%' and 'Ё' < 'А' and 'Z' < 'a'"
    assert ask(module_postgres.dsn, sql)


def test_data_survives_a_restart_under_the_same_dsn(postgres: EmbeddedPostgres, kept: Kept) -> None:
    dsn = postgres.start()
    assert postgres.is_running()
    assert postgres.start() == dsn
    postgres.stop()
    assert not postgres.is_running()
    assert postgres.start() == dsn
    assert kept(dsn)


def test_a_second_owner_is_refused_and_told_who_holds_the_folder(
    data_dir: Path, spawn_owner: SpawnOwner, kept: Kept
) -> None:
    owner = spawn_owner(data_dir)
    assert owner.stdout is not None
    dsn = owner.stdout.readline().strip()
    with pytest.raises(ConfigError, match=rf"process {owner.pid}\).*UZEL_DATA_DIR"):
        EmbeddedPostgres(data_dir).start()
    assert kept(dsn)


def test_others_use_the_server_that_runs_or_start_their_own(data_dir: Path, kept: Kept) -> None:
    assert running(data_dir) is None
    with opened(data_dir) as ours:
        assert ours.owned
        with opened(data_dir) as theirs:
            assert not theirs.owned
            assert theirs.dsn == ours.dsn
            assert kept(theirs.dsn)
        assert running(data_dir) == theirs
    assert running(data_dir) is None


def test_a_socket_folder_others_may_enter_is_left_alone(
    postgres: EmbeddedPostgres, kept: Kept
) -> None:
    trap = socket_folder(postgres.start())
    postgres.stop()
    trap.mkdir()
    trap.chmod(0o777)
    try:
        postgres.start()
        assert socket_folder(postgres.dsn) != trap
        assert kept(postgres.dsn)
        assert not list(trap.iterdir())
    finally:
        trap.rmdir()


def test_a_socket_folder_that_is_a_link_is_left_alone(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    trap = socket_folder(postgres.start())
    postgres.stop()
    trap.symlink_to(tmp_path)
    try:
        postgres.start()
        assert socket_folder(postgres.dsn) != trap
    finally:
        trap.unlink()


def test_a_server_that_refuses_to_start_says_why_and_frees_the_folder(
    postgres: EmbeddedPostgres, data_dir: Path, kept: Kept
) -> None:
    control = data_dir / "postgres" / "global" / "pg_control"
    good = control.read_bytes()
    control.write_bytes(b"\0" * len(good))
    with pytest.raises(ConfigError, match=r"did not start: .*FATAL.*postgres\.log"):
        postgres.start()
    control.write_bytes(good)
    with EmbeddedPostgres(data_dir) as other:
        assert kept(other.dsn)


def test_a_data_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="UZEL_DATA_DIR"):
        EmbeddedPostgres(tmp_path / "file" / "data").start()


def test_people_do_not_show_in_the_log(
    postgres: EmbeddedPostgres, data_dir: Path, ask: Ask
) -> None:
    postgres.start()
    for sql in (
        "insert into note values ('+79990000001')",  # the detail of the error quotes the key
        "select '+79990000001'::uuid",  # the message itself quotes the value
        "do $$ begin raise exception '+79990000001'; end $$",
        "select +79990000001 from nowhere",
    ):
        with pytest.raises(asyncpg.PostgresError):
            ask(postgres.dsn, sql)
    postgres.stop()
    log = (data_dir / "postgres.log").read_text()
    assert "ready to accept connections" in log
    assert "9990000001" not in log


def test_a_long_log_is_set_aside_at_the_next_start(
    postgres: EmbeddedPostgres, data_dir: Path
) -> None:
    log = data_dir / "postgres.log"
    log.write_bytes(b"old\n" * 500_000)
    postgres.start()
    assert log.stat().st_size < 10_000
    assert log.with_name("postgres.log.1").read_bytes().startswith(b"old")


def test_the_server_knows_nothing_of_our_environment(
    postgres: EmbeddedPostgres, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UZEL_MASTER_KEY", "secret")
    monkeypatch.setenv("PGPORT", "1")
    postgres.start()
    leader = (data_dir / "postgres" / "postmaster.pid").read_text().split()[0]
    try:
        environment = (Path("/proc") / leader / "environ").read_bytes()
    except OSError:
        pytest.skip("the system does not show the environment of a process")
    names = {item.split(b"=")[0] for item in environment.split(b"\0") if b"=" in item}
    assert names <= {b"PATH", b"LC_ALL", b"TZ", b"PGSYSCONFDIR", b"PGLOCALEDIR", b"PGDATA"}
