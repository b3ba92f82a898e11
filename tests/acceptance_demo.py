"""The demo as a user starts it: real processes, a database, a sandbox, over HTTP."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

READY_WITHIN_S = 120.0
JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Demo:
    """A running demo. `told` is its one line of JSON."""

    told: dict[str, Any]
    data_dir: Path
    process: subprocess.Popen[str]

    def post(self, connector: str, body: bytes, **headers: str) -> tuple[int, bytes]:
        """Post to the hook of `connector`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask("POST", self.told["hooks"][connector], body, named)

    def journal(self, connector: str, operation: str | None = None) -> list[dict[str, Any]]:
        """What the sandbox was asked."""
        query = f"?connector={connector}" + (f"&operation={operation}" if operation else "")
        found: list[dict[str, Any]] = json.loads(
            ask("GET", f"{self.told['sandbox_url']}/_journal{query}")[1]
        )
        return found

    def texts(self, phone: str) -> list[dict[str, Any]]:
        """The SMS that SMS.ru was asked to send to this phone: what was asked."""
        return [
            entry["request"]
            for entry in self.journal("smsru", "send_sms")
            if entry["request"].get("phone") == phone
        ]

    def fault(self, **fault: Any) -> None:
        """Have the sandbox fail."""
        self.door("/_faults", **fault)

    def door(self, path: str, **asked: Any) -> Any:
        """Use a control door of the sandbox."""
        url = f"{self.told['sandbox_url']}{path}"
        status, said = ask("POST", url, json.dumps(asked).encode(), JSON)
        assert status < 300, said
        return json.loads(said or b"null")

    def look(self, path: str) -> Any:
        """What a control door of the sandbox tells."""
        return json.loads(ask("GET", f"{self.told['sandbox_url']}{path}")[1])

    def api(self, path: str, method: str = "GET", **query: str) -> Any:
        """Ask the API, with a query."""
        url = f"{self.told['url']}/api/v1{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"authorization": f"Bearer {self.told['api_token']}"}
        status, said = ask(method, url, None, headers)
        assert status < 300, said
        return json.loads(said)

    def messages(self, phone: str) -> list[dict[str, Any]]:
        """Messages to this phone as the API lists them, oldest first."""
        return list(reversed(self.api("/messages", phone=phone)["items"]))

    def settled(self, phone: str) -> list[dict[str, Any]] | None:
        """The same, once the last of them has arrived or failed."""
        found = self.messages(phone)
        return found if found and found[-1]["state"] in ("delivered", "failed") else None

    def visits(self, phone: str) -> list[tuple[str, str | None]]:
        """Decision and reason of each completed visit of this phone, oldest first."""
        found = self.api("/events", phone=phone, type="visit.completed")["items"]
        return [(event["decision"], event["reason"]) for event in reversed(found)]

    def worker(self) -> int:
        """The worker's process."""
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                command = (folder / "cmdline").read_bytes().split(b"\0")
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == self.process.pid and command[-3:-1] == [b"run-role", b"worker"]:
                    return int(folder.name)
        return 0


def ask(
    method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """One request; errors are answers too."""
    request = urllib.request.Request(url, body, headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def until(holds: Callable[[], Any], within_s: float = 30.0) -> Any:
    """Wait until `holds()` is true and give its value; the limit is for what never comes."""
    deadline = time.monotonic() + within_s
    while not (found := holds()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running_demo(data_dir: Path, **environment: str) -> Iterator[Demo]:
    """Start a demo, wait for its line, stop it in the end."""
    port = environment.pop("UZEL_PORT", None) or str(free_port())
    environment = {**os.environ, **environment, "UZEL_PORT": port, "UZEL_DATA_DIR": str(data_dir)}
    with (data_dir.parent / f"{data_dir.name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "uzel", "demo", "--json"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        told: list[str] = []
        assert process.stdout is not None
        reader = threading.Thread(target=lambda: told.append(process.stdout.readline()))  # type: ignore[union-attr]
        reader.start()
        reader.join(READY_WITHIN_S)
        assert told and told[0], (data_dir.parent / f"{data_dir.name}.log").read_text()[-3000:]
        line = json.loads(told[0])
        yield Demo(line, Path(line["data_dir"]), process)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One demo for all tests that leave it as they found it, from a path with a space in it."""
    with running_demo(tmp_path_factory.mktemp("a demo") / "data folder") as running:
        yield running
