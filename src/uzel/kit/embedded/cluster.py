"""The folder with the data: made whole or not at all, and never by another PostgreSQL."""

import os
import shutil
from pathlib import Path

from uzel.errors import ConfigError
from uzel.kit.embedded.account import Account
from uzel.kit.embedded.binaries import MAJOR, Binaries
from uzel.kit.embedded.options import HERE

ROLE = DATABASE = "uzel"

# C.UTF-8 of PostgreSQL's own: sorts by code point like C, but knows the letters of every
# alphabet, so lower() and ILIKE work for Russian. The wheel is built without ICU.
LOCALE = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")

# No password: the only way in is a socket in a folder of mode 700 (see sockets.py).
# Everybody waits while the log gets another file, until that is written full of zeros and synced:
# 16 MB, as is usual, are a pause of up to 80 ms on a modest disk.
LOG = ("--wal-segsize=1",)
INITDB = ("-D", HERE, "-U", ROLE, "--auth=trust", "--data-checksums", *LOG, *LOCALE)


def prepare_cluster(folder: Path, account: Account, binaries: Binaries, lock: int) -> None:
    """Makes the cluster if there is none, else checks that this PostgreSQL may open it.

    `lock` is handed to what runs here: after a kill -9 in the middle of it, the next start waits.
    """
    version = folder / "PG_VERSION"
    if folder.exists():
        _check_owner(folder, account)
    if not folder.exists() or not any(folder.iterdir()):
        _create(folder, account, binaries, lock)
    elif not version.exists():
        raise ConfigError(
            f"{folder} is not empty and holds no PostgreSQL data. Move it away, or set "
            "UZEL_DATA_DIR to another folder."
        )
    else:
        _check_version(folder, version.read_text().strip(), binaries)
    _forget_old_server(folder)


def _create(folder: Path, account: Account, binaries: Binaries, lock: int) -> None:
    draft = folder.with_name(f"{folder.name}.new")
    if draft.exists():
        shutil.rmtree(draft)
    draft.mkdir(mode=0o700)
    account.take(draft)
    for command, feed in (
        ([binaries.initdb, *INITDB], ""),
        ([binaries.postgres, "--single", "-D", HERE, "postgres"], f"create database {DATABASE}\n"),
    ):
        done = account.run(command, cwd=draft, feed=feed, keep_fds=(lock,))
        if done.returncode != 0:
            raise ConfigError(
                f"PostgreSQL could not make its data folder {folder}: {last_lines(done.stdout)}"
            )
    draft.rename(folder)
    _sync(folder.parent)


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _check_version(folder: Path, found: str, binaries: Binaries) -> None:
    if found != str(MAJOR):
        raise ConfigError(
            f"The data in {folder} was made by PostgreSQL {found}, this Uzel brings "
            f"{binaries.version}. Nothing was changed. Start the Uzel that made it and dump the "
            f"database (pg_dump), move the folder away, start this Uzel once so that it makes a "
            "new one, and load the dump (psql)."
        )


def _check_owner(folder: Path, account: Account) -> None:
    owner = folder.stat().st_uid
    if owner == account.uid:
        return
    if not account.drop:
        raise ConfigError(
            f"{folder} belongs to another account (uid {owner}), so {account.name!r} cannot run "
            "it. Start Uzel as the account (or root) that did before, or give the folder away "
            "with chown -R."
        )
    # Restored by root from a backup, for instance. Root's alone, so nobody else put links in it.
    for path in (folder, *folder.rglob("*")):
        account.take(path)


def _forget_old_server(folder: Path) -> None:
    """Our caller holds the lock of the server, so no process of it lives. PostgreSQL cannot know:
    it refuses to start if the number in the file meanwhile belongs to any process of the account.
    """
    (folder / "postmaster.pid").unlink(missing_ok=True)


def last_lines(text: str, count: int = 3) -> str:
    """The end of what a program said, on one line."""
    return " / ".join(line for line in text.strip().splitlines()[-count:] if line)
