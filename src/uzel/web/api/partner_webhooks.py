"""What partners see of the webhooks they got, or should have got."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from uzel.partners import hooks
from uzel.partners.hooks import Delivery, NotResent
from uzel.partners.payment import Partner
from uzel.web.api import partner_models as models
from uzel.web.api.openapi import CONFLICT, NOT_FOUND, RATE_LIMITED
from uzel.web.api.paging import MOST
from uzel.web.api.partner_tokens import PartnerReader
from uzel.web.api.problems import Coded
from uzel.web.deps import deps_of

router = APIRouter(prefix="/partner", tags=["partners"], responses=RATE_LIMITED)

DeliveryId = Annotated[str, StringConstraints(pattern=models.DELIVERY_ID)]


class DeliveryQuery(BaseModel):
    """Which page."""

    model_config = ConfigDict(extra="forbid")

    cursor: DeliveryId | None = Field(default=None, description="`next_cursor` of the page before.")
    limit: int = Field(default=50, ge=1, le=MOST, description="Items a page at most.")


@router.get("/webhook-deliveries", operation_id="listPartnerWebhookDeliveries", responses=NOT_FOUND)
async def list_deliveries(
    request: Request,
    response: Response,
    caller: PartnerReader,
    query: Annotated[DeliveryQuery, Query()],
) -> models.WebhookDeliveries:
    """What was sent to your address, newest first; to a test token, what was told of tests."""
    partner, pool = caller.partner, deps_of(request).pool
    last = await find(request, partner, query.cursor) if query.cursor else None
    before = last.number if last else None
    found = await hooks.deliveries(pool, partner.id, partner.book, query.limit + 1, before)
    more = found[query.limit - 1].id if len(found) > query.limit else None
    if more is not None:
        url = request.url.include_query_params(cursor=more)
        response.headers["link"] = f'<{url.path}?{url.query}>; rel="next"'
    items = [shown(it) for it in found[: query.limit]]
    return models.WebhookDeliveries(items=items, next_cursor=more)


@router.post(
    "/webhook-deliveries/{delivery_id}/resend",
    operation_id="resendPartnerWebhook",
    status_code=202,
    responses={**NOT_FOUND, **CONFLICT},
)
async def resend(
    request: Request, caller: PartnerReader, delivery_id: DeliveryId
) -> models.WebhookDelivery:
    """Deliver the same event once more: the same `webhook-id`, the same body. 409 while it is still
    to be delivered, or your address is switched off.
    """
    partner = caller.partner
    async with deps_of(request).pool.acquire() as connection, connection.transaction():
        try:
            made = await hooks.resend(connection, partner.id, partner.book, delivery_id)
        except NotResent as error:
            code = "not_found" if error.code == "unknown" else "conflict"
            raise Coded(code, str(error)) from None
        found = await hooks.delivery(connection, partner.id, partner.book, made)
    assert found is not None
    return shown(found)


async def find(request: Request, partner: Partner, wanted: str) -> Delivery:
    """Raises Coded."""
    found = await hooks.delivery(deps_of(request).pool, partner.id, partner.book, wanted)
    if found is None:
        raise Coded("not_found", "There is no delivery of yours with this id.")
    return found


def shown(it: Delivery) -> models.WebhookDelivery:
    return models.WebhookDelivery(
        id=it.id,
        event_id=it.event_id,
        type=it.type,
        subject=it.subject,
        state=it.state,
        attempts=it.attempts,
        http_status=it.http_status,
        error=it.said,
        created_at=it.created_at,
        next_attempt_at=it.next_at,
        ended_at=it.ended_at,
    )
