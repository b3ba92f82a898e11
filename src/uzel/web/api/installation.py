"""The installation as a whole: the overview, its connections, the search."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from uzel import views
from uzel.web.api import shapes
from uzel.web.api.overview_models import Connections, Hits, Overview
from uzel.web.api.paging import Text
from uzel.web.api.tokens import Reader
from uzel.web.deps import deps_of

router = APIRouter(tags=["installation"])


@router.get("/overview", operation_id="getOverview")
async def get_overview(request: Request, caller: Reader) -> Overview:
    """How much, how fast, what is stuck and since when."""
    deps = deps_of(request)
    seen = await views.overview(deps.pool, unreadable=deps.registry.unreadable())
    return Overview.model_validate(seen)


@router.get("/connections", operation_id="listConnections")
async def list_connections(request: Request, caller: Reader) -> Connections:
    """The configured accounts at providers and their state; no settings, no secrets."""
    return Connections(items=[shapes.connection(a) for a in deps_of(request).registry.all()])


@router.get("/search", operation_id="search")
async def search(
    request: Request,
    caller: Reader,
    q: Annotated[
        Text,
        Query(
            description=(
                "A phone in any spelling, an order number, a subject, a visit, an event's key, a "
                "provider's reference, a request id, or an id (`event 17`, `message 3`)."
            ),
            examples=["заказ 118"],
        ),
    ],
) -> Hits:
    """What a text may mean, found through indexes only; some dozens of hits at most."""
    return Hits.model_validate({"items": await views.search(deps_of(request).pool, q)})
