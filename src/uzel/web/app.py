"""The web process: hooks beside everything else, in one ASGI application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI

from uzel import __version__
from uzel.web import health
from uzel.web.deps import Deps
from uzel.web.hooks import PREFIX, Hooks, Receive, Scope, Send

SAVE_COUNTS_EVERY_S = 5.0


class Web:
    """The ASGI application of one web process."""

    def __init__(self, deps: Deps) -> None:
        self._hooks = Hooks(deps.door)
        self._rest = create_api(deps)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hooks take the short way past routing and middleware."""
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self._hooks(scope, receive, send)
        else:
            await self._rest(scope, receive, send)


def create_api(deps: Deps) -> FastAPI:
    """Everything but the hooks."""
    app = FastAPI(
        title="Uzel",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.deps = deps
    app.include_router(health.router)
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
    for task in deps.tasks:
        task.cancel()
    await asyncio.gather(*deps.tasks, return_exceptions=True)
    await deps.receiver.close()
    await deps.door.save_counts(deps.pool)


async def save_counts(deps: Deps) -> None:
    """Write the door's counters down every few seconds."""
    while True:
        await asyncio.sleep(SAVE_COUNTS_EVERY_S)
        await deps.door.save_counts(deps.pool)
