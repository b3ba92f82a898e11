"""`uzel serve` as an operator meets it: real processes, its own database, signals and kills."""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx2
import pytest

from acceptance_demo import free_port, until
from parts import Sandbox, new_phone, sandbox, sandbox_server, visit
from uzel.errors import ConfigError
from uzel.kit.embedded import EmbeddedPostgres, running
from uzel.kit.embedded.processes import server_processes, tag_of
from uzel.model.rules import IMMEDIATE
from uzel.supervisor import BROKEN_SETTINGS, Child

__all__ = ["sandbox", "sandbox_server"]
WAIT_S = 60.0
PER_S = 50


@dataclass
class Served:
    """One installation in its data folder; `process` is the supervisor while it runs."""

    data_dir: Path
    sandbox: Sandbox
    port: int = field(default_factory=free_port)
    key: str = ""
    process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("UZEL_")},
            "UZEL_ALLOW_PRIVATE_ADDRESSES": "127.0.0.1",
            "UZEL_DATA_DIR": str(self.data_dir),
            "UZEL_PORT": str(self.port),
            "UZEL_LOG_LEVEL": "warning",
        }

    @property
    def log(self) -> Path:
        return self.data_dir.parent / "serve.log"

    def start(self) -> None:
        """`uzel serve`, until it takes requests."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "uzel", "serve"],
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        until(self.ready, WAIT_S)

    def ready(self) -> bool:
        assert self.process is not None and self.process.poll() is None, self.log.read_text()[
            -3000:
        ]
        with contextlib.suppress(httpx2.HTTPError):
            return httpx2.get(f"http://127.0.0.1:{self.port}/readyz").status_code == 200
        return False

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another `uzel` command on this installation."""
        return subprocess.run(
            [sys.executable, "-m", "uzel", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            check=False,
        )

    def set_up(self) -> None:
        """A way in, a way out and a place, by the commands an operator has."""
        said = self.command("connection", "add", "iiko").stdout
        found = re.search(r"key=(\S+)", said)
        assert found is not None, said
        self.key = found[1]
        added = self.command(
            *("connection", "add", "smsru", "--rate", "1000", "--set", f"api_id=key-{uuid4()}"),
            *("--set", f"base_url={self.sandbox.url}/smsru"),
        )
        assert added.returncode == 0, added.stderr
        self.query(
            "insert into place (business_id, name, review_url) "
            "select id, 'Кафе', 'https://reviews.example/k' from business"
        )
        # At any hour, and about visits of any day.
        rules = json.dumps(IMMEDIATE.model_dump(mode="json", exclude_defaults=True))
        self.query(f"update business set rules = '{rules}'")
        self.try_out()

    def try_out(self) -> None:
        """Visits until one becomes a text: the worker knows the new connections."""
        url, phone = f"http://127.0.0.1:{self.port}/api/webhook/iiko?key={self.key}", new_phone()

        def text_arrives() -> bool:
            httpx2.post(url, json=visit(str(uuid4()), phone=phone))
            return bool(self.sandbox.sent(phone))

        until(text_arrives, WAIT_S)

    def query(self, sql: str) -> list[Any]:
        """Ask its database, which runs."""

        async def ask() -> list[Any]:
            server = running(self.data_dir)
            assert server is not None
            connection = await asyncpg.connect(server.dsn, timeout=10)
            try:
                return await connection.fetch(sql)
            finally:
                await connection.close()

        return asyncio.run(ask())

    def children(self) -> dict[str, int]:
        """Role → pid of what the supervisor keeps."""
        assert self.process is not None
        found = {}
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                words = (entry / "cmdline").read_bytes().decode().split("\0")
                if parent == self.process.pid and "run-role" in words:
                    found[words[words.index("run-role") + 1]] = int(entry.name)
        return found

    def postmaster(self) -> int:
        return int((self.data_dir / "postgres/postmaster.pid").read_text().split()[0])

    def end(self) -> None:
        """Whatever state it is in."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def served(tmp_path: Path, sandbox: Sandbox) -> Iterator[Served]:
    if sys.platform != "linux":
        pytest.skip("finds processes in /proc")
    made = Served(tmp_path / "a data folder", sandbox)
    yield made
    made.end()
    tag = tag_of(made.data_dir)
    until(lambda: not server_processes(tag), WAIT_S)


class Guests(threading.Thread):
    """Visits that come one after the other; what is not answered with 200 is sent again."""

    def __init__(self, served: Served) -> None:
        super().__init__(daemon=True)
        self._served = served
        self._leaving = threading.Event()
        self.acknowledged: list[str] = []

    def run(self) -> None:
        url = f"http://127.0.0.1:{self._served.port}/api/webhook/iiko"
        with httpx2.Client(params={"key": self._served.key}, timeout=20) as http:
            while not self._leaving.is_set():
                phone = new_phone()
                body = [visit(str(uuid4()), phone=phone)]
                while not self._leaving.is_set():
                    with contextlib.suppress(httpx2.HTTPError):
                        if http.post(url, json=body).status_code == 200:
                            self.acknowledged.append(phone)
                            break
                    time.sleep(0.1)
                time.sleep(1 / PER_S)

    def leave(self) -> list[str]:
        """No more visits; gives the phones whose visits were acknowledged."""
        self._leaving.set()
        self.join(WAIT_S)
        return self.acknowledged

    def came(self, count: int) -> Callable[[], bool]:
        """Whether so many more than now have been acknowledged."""
        goal = len(self.acknowledged) + count
        return lambda: len(self.acknowledged) >= goal


def quiet(served: Served) -> bool:
    """Nothing is left to do."""
    return not served.query(
        "select 1 from raw_event where state = 'received' union all "
        "select 1 from call where state in ('planned', 'sending')"
    )


def left_by_others(served: Served) -> list[Any]:
    """Calls in `sending` of a worker that was killed: they are found once it is silent long enough,
    and are no business of the one that runs.
    """
    living = served.children().get("worker", 0)
    return served.query(
        "select 1 from call c left join worker w on w.id = c.worker where c.state = 'sending' "
        f"and (w.id is null or w.name not like '%:{living}')"
    )


def judge(served: Served, acknowledged: list[str]) -> None:
    """By the provider's journal: one text each, or in doubt and left to a person."""
    texts = Counter(entry["request"]["phone"] for entry in served.sandbox.sent())
    rows = served.query("select phone from message where state = 'unknown'")
    unknown = {row["phone"] for row in rows}
    assert acknowledged
    assert [phone for phone in acknowledged if texts[phone] > 1] == []
    assert [p for p in acknowledged if not texts[p] and p not in unknown] == []


@pytest.mark.long
def test_whatever_is_stopped_or_killed_every_visit_becomes_one_text(served: Served) -> None:
    """One installation through all that can happen to its processes, with visits coming in."""
    served.start()
    served.set_up()
    guests = Guests(served)
    guests.start()
    until(guests.came(20), WAIT_S)
    a_second_one_is_refused(served)
    its_parts_are_kept_alive(served, guests)
    it_ends_cleanly(served, guests)
    served.start()
    until(guests.came(10), WAIT_S)
    killed_it_takes_everything_along(served)
    served.start()
    until(guests.came(10), WAIT_S)
    acknowledged = guests.leave()
    until(lambda: quiet(served), WAIT_S)
    judge(served, acknowledged)
    assert "Traceback" not in served.log.read_text()


def a_second_one_is_refused(served: Served) -> None:
    assert served.process is not None
    again = served.command("serve")
    assert again.returncode == 1
    assert f"process {served.process.pid}" in again.stderr and "UZEL_DATA_DIR" in again.stderr


def its_parts_are_kept_alive(served: Served, guests: Guests) -> None:
    for name in ("web", "worker"):
        os.kill(served.children()[name], signal.SIGKILL)
        until(guests.came(10), WAIT_S)
    os.kill(served.postmaster(), signal.SIGKILL)
    until(guests.came(10), WAIT_S)
    the_database_may_be_unable_to_start_for_a_while(served)
    until(guests.came(10), WAIT_S)
    until(lambda: set(served.children()) == {"web", "worker"}, WAIT_S)
    until(lambda: not left_by_others(served), WAIT_S)


def the_database_may_be_unable_to_start_for_a_while(served: Served) -> None:
    """As with a full disk; here a folder of its data is away."""
    needed = served.data_dir / "postgres" / "global"
    postmaster = served.postmaster()
    needed.rename(needed.with_name("away"))
    os.kill(postmaster, signal.SIGKILL)
    until(lambda: "did not start" in served.log.read_text(), WAIT_S)
    needed.with_name("away").rename(needed)


def it_ends_cleanly(served: Served, guests: Guests) -> None:
    """SIGTERM under load: exit 0, what was acknowledged is stored, what was begun is written down,
    and no process is left.
    """
    assert served.process is not None
    served.process.terminate()
    assert served.process.wait(WAIT_S) == 0
    acknowledged = list(guests.acknowledged)
    assert not server_processes(tag_of(served.data_dir))
    with EmbeddedPostgres(served.data_dir):
        bodies = "".join(row["body"].decode() for row in served.query("select body from raw_event"))
        assert [phone for phone in acknowledged if phone not in bodies] == []
        assert served.query("select 1 from call where state = 'sending'") == []
        assert served.query("select 1 from raw_event where state = 'parked'") == []


def killed_it_takes_everything_along(served: Served) -> None:
    """kill -9 of the supervisor: children and database end by themselves."""
    assert served.process is not None
    children = served.children()
    assert set(children) == {"web", "worker"}
    served.process.kill()
    served.process.wait()
    tag = tag_of(served.data_dir)
    until(lambda: not server_processes(tag), WAIT_S)
    until(lambda: not [pid for pid in children.values() if alive(pid)], WAIT_S)


def alive(pid: int) -> bool:
    """Whether this process is there and no zombie."""
    with contextlib.suppress(OSError):
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"UZEL_DATABASE_URL": "postgresql://127.0.0.1:1/uzel"}, "database"),
        ({"UZEL_DATABASE_URL": "mysql://127.0.0.1/uzel"}, "UZEL_DATABASE_URL"),
        ({"UZEL_PORT": "eighty"}, "UZEL_PORT"),
        ({"UZEL_LOG_LEVEL": "loud"}, "UZEL_LOG_LEVEL"),
    ],
    ids=str,
)
def test_what_cannot_work_is_said_in_a_line(
    tmp_path: Path, environment: dict[str, str], said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "uzel", "serve"],
        env={**os.environ, "UZEL_DATA_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    assert done.returncode == 1
    assert said in done.stderr and "Traceback" not in done.stderr


def test_a_child_that_cannot_work_as_it_is_set_up_is_not_started_again(tmp_path: Path) -> None:
    child = Child("web", "no-such-command")  # argparse ends with 2, like broken settings
    child.look("postgresql://127.0.0.1:1/uzel")
    with pytest.raises(ConfigError, match="web"):
        until(lambda: child.look("postgresql://127.0.0.1:1/uzel"), WAIT_S)
    assert BROKEN_SETTINGS == 2
