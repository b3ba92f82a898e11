"""Where a bench takes place: an installation of its own, with a database, connections and
processes, made for one run and gone afterwards.

Nothing of the user's own installation is touched or used, its settings and accounts included.
"""

import asyncio
import contextlib
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from uzel import migrations
from uzel.bench.businesses import make_businesses
from uzel.bench.load import Target
from uzel.bench.report import Figures, rounded
from uzel.bench.usage import Machine, fsync_ms, own_cores, postmaster
from uzel.connections.manage import Added
from uzel.errors import UzelError
from uzel.kit import addresses
from uzel.kit.embedded import EmbeddedPostgres
from uzel.kit.lifeline import VARIABLE
from uzel.kit.secrets import read_key_ring

LOOPBACK = "127.0.0.1"
CORES = 2
OPEN_FILES = 8192
READY_WITHIN_S = 60.0
STOP_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Process:
    """A process of the installation. `url` is empty where it does not serve; `ready` is a path
    under it that answers 200 once it does.
    """

    name: str
    running: "subprocess.Popen[bytes]"
    log: Path
    url: str = ""
    ready: str = ""

    @property
    def target(self) -> Target:
        """For the load generator."""
        return Target.at(self.url)

    def last_words(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-1000:].strip()


@dataclass(slots=True)
class Stage:
    """A migrated database with connections in it, and the processes started on it.

    connections  by connector, of the business that is measured; `neighbours`: of the other one
    """

    data_dir: Path
    dsn: str
    lifeline: int
    sandbox_port: int
    machine: Machine
    connections: dict[str, Added] = field(default_factory=dict)
    neighbours: dict[str, Added] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)

    @property
    def sandbox_url(self) -> str:
        """Of the providers in miniature."""
        return f"http://{LOOPBACK}:{self.sandbox_port}"

    def hook(self, connector: str, *, of_neighbour: bool = False) -> str:
        """Path and query of the hook of `connector`, its key included."""
        known = self.neighbours if of_neighbour else self.connections
        return f"/api/webhook/{connector}?key={known[connector].key}"

    def web(self, *, name: str = "web", dsn: str | None = None) -> Process:
        """The web process as `uzel serve` starts it; on another database if `dsn` is given."""
        return self._start(name, "uzel run-role web", free_port(), "/readyz", dsn)

    def noop(self) -> Process:
        """The same process with a door that stores nothing."""
        return self._start("noop", "uzel.bench.noop", free_port(), "/readyz")

    def sandbox(self) -> Process:
        """The providers in miniature."""
        port = self.sandbox_port
        return self._start("sandbox", f"uzel sandbox --port {port}", port, "/_faults")

    def worker(self) -> Process:
        """The worker as `uzel serve` starts it. It does not say when it is ready: it works."""
        return self._start("worker", "uzel run-role worker")

    def await_ready(self) -> None:
        """Until every process that serves does. Raises UzelError if one ends or takes too long."""
        deadline = time.monotonic() + READY_WITHIN_S
        for process in self.processes:
            while process.url and not answers(process.url + process.ready):
                if process.running.poll() is not None or time.monotonic() > deadline:
                    raise UzelError(f"{process.name} did not start: {process.last_words()}")
                time.sleep(0.05)

    def ended(self) -> list[str]:
        """Processes that ended by themselves, with their last words."""
        return [
            f"{process.name} ended: {process.last_words()}"
            for process in self.processes
            if process.running.poll() is not None
        ]

    def pids(self) -> dict[str, int]:
        """Process by name, the database's leading one included."""
        return {
            "database": postmaster(self.data_dir),
            **{process.name: process.running.pid for process in self.processes},
        }

    def circumstances(self) -> Figures:
        """What of the machine belongs beside any figure measured on it."""
        return {
            "cores": len(own_cores()) or None,
            "fsync_ms": rounded(fsync_ms(self.data_dir), 2),
            "others_share": rounded(self.machine.others_share(self.pids().values()), 3),
        }

    def stop(self) -> None:
        """End all of them."""
        for process in self.processes:
            process.running.terminate()
        deadline = time.monotonic() + STOP_WITHIN_S
        for process in self.processes:
            try:
                process.running.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.running.kill()
                process.running.wait()

    def _start(
        self, name: str, command: str, port: int = 0, ready: str = "", dsn: str | None = None
    ) -> Process:
        """Logs as it would by default, into a file."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("UZEL_")}
        ours = {
            "UZEL_DATA_DIR": str(self.data_dir),
            "UZEL_DATABASE_URL": dsn or self.dsn,
            "UZEL_PORT": str(port) if port else "",
            "UZEL_ALLOW_PRIVATE_ADDRESSES": LOOPBACK,  # where the sandbox is
            VARIABLE: str(self.lifeline),
        }
        log = self.data_dir / f"{name}.log"
        with log.open("ab") as stream:
            running = subprocess.Popen(
                [sys.executable, "-m", *command.split()],
                env={**kept, **ours},
                pass_fds=(self.lifeline,),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
            )
        url = f"http://{LOOPBACK}:{port}" if port else ""
        process = Process(name, running, log, url, ready)
        self.processes.append(process)
        return process


@contextlib.contextmanager
def staged() -> Iterator[Stage]:
    """A database with the connections of `make_businesses`, on at most `CORES` cores.

    It lies under UZEL_DATA_DIR, if that is set, so that the disk measured is the one in use; else
    where temporary files lie.
    """
    base = os.environ.get("UZEL_DATA_DIR")
    if base:
        Path(base).mkdir(mode=0o700, parents=True, exist_ok=True)
    with (
        on_few_cores(),
        many_open_files(),
        tempfile.TemporaryDirectory(prefix="uzel-bench-", dir=base) as folder,
        EmbeddedPostgres(Path(folder)) as postgres,
        lifeline() as end,
    ):
        machine = Machine()
        migrations.upgrade_now(postgres.dsn)
        stage = Stage(Path(folder), postgres.dsn, end, free_port(), machine)
        addresses.permit(LOOPBACK)
        made = make_businesses(stage.dsn, read_key_ring(None, stage.data_dir), stage.sandbox_url)
        stage.connections, stage.neighbours = asyncio.run(made)
        try:
            yield stage
        finally:
            stage.stop()


@contextlib.contextmanager
def lifeline() -> Iterator[int]:
    """What processes watch to learn that this one is gone, however it ended."""
    theirs, ours = os.pipe()
    try:
        yield theirs
    finally:
        os.close(ours)
        os.close(theirs)


@contextlib.contextmanager
def on_few_cores() -> Iterator[None]:
    """This process and those it starts share `CORES` cores, so that figures can be compared."""
    if sys.platform != "linux":
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:CORES])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def many_open_files() -> Iterator[None]:
    """An overload needs more connections than the usual limit of open files allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def free_port() -> int:
    """A port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def answers(url: str) -> bool:
    """Whether a server is there and says it is well."""
    try:
        ask("GET", url)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
    return True


def ask(
    method: str,
    url: str,
    *,
    form: Mapping[str, str] | None = None,
    body: Any = None,
    token: str | None = None,
) -> bytes:
    """One request to a process of ours, with a form or a JSON body, with a bearer's token. Raises
    URLError.
    """
    data, kind = None, ""
    if form is not None:
        data, kind = urllib.parse.urlencode(form).encode(), "application/x-www-form-urlencoded"
    elif body is not None:
        data, kind = json.dumps(body).encode(), "application/json"
    headers = {"Content-Type": kind}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        content: bytes = answer.read()
    return content
