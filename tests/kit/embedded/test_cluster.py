"""Which folders the server opens, and which it leaves alone."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from uzel.errors import ConfigError
from uzel.kit.embedded import EmbeddedPostgres
from uzel.kit.embedded.processes import tag_of

Kept = Callable[[str], bool]


def test_data_of_another_major_version_is_refused_untouched(
    postgres: EmbeddedPostgres, data_dir: Path, kept: Kept
) -> None:
    version = data_dir / "postgres" / "PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(ConfigError, match=r"PostgreSQL 17.*18\.\d+.*pg_dump"):
        postgres.start()
    version.write_text("18\n")
    assert kept(postgres.start())


def test_a_folder_with_other_things_in_it_is_refused(tmp_path: Path) -> None:
    stranger = tmp_path / "postgres" / "letter.txt"
    stranger.parent.mkdir()
    stranger.write_text("dear")
    with pytest.raises(ConfigError, match="holds no PostgreSQL data"):
        EmbeddedPostgres(tmp_path).start()
    assert stranger.read_text() == "dear"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere PostgreSQL takes 1,023 bytes")
def test_a_path_longer_than_postgresql_takes(template: Path, tmp_path: Path, kept: Kept) -> None:
    data_dir = tmp_path.joinpath(*["узел " * 25] * 6)
    assert len(os.fsencode(data_dir)) > 1200
    data_dir.parent.mkdir(parents=True)
    subprocess.run(["cp", "-a", str(template), str(data_dir)], check=True)
    with EmbeddedPostgres(data_dir) as postgres:
        assert kept(postgres.dsn)


def test_a_copy_and_its_original_run_side_by_side(
    postgres: EmbeddedPostgres, data_dir: Path, tmp_path: Path, kept: Kept
) -> None:
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-a", str(data_dir), str(copy)], check=True)
    assert tag_of(copy) != tag_of(data_dir)
    postgres.start()
    with EmbeddedPostgres(copy) as other:
        assert other.dsn != postgres.dsn
        assert kept(other.dsn)
        assert kept(postgres.dsn)


def test_a_backup_put_back_without_its_owners_is_opened(data_dir: Path, kept: Kept) -> None:
    restored = data_dir.with_name("restored")
    shutil.copytree(data_dir, restored)
    with EmbeddedPostgres(restored) as postgres:
        assert kept(postgres.dsn)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_root_runs_a_folder_as_the_account_that_owns_it(data_dir: Path, kept: Kept) -> None:
    owner = 12345  # of no account: PostgreSQL asks for a name only when it makes a folder
    subprocess.run(["chown", "-R", str(owner), str(data_dir)], check=True)
    with EmbeddedPostgres(data_dir) as postgres:
        assert kept(postgres.dsn)
        leader = (data_dir / "postgres" / "postmaster.pid").read_text().split()[0]
        assert (Path("/proc") / leader).stat().st_uid == owner
    assert {path.stat().st_uid for path in data_dir.rglob("*")} == {owner}
