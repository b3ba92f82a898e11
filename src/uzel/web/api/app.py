"""The application under `/api/`: v1, and problems for everything that is not there."""

from typing import Any

from fastapi import FastAPI

from uzel import __version__
from uzel.web.api import (
    claim_thread,
    claims,
    events,
    installation,
    messages,
    partner_leads,
    partner_webhooks,
    partners,
    reference,
)
from uzel.web.api.openapi import COMMON, describe
from uzel.web.api.problems import handle_problems
from uzel.web.deps import Deps

PREFIX = "/api/"
V1 = "/api/v1"


def create_api(deps: Deps) -> FastAPI:
    """The API over the parts of this process."""
    app = FastAPI(
        title="Uzel API", version=__version__, docs_url=None, redoc_url=None, openapi_url=None
    )
    app.state.deps = deps
    ours = (events, messages, installation, claims, claim_thread)
    for part in (*ours, partners, partner_leads, partner_webhooks):
        app.include_router(part.router, prefix=V1, responses=COMMON)
    app.include_router(reference.router, prefix=V1)

    @app.get(f"{V1}/openapi.json", include_in_schema=False)
    async def openapi() -> dict[str, Any]:
        """The description, for everybody."""
        return describe(app)

    handle_problems(app)
    return app
