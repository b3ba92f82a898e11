"""Leads of partners: submitted in batches, each known by the partner's own number."""

import hashlib
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from uzel.model.currency import text
from uzel.partners import lead_store
from uzel.partners.lead import Batch, NewLead, Received, TooPoor
from uzel.partners.leads import submit
from uzel.partners.payment import KEY, Answer, InFlight, KeyReused, Partner
from uzel.web.api import partner_lead_models as models
from uzel.web.api.openapi import BAD_REQUEST, CONFLICT, NOT_FOUND, POOR, RATE_LIMITED
from uzel.web.api.paging import MOST
from uzel.web.api.partner_models import Number
from uzel.web.api.partner_payments import too_poor
from uzel.web.api.partner_tokens import PartnerReader, PartnerSubmitter
from uzel.web.api.problems import MEDIA_TYPE, Coded, problem_of
from uzel.web.deps import deps_of
from uzel.web.partner.leads import dumps, is_deep
from uzel.web.partner.wanted import LONGEST_KEY

HERE = "v1-leads"

router = APIRouter(prefix="/partner", tags=["partners"], responses=RATE_LIMITED)

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=LONGEST_KEY,
        pattern=r"^[!-~]([ -~]*[!-~])?$",
        description="The same key with the same batch gets the same answer, byte for byte.",
        examples=["1f0f3d94-9d5e-4b8e-8c57-8f6f0c1a7a52"],
    ),
]


@router.post(
    "/leads",
    operation_id="submitPartnerLeads",
    response_model=models.LeadResults,
    responses={**BAD_REQUEST, **POOR, **CONFLICT},
)
async def post_leads(
    request: Request,
    caller: PartnerSubmitter,
    batch: models.LeadBatch,
    key: Key = None,
) -> Response:
    """Submit leads. All that are new and valid are taken, or none where the balance does not
    suffice for their price; those of before stay as they were.
    """
    partner, parts = caller.partner, batch.parts
    leads = [lead_of(it) for it in parts if isinstance(it, models.NewLead)]

    def render(outcome: Batch | TooPoor) -> Answer:
        if isinstance(outcome, Batch):
            return Answer(200, results(partner, parts, outcome).model_dump_json().encode())
        problem = problem_of(request, poor(partner, outcome))
        return Answer(problem.status, problem.model_dump_json(exclude_none=True).encode())

    said = fingerprint(parts)
    kept_under = f"{KEY}{HERE}:{key}" if key is not None else None
    try:
        answer = await submit(deps_of(request).pool, partner, leads, render, kept_under, said)
    except InFlight:
        again = {"retry-after": "1"}
        raise Coded("request_in_progress", "The same is being worked on now.", again) from None
    except KeyReused:
        text_ = "Another request was made under this Idempotency-Key."
        raise Coded("idempotency_key_reused", text_) from None
    headers = {"idempotent-replayed": "true"} if answer.repeated else {}
    media_type = "application/json" if answer.status < 400 else MEDIA_TYPE
    return Response(answer.body, answer.status, headers, media_type)


def fingerprint(parts: Sequence[models.NewLead | models.Wrong]) -> bytes:
    """Of a batch as it was understood."""
    said = [
        it.model_dump(mode="json")
        if isinstance(it, models.NewLead)
        else [it.why, None if is_deep(it.given) else it.given]
        for it in parts
    ]
    return hashlib.sha256(dumps({"leads": said})).digest()


def lead_of(lead: models.NewLead) -> NewLead:
    return NewLead(lead.external_id, lead.payment_url, lead.data)


def results(
    partner: Partner, parts: Sequence[models.NewLead | models.Wrong], batch: Batch
) -> models.LeadResults:
    taken = iter(batch.leads)
    return models.LeadResults(
        leads=[
            result_of(next(taken))
            if isinstance(it, models.NewLead)
            else models.LeadResult(
                external_id=it.external_id, lead_id=None, result="invalid", error=it.why
            )
            for it in parts
        ],
        cost_minor=batch.cost_minor,
        available_minor=batch.available_minor,
        balance_currency=partner.currency,
    )


def result_of(lead: Received) -> models.LeadResult:
    return models.LeadResult(
        external_id=lead.external_id,
        lead_id=lead.public_id,
        result="accepted" if lead.is_new else "duplicate",
    )


def poor(partner: Partner, outcome: TooPoor) -> Coded:
    costs = text(outcome.required_minor, partner.currency)
    said = f"{outcome.count} leads cost {costs} {partner.currency}"
    return too_poor(said, outcome.required_minor, outcome, partner.currency)


class LeadQuery(BaseModel):
    """Which leads."""

    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[str, StringConstraints(pattern=models.LEAD_ID)] | None = Field(
        default=None,
        description="`next_cursor` of the page before; keep the other parameters as they were.",
    )
    limit: int = Field(default=50, ge=1, le=MOST, description="Items a page at most.")
    state: models.LeadState | None = None
    external_id: Number | None = Field(
        default=None, description="Your own number.", examples=["deal-118"]
    )


@router.get("/leads", operation_id="listPartnerLeads", responses=NOT_FOUND)
async def list_leads(
    request: Request,
    response: Response,
    caller: PartnerReader,
    query: Annotated[LeadQuery, Query()],
) -> models.Leads:
    """Your leads, newest first."""
    pool, partner = deps_of(request).pool, caller.partner
    before = None
    if query.cursor is not None:
        before = await lead_store.of_partner_named(pool, partner.id, partner.book, query.cursor)
        if before is None:
            raise Coded("not_found", "There is no page of yours that begins here.")
    rows = await lead_store.of_partner(
        pool, partner.id, partner.book, query.limit + 1,
        before=before, state=query.state, external_id=query.external_id,
    )  # fmt: skip
    more = rows[query.limit - 1]["public_id"] if len(rows) > query.limit else None
    if more is not None:
        url = request.url.include_query_params(cursor=more)
        response.headers["link"] = f'<{url.path}?{url.query}>; rel="next"'
    return models.Leads(items=[of_row(row) for row in rows[: query.limit]], next_cursor=more)


def of_row(row: Any) -> models.Lead:
    return models.Lead(
        id=row["public_id"],
        external_id=row["external_id"],
        state=row["state"],
        payment_url=row["payment_url"],
        data=row["data"],
        payment_id=row["payment"],
        report_status=row["status"],
        reported_at=row["reported_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
