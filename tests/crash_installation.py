"""A whole installation in real processes that can be killed one by one."""

import asyncio
import contextlib
import http.client
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg

from uzel import migrations
from uzel.connections import manage, store
from uzel.kit.embedded import EmbeddedPostgres
from uzel.kit.secrets import read_key_ring
from uzel.messages.store import add_template
from uzel.model.rules import IMMEDIATE

PER_S = 100
AT_ONCE = 6


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fetch(url: str, body: bytes | None = None, kind: str = "application/json") -> bytes:
    request = urllib.request.Request(url, body, {"content-type": kind})
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: bytes = answer.read()
        return found


@dataclass
class Installation:
    """PostgreSQL, sandbox, web and worker; `kill` ends one the hard way and starts it again."""

    folder: Path
    postgres: EmbeddedPostgres
    port: int = field(default_factory=free_port)
    sandbox_port: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    iiko_key: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    def start(self, name: str) -> None:
        command = {
            "web": ["run-role", "web"],
            "worker": ["run-role", "worker"],
            "sandbox": ["sandbox", "--port", str(self.sandbox_port)],
        }[name]
        environment = {
            **os.environ,
            "UZEL_DATABASE_URL": self.postgres.dsn,
            "UZEL_DATA_DIR": str(self.folder),
            "UZEL_PORT": str(self.port),
            "UZEL_LOG_LEVEL": "warning",
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "uzel", *command], env=environment, stdout=log, stderr=log
            )

    def signal(self, name: str, number: signal.Signals) -> None:
        os.kill(self.postmaster() if name == "postgres" else self.processes[name].pid, number)

    def kill(self, name: str) -> None:
        """kill -9, and start it again as a supervisor would."""
        if name == "postgres":
            self.signal(name, signal.SIGKILL)
            self.postgres.wait(10)
            self.postgres.start()
            return
        with self.lock:
            self.signal(name, signal.SIGKILL)
            self.processes[name].wait()
            self.start(name)

    def supervise(self, over: threading.Event) -> None:
        """Start again what ended by itself, as the supervisor of `uzel serve` does: a process that
        finds no database when it starts ends.
        """
        while not over.wait(0.3):
            with self.lock:
                for name in ("web", "worker"):
                    if self.processes[name].poll() is not None:
                        self.start(name)

    def postmaster(self) -> int:
        return int((self.folder / "postgres" / "postmaster.pid").read_text().split()[0])

    def query(self, sql: str) -> list[Any]:
        async def ask() -> list[Any]:
            connection = await asyncpg.connect(self.postgres.dsn, timeout=5)
            try:
                return await connection.fetch(sql)
            finally:
                await connection.close()

        return asyncio.run(ask())

    def journal(self) -> list[dict[str, Any]]:
        """Every text the provider was asked to send: the outside judge."""
        found: list[dict[str, Any]] = json.loads(
            fetch(f"{self.sandbox_url}/_journal?connector=smsru&operation=send_sms")
        )
        return found

    def ready(self) -> bool:
        with contextlib.suppress(OSError, urllib.error.URLError):
            fetch(f"http://127.0.0.1:{self.port}/readyz")
            fetch(f"{self.sandbox_url}/_faults")
            return True
        return False

    def set_up(self) -> None:
        asyncio.run(self._set_up())

    async def _set_up(self) -> None:
        await migrations.upgrade(self.postgres.dsn)
        ring = read_key_ring(None, self.folder)
        connection = await asyncpg.connect(self.postgres.dsn)
        from uzel.kit.database import prepare

        await prepare(connection)
        business = await store.default_business(connection)
        await store.ensure_place(connection, business, "Кафе", "https://reviews.example/k")
        await store.save_rules(connection, business, IMMEDIATE.model_dump(mode="json"))
        await add_template(connection, business, "review_request", "sms", "{place}: {link}")
        iiko = await manage.add(connection, ring, "iiko", "test", {})
        settings = {"api_id": "sandbox-test", "base_url": f"{self.sandbox_url}/smsru"}
        await manage.add(connection, ring, "smsru", "test", settings, rate_per_s=1000)
        await connection.close()
        assert iiko.key
        self.iiko_key = iiko.key


@contextlib.contextmanager
def installation(folder: Path) -> Iterator[Installation]:
    """Started and ready; everything is gone afterwards."""
    with EmbeddedPostgres(folder) as postgres:
        running = Installation(folder, postgres)
        running.set_up()
        over = threading.Event()
        supervisor = threading.Thread(target=running.supervise, args=(over,), daemon=True)
        try:
            for name in ("sandbox", "web", "worker"):
                running.start(name)
            supervisor.start()
            until(running.ready)
            yield running
        finally:
            over.set()
            if supervisor.is_alive():
                supervisor.join()
            for process in running.processes.values():
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait()


def until(holds: Callable[[], object], within_s: float = 120.0) -> None:
    """Wait for `holds()`; the limit is for what never comes."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.1)


class Guests:
    """Visits that keep coming, several at a time, each of another guest. A webhook that was not
    answered with 200 is sent again, as providers do, and counts as acknowledged once it was.
    """

    def __init__(self, hub: Installation) -> None:
        self._url = f"http://127.0.0.1:{hub.port}/api/webhook/iiko?key={hub.iiko_key}"
        self._stopping = threading.Event()
        self._numbers = itertools.count(1_000_001)
        self._threads = [threading.Thread(target=self._come, daemon=True) for _ in range(AT_ONCE)]
        self.acknowledged: list[str] = []
        self.refused: Counter[str] = Counter()

    def start(self) -> None:
        """Open the doors."""
        for thread in self._threads:
            thread.start()

    def came(self, count: int) -> Callable[[], bool]:
        """Whether so many more than now have been acknowledged."""
        goal = len(self.acknowledged) + count
        return lambda: len(self.acknowledged) >= goal

    def leave(self) -> None:
        """No more visits; returns once the last is answered."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _come(self) -> None:
        while not self._stopping.is_set():
            phone = f"+7999{next(self._numbers)}"
            body = json.dumps([delivery(phone)]).encode()
            while not self._post(body):
                if self._stopping.wait(0.1):
                    return
            self.acknowledged.append(phone)
            self._stopping.wait(AT_ONCE / PER_S)

    def _post(self, body: bytes) -> bool:
        try:
            fetch(self._url, body)
        except urllib.error.HTTPError as error:
            self.refused[str(error.code)] += 1
            return False
        except (OSError, http.client.HTTPException) as error:
            self.refused[type(error).__name__] += 1
            return False
        return True


def delivery(phone: str) -> dict[str, Any]:
    """A delivered order (iiko OpenAPI, x-webhooks)."""
    return {
        "eventType": "DeliveryOrderUpdate",
        "eventTime": "2026-11-20 09:15:02.100",
        "organizationId": "6b1f6a0e-31cb-4d1c-9d5f-0a6a5c1f2b10",
        "eventInfo": {"id": str(uuid4()), "order": {"phone": phone, "status": "Delivered"}},
    }
