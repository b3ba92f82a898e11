"""The sandbox server: every connector's provider in miniature, in one process.

The routes of a connector are mounted under its name (`http://127.0.0.1:8100/smsru` is what a
connection gets as `base_url`); the control doors stand beside them.
"""

import asyncio
import importlib
import importlib.util
import pkgutil
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import ModuleType

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route

import uzel.connectors
from uzel.kit.faults import Faults
from uzel.kit.sandbox import Desk, Journal
from uzel.sandbox.doors import Doors
from uzel.sandbox.guests import Guests

LOOPBACK = "127.0.0.1"
WEBHOOK_TIMEOUT_S = 10.0
GRACE_S = 3


def sandboxes() -> dict[str, ModuleType]:
    """Connector name → its `sandbox` module, for every folder that has one."""
    names = [module.name for module in pkgutil.iter_modules(uzel.connectors.__path__)]
    paths = {name: f"{uzel.connectors.__name__}.{name}.sandbox" for name in names}
    return {
        name: importlib.import_module(path)
        for name, path in paths.items()
        if importlib.util.find_spec(path)
    }


def create_app() -> Starlette:
    """One application with all sandboxes and the control doors."""
    journal, faults, closing = Journal(), Faults(), asyncio.Event()
    tasks: set[asyncio.Task[None]] = set()
    http = httpx2.AsyncClient(timeout=WEBHOOK_TIMEOUT_S, trust_env=False)
    mounted: dict[str, list[BaseRoute]] = {
        name: module.routes(Desk(name, journal, faults, http, tasks, closing))
        for name, module in sandboxes().items()
    }

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await http.aclose()

    guests = Guests(journal, http, tasks)
    doors = Doors(journal, faults, {name: operations(part) for name, part in mounted.items()})
    mounts = [Mount(f"/{name}", routes=part) for name, part in mounted.items()]
    app = Starlette(routes=[*doors.routes(), *guests.routes(), *mounts], lifespan=lifespan)
    app.state.closing = closing
    return app


def operations(part: list[BaseRoute]) -> frozenset[str]:
    """The operations of one part, as its journal names them."""
    return frozenset(
        route.name for route in part if isinstance(route, Route) and "/_" not in route.path
    )


class Server(uvicorn.Server):
    """Lets go of requests that a fault holds open before it waits for the open ones to end."""

    def __init__(self, config: uvicorn.Config, closing: asyncio.Event) -> None:
        super().__init__(config)
        self.closing = closing

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.closing.set()
        await super().shutdown(sockets)


def new_server(port: int, host: str = LOOPBACK) -> Server:
    """A server that has not started; `port` 0 takes a free one."""
    app = create_app()
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        ws="none",
        proxy_headers=False,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=GRACE_S,
    )
    return Server(config, app.state.closing)


def serve(port: int, host: str = LOOPBACK) -> None:
    """Run the sandbox until it is told to stop."""
    new_server(port, host).run()


@contextmanager
def running(port: int = 0) -> Iterator[str]:
    """Run the sandbox in a thread of this process; gives its address, `http://127.0.0.1:43121`."""
    listener = socket.create_server((LOOPBACK, port), backlog=2048)
    server = new_server(port)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        # The listening socket already takes connections: they wait in its backlog for the server.
        yield f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
