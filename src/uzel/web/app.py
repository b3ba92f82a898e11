"""The web process: hooks beside everything else, in one ASGI application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI

from uzel import __version__
from uzel.flows.lead_deals.begin import begin
from uzel.web import amo2json, health, metrics, public
from uzel.web.api import problems
from uzel.web.api.app import PREFIX as API
from uzel.web.api.app import create_api
from uzel.web.cabinet import pages as cabinet
from uzel.web.console import routes as console
from uzel.web.deps import Deps
from uzel.web.guest import pages as guest
from uzel.web.headers import Headers
from uzel.web.hooks import PREFIX as HOOKS
from uzel.web.hooks import Hooks, Receive, Scope, Send
from uzel.web.konsol.door import PREFIX as KONSOL
from uzel.web.konsol.door import KonsolDoor
from uzel.web.partner.door import PATH as PARTNERS
from uzel.web.partner.door import PartnerDoor
from uzel.web.robot.reports import PATH as REPORTS
from uzel.web.robot.reports import ReportsDoor
from uzel.web.robot.tasks import PATHS as TASKS
from uzel.web.robot.tasks import TasksDoor
from uzel.web.vtiger.doors import doors
from uzel.web.vtiger.storage import PREFIX as STORAGE

SAVE_COUNTS_EVERY_S = 5.0


class Web:
    """The ASGI application of one web process."""

    def __init__(self, deps: Deps) -> None:
        https = deps.settings.url.startswith("https://")
        self._hooks = Hooks(deps.door)
        self._amo2json = amo2json.Amo2Json(self._hooks)
        api, pages = create_api(deps), create_pages(deps)
        # The cabinet describes the API, and asks it.
        pages.state.api, pages.state.web = api, self
        self._api = Headers(api, https=https)
        self._old = {
            path: Headers(door, https=https)
            for path, door in (
                (PARTNERS, PartnerDoor(deps.partners)),
                *((path, TasksDoor(deps.pool, deps.partners.gate)) for path in TASKS),
                (REPORTS, ReportsDoor(deps.pool, deps.partners.gate, begin)),
            )
        }
        registry = {path: Headers(door, https=https) for path, door in doors(deps).items()}
        self._storage = registry.pop(STORAGE)
        self._old |= registry
        self._konsol = Headers(KonsolDoor(deps), https=https)
        self._rest = Headers(pages, https=https)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hooks take the short way past routing and middleware."""
        path = scope["path"] if scope["type"] == "http" else ""
        if path.startswith(HOOKS):
            await self._hooks(scope, receive, send)
        elif path == amo2json.PATH:
            await self._amo2json(scope, receive, send)
        elif path.startswith(API):
            await self._api(scope, receive, send)
        elif path.startswith(KONSOL):
            await self._konsol(scope, receive, send)
        elif path.startswith(STORAGE):
            await self._storage(scope, receive, send)
        elif path in self._old:
            await self._old[path](scope, receive, send)
        else:
            await self._rest(scope, receive, send)


def create_pages(deps: Deps) -> FastAPI:
    """Everything but the hooks and the API."""
    app = FastAPI(
        title="Uzel",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.deps = deps
    app.state.metrics = metrics.Metrics(deps)
    app.include_router(health.router)
    app.include_router(metrics.router)
    app.include_router(problems.pages)
    guest.register(app)
    cabinet.register(app)
    public.register(app, deps)
    console.register(app, deps)
    return app


@contextlib.asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Keep connections and counters fresh while the process serves."""
    deps: Deps = app.state.deps
    deps.tasks = [
        asyncio.create_task(deps.registry.keep_fresh()),
        asyncio.create_task(save_counts(deps)),
    ]
    yield
    running = list(deps.tasks)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    await deps.receiver.close()
    await deps.partners.payments.close()
    await deps.door.save_counts(deps.pool)


async def save_counts(deps: Deps) -> None:
    """Write the door's counters down every few seconds."""
    while True:
        await asyncio.sleep(SAVE_COUNTS_EVERY_S)
        await deps.door.save_counts(deps.pool)
