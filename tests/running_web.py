"""The web process of an installation, in a thread of the tests: a real server on a real socket."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import uvicorn

from sample_data import MASTER_KEY, Sample
from uzel.app import open_parts, owners
from uzel.kit.settings import Settings
from uzel.partners.exchange import rates_in_force
from uzel.partners.payments import Rates
from uzel.web.app import Web
from uzel.web.deps import Deps
from uzel.web.partner.wrong_tokens import WrongTokens
from uzel.web.protocol import shedding_protocol

Result = TypeVar("Result")
WAIT_S = 20.0


@dataclass(frozen=True)
class WebApp:
    """A running web server over a database with sample data (see `sample_data.fill`).

    url      where it listens, without a trailing slash
    client   speaks to it; keeps cookies, follows no redirects
    deps     what its handlers work with; use it inside `run` only
    """

    url: str
    client: httpx2.Client
    dsn: str
    deps: Deps
    sample: Sample
    loop: asyncio.AbstractEventLoop

    def run(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Run a coroutine function in the server's event loop and give its result."""

        async def worked() -> Result:
            return await work()

        return asyncio.run_coroutine_threadsafe(worked(), self.loop).result(WAIT_S)

    def process(self) -> None:
        """Understand what came in through the hooks: there is no worker beside this server."""
        self.run(self.sample.process)

    def call(self) -> None:
        """Make the calls that are planned."""
        self.run(self.sample.call)


@contextlib.contextmanager
def running_web(
    dsn: str, data_dir: Path, *, rates: Rates = rates_in_force, **changed: Any
) -> Iterator[WebApp]:
    """Serve until the block ends. `rates`: those that partners pay at; `changed` are further
    settings (`public_url=…`).
    """
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    port = listener.getsockname()[1]
    settings = Settings(
        data_dir,
        port=port,
        database_url=dsn,
        master_key=MASTER_KEY,
        allow_private_addresses="127.0.0.1",
    )
    settings = replace(settings, **changed)
    started = threading.Event()
    made: list[tuple[Deps, Sample, asyncio.AbstractEventLoop, uvicorn.Server]] = []
    failed: list[BaseException] = []

    async def serve() -> None:
        async with open_parts(settings, "web", pool_size=6) as parts:
            sample = await Sample.over(parts.pool)
            deps = Deps(
                settings,
                parts.pool,
                parts.ring,
                parts.registry,
                parts.reach,
                sample.door._receiver,
                sample.door,
                owners(parts.registry, settings.url),
                rates=rates,
            )
            # All partners of all tests come from one address, and many of them with wrong tokens.
            deps.partners.gate.wrong = WrongTokens(10**6, 10**6)
            protocol = shedding_protocol(deps.door, refused=deps.refused)
            server = Server(
                uvicorn.Config(
                    Web(deps),
                    http=protocol,
                    ws="none",
                    log_config=None,
                    lifespan="on",
                    access_log=False,
                ),
                started,
            )
            made.append((deps, sample, asyncio.get_running_loop(), server))
            await server.serve(sockets=[listener])
            await sample.close()

    def main() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:  # noqa: BLE001 - the test shows it
            failed.append(error)
        finally:
            started.set()

    thread = threading.Thread(target=main, daemon=True)
    thread.start()
    try:
        assert started.wait(WAIT_S)
        assert not failed, failed
        deps, sample, loop, server = made[0]
        url = f"http://127.0.0.1:{port}"
        with httpx2.Client(base_url=url, timeout=WAIT_S, trust_env=False) as client:
            yield WebApp(url, client, dsn, deps, sample, loop)
    finally:
        for *_, server in made:
            server.should_exit = True
        thread.join(WAIT_S)
        listener.close()


class Server(uvicorn.Server):
    """Says when it takes requests."""

    def __init__(self, config: uvicorn.Config, started: threading.Event) -> None:
        super().__init__(config)
        self._said = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._said.set()
