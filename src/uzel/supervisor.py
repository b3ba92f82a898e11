"""`uzel serve`: the database, the migration, and one process per role, kept alive.

This process imports next to nothing, so that it costs next to nothing while it waits.
"""

import contextlib
import fcntl
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from types import FrameType

from uzel.errors import ConfigError
from uzel.kit.embedded import EmbeddedPostgres, running
from uzel.kit.lifeline import VARIABLE
from uzel.kit.settings import Settings

log = logging.getLogger("uzel.serve")

LOOK_EVERY_S = 0.2
STOP_CHILDREN_WITHIN_S = 8.0
STOP_DATABASE_WITHIN_S = 3.0
DATABASE_AGAIN_S = 2.0
FIRST_RESTART_S, LONGEST_RESTART_S = 0.3, 10.0
# A child that lived so long was healthy; its next restart is a first one again.
HEALTHY_S = 10.0
BROKEN_SETTINGS = 2


class Stop(Exception):
    """Somebody asked us to end."""


class Child:
    """One `uzel …` command in a process of its own, started again when it dies."""

    def __init__(self, name: str, *command: str) -> None:
        self.name = name
        self._command = [sys.executable, "-m", "uzel", *command]
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._not_before = 0.0
        self._wait_s = FIRST_RESTART_S

    def start(self, dsn: str) -> None:
        """Start it with the write end of a pipe in our hands: its end tells the child of ours."""
        theirs, ours = os.pipe()
        environment = {**os.environ, "UZEL_DATABASE_URL": dsn, VARIABLE: str(theirs)}
        self._process = subprocess.Popen(
            self._command, env=environment, pass_fds=(theirs,), stdin=subprocess.DEVNULL
        )
        os.close(theirs)
        self._lifeline = ours
        self._started = time.monotonic()

    def look(self, dsn: str) -> None:
        """Start it again if it died. Raises ConfigError if it cannot work as it is set up."""
        now = time.monotonic()
        if self._process is None:
            if now >= self._not_before:
                self.start(dsn)
            return
        status = self._process.poll()
        if status is None:
            return
        os.close(self._lifeline)
        self._process = None
        if status == BROKEN_SETTINGS:
            raise ConfigError(f"the {self.name} process cannot work as it is set up (see above)")
        if now - self._started > HEALTHY_S:
            self._wait_s = FIRST_RESTART_S
        log.warning("%s ended with %s; again in %.1f s", self.name, status, self._wait_s)
        self._not_before = now + self._wait_s
        self._wait_s = min(self._wait_s * 2, LONGEST_RESTART_S)

    def ask_to_stop(self) -> None:
        """SIGTERM, if it lives."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait(self, deadline: float) -> None:
        """Wait for its end; past the deadline it is killed."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.05, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("%s did not end in time and is killed", self.name)
            self._process.kill()
            self._process.wait()


class Database:
    """The database of this installation: somebody's server, or our own, shared by the supervisors
    of one data folder. Whoever comes first keeps it; when that one ends, another takes over.
    """

    def __init__(self, settings: Settings) -> None:
        self._url = settings.database_url
        self._data_dir = settings.data_dir
        self._own: EmbeddedPostgres | None = None
        self._not_before = 0.0

    def look(self) -> str:
        """Make sure it runs, as far as that is up to us. Returns its address."""
        if self._url is not None:
            return self._url
        if self._own is not None:
            self._keep(self._own)
            return self._own.dsn
        if server := running(self._data_dir):
            return server.dsn
        own = EmbeddedPostgres(self._data_dir, stop_timeout_s=STOP_DATABASE_WITHIN_S)
        dsn = own.start()
        self._own = own
        return dsn

    def _keep(self, own: EmbeddedPostgres) -> None:
        """Start it again if it ended. What keeps it from starting now (a full disk) may pass, and
        the others wait for it in the meantime.
        """
        if own.is_running() or time.monotonic() < self._not_before:
            return
        log.warning("the database ended; starting it again")
        try:
            own.start()
        except ConfigError as error:
            log.error("%s; again in %.0f s", error, DATABASE_AGAIN_S)
            self._not_before = time.monotonic() + DATABASE_AGAIN_S

    def stop(self) -> None:
        """Stop it if it is ours."""
        if self._own is not None:
            self._own.stop()


def claim_roles(settings: Settings, roles: Sequence[str]) -> list[int]:
    """Be the only one of each role on this data folder. Raises ConfigError naming who is."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    claimed = []
    for role in roles:
        fd = os.open(
            settings.data_dir / f"{role}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(fd, 32, 0).decode().strip() or "unknown"
            raise ConfigError(
                f"Another Uzel already runs the {role} role on {settings.data_dir} "
                f"(process {holder}). Stop it first (kill {holder}), or set UZEL_DATA_DIR and "
                "UZEL_PORT to run a second one beside it."
            ) from None
        os.ftruncate(fd, 0)
        os.write(fd, f"{os.getpid()}\n".encode())
        claimed.append(fd)
    return claimed


def migrate(dsn: str) -> None:
    """Bring the schema up to date, in a process of its own: what it imports is not needed later."""
    environment = {**os.environ, "UZEL_DATABASE_URL": dsn}
    done = subprocess.run([sys.executable, "-m", "uzel", "migrate"], env=environment, check=False)
    if done.returncode != 0:
        raise ConfigError("the database could not be brought up to date (see above)")


Step = Callable[[str], None]


def begin(dsn: str, check: Step | None, prepare: Step | None) -> None:
    """What comes before all children; see `supervise`."""
    if check is not None:
        check(dsn)
    migrate(dsn)
    if prepare is not None:
        prepare(dsn)


def supervise(
    settings: Settings,
    roles: Sequence[str],
    *,
    beside: Sequence[Child] = (),
    check: Step | None = None,
    prepare: Step | None = None,
    ready: Callable[[], bool] | None = None,
) -> int:
    """Run until SIGTERM or SIGINT. Returns the exit status.

    beside   further processes to keep
    check    called with the database's address before anything is changed in it
    prepare  called once with the database's address before anything starts
    ready    called between looks until it returns True
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, interrupt)
    claims: list[int] = []
    database = Database(settings)
    children = [*(Child(role, "run-role", role) for role in roles), *beside]
    try:
        claims = claim_roles(settings, roles)
        begin(database.look(), check, prepare)
        while True:
            dsn = database.look()
            for child in children:
                child.look(dsn)
            if ready is not None and ready():
                ready = None
            time.sleep(LOOK_EVERY_S)
    except Stop:
        return 0
    except ConfigError as error:
        log.error("%s", error)
        return 1
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        stop_all(children, database)
        for fd in claims:
            os.close(fd)


def stop_all(children: Sequence[Child], database: Database) -> None:
    """Children first, then what they stand on."""
    deadline = time.monotonic() + STOP_CHILDREN_WITHIN_S
    for child in children:
        child.ask_to_stop()
    for child in children:
        child.wait(deadline)
    with contextlib.suppress(ConfigError):
        database.stop()


def interrupt(number: int, frame: FrameType | None) -> None:
    """Turn the signal into an exception the main loop ends by."""
    raise Stop
