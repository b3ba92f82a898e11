"""The server as its owner sees it: start, stop, notice that it died, start again."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from uzel.errors import ConfigError
from uzel.kit.embedded import options, sockets
from uzel.kit.embedded.account import account_for
from uzel.kit.embedded.binaries import find_binaries
from uzel.kit.embedded.cluster import last_lines, prepare_cluster
from uzel.kit.embedded.processes import POLL_S, lock_out_leftovers, open_private, tag_of, try_lock

GUARDIAN = Path(__file__).with_name("guardian.py")
LOG_KEPT_BYTES = 1024 * 1024
# The guardian's own steps after the fast stop, and some air.
STOP_AIR_S = 15.0


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `owned`: it ends with us."""

    dsn: str
    owned: bool


class EmbeddedPostgres:
    """One PostgreSQL for one data folder, for as long as this process lives or until `stop`.

    `start` may be called again after the server died; the dsn stays the same. It may fail then as
    well (a full disk) and be called later once more. `wait` may run in a thread of its own, all
    else belongs to one thread.
    """

    def __init__(
        self, data_dir: Path, *, start_timeout_s: float = 600.0, stop_timeout_s: float = 10.0
    ) -> None:
        """`start_timeout_s` has room for the replay of a full log after a power cut. After
        `stop_timeout_s` of an orderly stop the server is cut off, without loss of data.
        """
        self._data_dir = data_dir.absolute()
        self._folder = self._data_dir / "postgres"
        self._start_timeout_s = start_timeout_s
        self._stop_timeout_s = stop_timeout_s
        self._owner_lock: int | None = None
        self._guardian: subprocess.Popen[bytes] | None = None
        self._socket_folder: Path | None = None

    @property
    def dsn(self) -> str:
        """For asyncpg. Known after the first `start`, and still there when the server has died."""
        if self._socket_folder is None:
            raise RuntimeError("the server was never started")
        return sockets.dsn(self._socket_folder)

    def start(self) -> str:
        """Starts the server unless it runs, making the folder at the first time. Gives the dsn.

        Raises ConfigError: the folder is in use, cannot be used, or PostgreSQL refuses it.
        """
        if not self.is_running():
            try:
                self._own_folder()
                self._launch()
            except BaseException:
                self.stop()
                raise
        return self.dsn

    def stop(self) -> None:
        """Stops the server, waits for its end and gives the folder free. Harmless when stopped."""
        try:
            if self._dismiss_guardian():
                self._clear_up()
        finally:
            if self._owner_lock is not None:
                os.close(self._owner_lock)
                self._owner_lock = None

    def is_running(self) -> bool:
        return self._guardian is not None and self._guardian.poll() is None

    def poll(self) -> int | None:
        """The exit status of a server that died under us (128 + n: by signal n), else None."""
        return None if self._guardian is None else self._guardian.poll()

    def wait(self, timeout_s: float | None = None) -> int | None:
        """Blocks until the server dies and gives its exit status; None after `timeout_s`."""
        if self._guardian is None:
            raise RuntimeError("the server was not started")
        try:
            return self._guardian.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _own_folder(self) -> None:
        if self._owner_lock is not None:
            return
        path = self._data_dir / "lock"
        try:
            self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = open_private(path)
        except OSError as error:
            raise ConfigError(
                f"Uzel cannot write to its data folder {self._data_dir}: {error.strerror}. "
                "Start it as the account the folder belongs to, or set UZEL_DATA_DIR."
            ) from error
        if not try_lock(fd):
            holder = os.pread(fd, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(fd)
            raise ConfigError(
                f"Another Uzel works on the data folder {self._data_dir} (process {holder}). Stop "
                f"it first (kill {holder}), or set UZEL_DATA_DIR to another folder."
            )
        os.ftruncate(fd, 0)
        os.write(fd, f"{os.getpid()}\n".encode())
        self._owner_lock = fd

    def _launch(self) -> None:
        self._dismiss_guardian()
        account = account_for(self._data_dir, self._folder)
        binaries = find_binaries(account, self._data_dir)
        tag = tag_of(self._data_dir)
        lock = open_private(self._data_dir / "postgres.lock")
        try:
            lock_out_leftovers(lock, tag)
            prepare_cluster(self._folder, account, binaries, lock)
            self._socket_folder = sockets.prepare_socket_folder(tag, account)
            ids = (account.uid, account.gid) if account.drop else (-1, -1)
            command = [binaries.postgres, *options.arguments(tag, self._socket_folder)]
            settings = map(str, (*ids, lock, self._stop_timeout_s, self._socket_folder))
            log_start = self._spawn_guardian([*settings, *command], lock)
        finally:
            os.close(lock)
        self._await_ready(log_start)

    def _spawn_guardian(self, arguments: list[str], lock: int) -> int:
        """Gives the place in the log where this run begins."""
        log = self._data_dir / "postgres.log"
        if log.exists() and log.stat().st_size > LOG_KEPT_BYTES:
            log.replace(log.with_name("postgres.log.1"))
        with os.fdopen(open_private(log), "ab") as stream:
            self._guardian = subprocess.Popen(
                [sys.executable, "-I", "-S", str(GUARDIAN), *arguments],
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=stream,
                stderr=stream,
                pass_fds=(lock,),
                start_new_session=True,  # a terminal's Ctrl-C is for the owner alone
            )
            return stream.tell()

    def _await_ready(self, log_start: int) -> None:
        deadline = time.monotonic() + self._start_timeout_s
        while not _is_ready(self._folder):
            died = self.poll() is not None
            if died or time.monotonic() > deadline:
                log = self._data_dir / "postgres.log"
                said = log.read_bytes()[log_start:].decode(errors="replace")
                problem = "did not start" if died else "is not ready yet"
                raise ConfigError(f"PostgreSQL {problem}: {last_lines(said)} (log: {log})")
            time.sleep(POLL_S)

    def _dismiss_guardian(self) -> bool:
        """Closing its stdin tells it to stop the server. False if there was none."""
        guardian, self._guardian = self._guardian, None
        if guardian is None:
            return False
        assert guardian.stdin is not None
        guardian.stdin.close()
        try:
            guardian.wait(self._stop_timeout_s + STOP_AIR_S)
        except subprocess.TimeoutExpired:
            guardian.kill()
            guardian.wait()
        return True

    def _clear_up(self) -> None:
        """Waits for the last process, which a guardian killed before its time could not do."""
        lock = open_private(self._data_dir / "postgres.lock")
        try:
            lock_out_leftovers(lock, tag_of(self._data_dir))
            if self._socket_folder is not None:
                sockets.remove_socket_folder(self._socket_folder)
        finally:
            os.close(lock)


def running(data_dir: Path) -> Server | None:
    """The server another process of this account (or root) keeps on this folder, if it is up."""
    folder = data_dir.absolute() / "postgres"
    if not _is_ready(folder):
        return None
    socket_folder = Path(_status(folder)[4])
    return Server(sockets.dsn(socket_folder), False) if sockets.answers(socket_folder) else None


@contextmanager
def opened(data_dir: Path) -> Iterator[Server]:
    """The server of this folder: the one that runs, else our own until the block ends."""
    if server := running(data_dir):
        yield server
    else:
        with EmbeddedPostgres(data_dir) as postgres:
            yield Server(postgres.dsn, owned=True)


def _is_ready(folder: Path) -> bool:
    status = _status(folder)
    return len(status) > 7 and status[7].strip() == "ready"


def _status(folder: Path) -> list[str]:
    """Lines of `postmaster.pid`: pid, folder, start, port, socket folder, address, memory, state
    (PostgreSQL's miscadmin.h, LOCK_FILE_LINE_*).
    """
    try:
        return (folder / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []
