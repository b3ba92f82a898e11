"""What partners do for themselves: balance, quotes, payments, statements."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from uzel.ledger.accounts import TEST, standing
from uzel.partners import payment_store, quotes
from uzel.partners.payment import Partner, Refused
from uzel.partners.statement import statement
from uzel.web.api import partner_models as models
from uzel.web.api.openapi import BAD_REQUEST, CONFLICT, NOT_FOUND, POOR, RATE_LIMITED
from uzel.web.api.paging import CURSOR, MOST, Time, cursor_of, number_of
from uzel.web.api.partner_payments import make_payment, of_quote, of_row, refused
from uzel.web.api.partner_statement import FILES, as_file, wanted_kind
from uzel.web.api.partner_tokens import PartnerPayer, PartnerReader
from uzel.web.api.problems import Coded
from uzel.web.deps import deps_of
from uzel.web.partner.wanted import LONGEST_KEY, amount_of

MOST_ENTRIES = 10_000

router = APIRouter(prefix="/partner", tags=["partners"], responses=RATE_LIMITED)

PaymentId = Annotated[str, StringConstraints(pattern=models.PAYMENT_ID)]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=LONGEST_KEY,
        pattern=r"^[!-~]([ -~]*[!-~])?$",
        description=(
            "A key of yours for this payment. The same key with the same payment gets the same "
            "answer, byte for byte, with the header `Idempotent-Replayed: true`; with another one "
            "it gets 422. Needed where there is no `external_id`."
        ),
        examples=["6b1f6a0e-31cb-4d1c-9d5f-0a6a5c1f2b10"],
    ),
]


@router.get("/balance", operation_id="getPartnerBalance")
async def get_balance(request: Request, caller: PartnerReader) -> models.Balance:
    """What is there, what is held for pending payments, and what can be spent."""
    partner = caller.partner
    stands = await standing(deps_of(request).pool, partner.account)
    assert stands is not None
    return models.Balance(
        partner_id=partner.public_id,
        partner_name=partner.name,
        balance_currency=partner.currency,
        available_minor=stands.available_minor,
        held_minor=stands.held_minor,
        total_minor=stands.posted_minor,
        is_test=partner.book == TEST,
        credit_minor=stands.credit_minor,
        spendable_minor=stands.spendable_minor,
    )


@router.post("/quotes", operation_id="makePartnerQuote", status_code=201, responses=BAD_REQUEST)
async def make_quote(
    request: Request, caller: PartnerReader, wanted: models.QuoteRequest
) -> models.Quote:
    """What a payment costs, exactly, for ten minutes: give its id to one payment."""
    parts, amount = deps_of(request).partners, amount_of(wanted.amount)
    assert amount is not None
    async with parts.pool.acquire() as connection, connection.transaction():
        found = await parts.payments.cost(connection, caller.partner, amount, wanted.currency)
        if isinstance(found, Refused):
            raise refused(found)
        return of_quote(await quotes.make(connection, caller.partner, found))


@router.post(
    "/payments",
    operation_id="makePartnerPayment",
    status_code=201,
    response_model=models.Payment,
    responses={**BAD_REQUEST, **POOR, **NOT_FOUND, **CONFLICT},
)
async def post_payment(
    request: Request, caller: PartnerPayer, wanted: models.PaymentRequest, key: Key = None
) -> Response:
    """Pay: the money is held, or taken at once, as agreed. Whether it reached its end is in
    `state`, here or later.
    """
    return await make_payment(request, caller.partner, key, wanted)


@router.get("/payments/{payment_id}", operation_id="getPartnerPayment", responses=NOT_FOUND)
async def get_payment(
    request: Request, caller: PartnerReader, payment_id: PaymentId
) -> models.Payment:
    """One payment of yours."""
    row = await find(request, caller.partner, payment_id)
    if row is None:
        raise Coded("not_found", "There is no payment of yours with this id.")
    return of_row(row)


def in_range(value: datetime) -> datetime:
    """In UTC. Raises ValueError beyond what the database knows."""
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time between the years 1 and 9999, in UTC") from None


Moment = Annotated[Time, AfterValidator(in_range)]


class PaymentQuery(BaseModel):
    """Which payments."""

    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[str, StringConstraints(pattern=models.PAYMENT_ID)] | None = Field(
        default=None,
        description="`next_cursor` of the page before; keep the other parameters as they were.",
    )
    limit: int = Field(default=50, ge=1, le=MOST, description="Items a page at most.")
    state: models.PaymentState | None = None
    since: Moment | None = Field(
        default=None,
        description="Created not before this (RFC 3339).",
        examples=["2026-11-20T00:00:00Z"],
    )
    until: Moment | None = Field(
        default=None, description="Created before this.", examples=["2026-11-21T00:00:00Z"]
    )
    external_id: models.Number | None = Field(
        default=None, description="Your own number.", examples=["order-118"]
    )


@router.get("/payments", operation_id="listPartnerPayments", responses=NOT_FOUND)
async def list_payments(
    request: Request,
    response: Response,
    caller: PartnerReader,
    query: Annotated[PaymentQuery, Query()],
) -> models.Payments:
    """Your payments, newest first."""
    partner = caller.partner
    last = await find(request, partner, query.cursor) if query.cursor else None
    if query.cursor and last is None:
        raise Coded("not_found", "There is no page of yours that begins here.")
    before = last["id"] if last else None
    rows = await chosen(request, partner, query, before)
    more = rows[query.limit - 1]["public_id"] if len(rows) > query.limit else None
    if more is not None:
        url = request.url.include_query_params(cursor=more)
        response.headers["link"] = f'<{url.path}?{url.query}>; rel="next"'
    return models.Payments(items=[of_row(row) for row in rows[: query.limit]], next_cursor=more)


async def chosen(
    request: Request, partner: Partner, query: PaymentQuery, before: int | None
) -> list[Any]:
    """One more than fits on a page, if there are so many."""
    pool = deps_of(request).pool
    if query.external_id is not None:
        row = await payment_store.find_by_number(pool, partner.id, partner.book, query.external_id)
        return [row] if row and fits(row, query, before) else []
    return await payment_store.newest(
        pool,
        partner.id,
        partner.book,
        query.limit + 1,
        before,
        state=query.state,
        since=query.since,
        until=query.until,
    )


def fits(row: Any, query: PaymentQuery, before: int | None) -> bool:
    """What the database would say of the one row a number leads to."""
    at = row["created_at"]
    return (
        (query.state is None or row["state"] == query.state)
        and (query.since is None or at >= query.since)
        and (query.until is None or at < query.until)
        and (before is None or row["id"] < before)
    )


async def find(request: Request, partner: Partner, public_id: str) -> Any:
    return await payment_store.find(deps_of(request).pool, partner.id, partner.book, public_id)


class StatementQuery(BaseModel):
    """Of which time, and how."""

    model_config = ConfigDict(extra="forbid")

    since: Moment = Field(
        alias="from", description="From here on (RFC 3339).", examples=["2026-11-01T00:00:00Z"]
    )
    until: Moment | None = Field(
        default=None,
        alias="to",
        description="Before this; left out: up to now.",
        examples=["2026-12-01T00:00:00Z"],
    )
    format: Literal["json", "csv", "xlsx", "pdf"] | None = Field(
        default=None, description="Left out: as the header Accept says."
    )
    cursor: Annotated[str, StringConstraints(pattern=CURSOR)] | None = Field(
        default=None, description="`next_cursor` of the page before; JSON only."
    )


@router.get(
    "/statement",
    operation_id="getPartnerStatement",
    response_model=models.Statement,
    responses=FILES,
)
async def get_statement(
    request: Request, caller: PartnerReader, query: Annotated[StatementQuery, Query()]
) -> Any:
    """What came to the balance and left it: opening balance, every entry with the balance after it,
    closing balance. JSON comes in pages of 10,000 entries, files as a whole: CSV for programs, a
    workbook or a PDF for people, in their time zone and in the language of Accept-Language.
    """
    pool, partner = deps_of(request).pool, caller.partner
    until = query.until or datetime.now(UTC)
    kind = wanted_kind(query.format, request.headers.get("accept", ""))
    if kind is not None:
        return await as_file(request, partner, query.since, until, kind)
    after = number_of(query.cursor) or 0
    found = await statement(
        pool, partner.account, query.since, until, after=after, most=MOST_ENTRIES
    )
    return models.Statement(
        partner_id=partner.public_id,
        balance_currency=partner.currency,
        since=query.since,
        until=until,
        opening_minor=found.opening_minor,
        entries=[models.StatementEntry.model_validate(line, from_attributes=True)
                 for line in found.lines],
        closing_minor=found.closing_minor,
        next_cursor=cursor_of(found.next_after),
    )  # fmt: skip
