"""Where the server listens: a socket in a short private folder outside the data folder."""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from uzel.errors import ConfigError
from uzel.kit.embedded.account import Account
from uzel.kit.embedded.cluster import DATABASE, ROLE
from uzel.kit.embedded.options import PORT

SOCKET = f".s.PGSQL.{PORT}"
# sun_path: 108 bytes on Linux, 104 on macOS, a zero at the end included.
LONGEST_PATH_BYTES = 103
MOST_NAMES = 10
TEMPORARY = "/tmp"  # noqa: S108 (what is made there is made private)


def prepare_socket_folder(tag: str, account: Account) -> Path:
    """A folder only `account` (and root) may enter: who can reach the socket may use the database
    without a password. The same one at each start, so that clients find the server again.

    The caller holds the lock of the server: a socket lying there belongs to nobody.
    """
    for folder in _candidates(tag):
        if _make_private(folder, account):
            _remove_sockets(folder)
            return folder
    raise ConfigError(
        "No folder for PostgreSQL's socket: neither TMPDIR nor /tmp can be written by the account "
        f"{account.name!r}, or another account took every name such as {tag} there."
    )


def remove_socket_folder(folder: Path) -> None:
    """After the server's end; it left its sockets behind if it was killed."""
    with suppress(OSError):  # somebody else's file in it, or it is gone: no harm either way
        _remove_sockets(folder)
        folder.rmdir()


def _remove_sockets(folder: Path) -> None:
    for name in (SOCKET, f"{SOCKET}.lock"):
        (folder / name).unlink(missing_ok=True)


def _candidates(tag: str) -> Iterator[Path]:
    """Not XDG_RUNTIME_DIR: it disappears when its user logs out, and the server stays."""
    places = ["/run"] if os.geteuid() == 0 else []
    for place in (*places, os.environ.get("TMPDIR", TEMPORARY), TEMPORARY):
        for number in range(MOST_NAMES):
            folder = Path(place) / (f"{tag}-{number}" if number else tag)
            if folder.is_absolute() and len(os.fsencode(folder / SOCKET)) <= LONGEST_PATH_BYTES:
                yield folder


def _make_private(folder: Path, account: Account) -> bool:
    """False if it cannot be made, or if somebody else made it first to sit in the middle."""
    try:
        folder.mkdir(mode=0o700)
        account.take(folder)
    except FileExistsError:
        pass
    except OSError:
        return False
    there = folder.lstat()
    private = stat.S_ISDIR(there.st_mode) and not there.st_mode & 0o077
    if private and there.st_uid == 0 and account.drop:  # killed between the two steps above
        account.take(folder)
        return True
    return private and there.st_uid == account.uid


def dsn(folder: Path) -> str:
    """For asyncpg and libpq alike."""
    return f"postgresql://{ROLE}@/{DATABASE}?host={quote(str(folder))}&port={PORT}"


def answers(folder: Path) -> bool:
    """Whether somebody listens on the socket in `folder`."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(folder / SOCKET))
        except OSError:
            return False
    return True
