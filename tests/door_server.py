"""The door behind a real server, in a thread of the tests."""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2
import pytest
import uvicorn

from parts import WAIT_S, Hub, open_hub
from uzel.web.hooks import Hooks
from uzel.web.protocol import shedding_protocol

Result = TypeVar("Result")


@dataclass(frozen=True)
class DoorServer:
    """The door on a socket. `hub` lives in the server's loop: use it inside `run` only."""

    port: int
    hub: Hub
    loop: asyncio.AbstractEventLoop
    http: httpx2.Client

    def run(self, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Run a coroutine function in the server's loop."""
        return asyncio.run_coroutine_threadsafe(work(), self.loop).result(WAIT_S)

    def post(
        self, body: bytes, connector: str = "iiko", key: str | None = None, **options: Any
    ) -> httpx2.Response:
        """Post to a hook, by default with the right key in the query."""
        own = {"iiko": self.hub.iiko_key, "smsru": self.hub.smsru_key}[connector]
        return self.http.post(
            f"/api/webhook/{connector}",
            params={"key": own if key is None else key},
            content=body,
            **options,
        )

    def stored(self) -> int:
        """Raw events of this business so far."""
        found: int = self.run(
            lambda: self.hub.pool.fetchval(
                "select count(*) from raw_event where connection_id = any($1)",
                [self.hub.iiko, self.hub.smsru],
            )
        )
        return found

    def refused(self) -> dict[tuple[str, str], int]:
        """Counters of what was turned away, as the database has them."""
        self.run(lambda: self.hub.door.save_counts(self.hub.pool))
        rows = self.run(lambda: self.hub.pool.fetch("select connector, reason, count from refusal"))
        return {(row["connector"], row["reason"]): row["count"] for row in rows}


@pytest.fixture(scope="module")
def door(module_dsn: str) -> Iterator[DoorServer]:
    """One server for all tests of a file."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    port = listener.getsockname()[1]
    ready: list[DoorServer] = []
    started = threading.Event()
    with httpx2.Client(
        base_url=f"http://127.0.0.1:{port}", timeout=WAIT_S, trust_env=False
    ) as http:

        async def serve() -> None:
            async with open_hub(module_dsn, "http://127.0.0.1:9") as hub:
                config = uvicorn.Config(
                    Hooks(hub.door),
                    http=shedding_protocol(hub.door),
                    lifespan="off",
                    log_config=None,
                    access_log=False,
                )
                server.append(uvicorn.Server(config))
                ready.append(DoorServer(port, hub, asyncio.get_running_loop(), http))
                started.set()
                await server[0].serve(sockets=[listener])

        server: list[uvicorn.Server] = []
        thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        thread.start()
        assert started.wait(WAIT_S)
        yield ready[0]
        server[0].should_exit = True
        thread.join(WAIT_S)
        listener.close()
