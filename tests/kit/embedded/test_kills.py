"""Every process of the house killed -9, and what the next start finds."""

import asyncio
import os
import pwd
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from uzel.kit.embedded import EmbeddedPostgres, running
from uzel.kit.embedded.processes import server_processes, tag_of

Kept = Callable[[str], bool]
Until = Callable[[Callable[[], object]], None]
SpawnOwner = Callable[[Path], subprocess.Popen[str]]


def leader(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])


def guardian(data_dir: Path) -> int:
    leaders = [pid for pid, leads in server_processes(tag_of(data_dir)).items() if leads]
    return next(pid for pid in leaders if pid != leader(data_dir))


def ready_owner(spawn_owner: SpawnOwner, data_dir: Path) -> subprocess.Popen[str]:
    owner = spawn_owner(data_dir)
    assert owner.stdout is not None
    assert owner.stdout.readline()
    return owner


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()


def test_a_killed_server_is_noticed_and_starts_again_under_the_same_dsn(
    postgres: EmbeddedPostgres, data_dir: Path, kept: Kept
) -> None:
    dsn = postgres.start()
    assert postgres.poll() is None
    assert postgres.wait(0.01) is None
    os.kill(leader(data_dir), signal.SIGKILL)
    assert postgres.wait(10) == 128 + signal.SIGKILL
    assert not postgres.is_running()
    assert postgres.start() == dsn
    assert kept(dsn)


def test_a_backend_deep_in_a_computation_does_not_keep_a_killed_server_alive(
    postgres: EmbeddedPostgres, data_dir: Path, kept: Kept
) -> None:
    async def compute_and_kill(dsn: str) -> None:
        connection = await asyncpg.connect(dsn)
        pid = connection.get_server_pid()
        endless = asyncio.create_task(
            connection.execute("select sum(a) from generate_series(1, 1e15::bigint) as a")
        )
        await asyncio.sleep(0.2)
        os.kill(leader(data_dir), signal.SIGKILL)
        await asyncio.to_thread(postgres.wait)
        assert pid in server_processes(tag_of(data_dir))
        await asyncio.to_thread(postgres.start)
        with pytest.raises(asyncpg.PostgresConnectionError):
            await endless
        assert pid not in server_processes(tag_of(data_dir))

    asyncio.run(compute_and_kill(postgres.start()))
    assert kept(postgres.dsn)


def test_the_server_ends_by_itself_once_its_owner_is_killed(
    data_dir: Path, postgres: EmbeddedPostgres, spawn_owner: SpawnOwner, until: Until, kept: Kept
) -> None:
    kill(ready_owner(spawn_owner, data_dir))
    until(lambda: not server_processes(tag_of(data_dir)))
    assert kept(postgres.start())


def test_a_start_right_after_the_owner_was_killed_waits_for_the_old_server(
    data_dir: Path, postgres: EmbeddedPostgres, spawn_owner: SpawnOwner, kept: Kept
) -> None:
    kill(ready_owner(spawn_owner, data_dir))
    assert kept(postgres.start())


def test_an_orphaned_server_is_stopped_by_the_next_start(
    data_dir: Path, postgres: EmbeddedPostgres, spawn_owner: SpawnOwner, kept: Kept
) -> None:
    owner = ready_owner(spawn_owner, data_dir)
    orphan = leader(data_dir)
    os.kill(guardian(data_dir), signal.SIGKILL)
    kill(owner)
    assert orphan in server_processes(tag_of(data_dir))
    assert kept(postgres.start())
    assert leader(data_dir) != orphan


def test_a_killed_guardian_is_noticed_and_replaced(
    postgres: EmbeddedPostgres, data_dir: Path, kept: Kept
) -> None:
    dsn = postgres.start()
    os.kill(guardian(data_dir), signal.SIGKILL)
    assert postgres.wait(10) == -signal.SIGKILL
    assert postgres.start() == dsn
    assert kept(dsn)


def test_stop_ends_a_server_whose_guardian_was_killed(
    postgres: EmbeddedPostgres, data_dir: Path
) -> None:
    postgres.start()
    os.kill(guardian(data_dir), signal.SIGKILL)
    postgres.stop()
    assert not server_processes(tag_of(data_dir))


def test_signals_meant_for_the_owner_do_not_move_the_guardian(
    postgres: EmbeddedPostgres, data_dir: Path, kept: Kept
) -> None:
    postgres.start()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(guardian(data_dir), number)
    assert postgres.wait(0.2) is None
    assert kept(postgres.dsn)


def test_pid_files_naming_a_living_stranger_are_ignored(
    postgres: EmbeddedPostgres, data_dir: Path, kept: Kept
) -> None:
    dsn = postgres.start()
    sockets = Path(parse_qs(urlsplit(dsn).query)["host"][0])
    files = (data_dir / "postgres" / "postmaster.pid", sockets / ".s.PGSQL.5432.lock")
    old = str(leader(data_dir))
    os.kill(leader(data_dir), signal.SIGKILL)
    postgres.wait(10)
    # PostgreSQL believes such a file only if the process belongs to its own account.
    account = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
    stranger = subprocess.Popen(["sleep", "600"], user=account)
    try:
        for path in files:
            path.write_text(path.read_text().replace(old, str(stranger.pid), 1))
        assert running(data_dir) is None
        assert postgres.start() == dsn
        assert kept(dsn)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("step", ["base", "global/pg_control"])
def test_a_folder_half_made_by_a_killed_start_is_made_anew(
    tmp_path: Path, spawn_owner: SpawnOwner, until: Until, step: str
) -> None:
    data_dir = tmp_path / "data dir"
    owner = spawn_owner(data_dir)
    until((data_dir / "postgres.new" / step).exists)
    kill(owner)
    assert not (data_dir / "postgres").exists()
    with EmbeddedPostgres(data_dir) as postgres:
        assert postgres.is_running()
        assert not (data_dir / "postgres.new").exists()
