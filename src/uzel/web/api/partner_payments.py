"""Making a payment, and how payments and quotes look."""

from decimal import Decimal
from typing import Any

from fastapi import Request, Response

from uzel.kit.batch import Full
from uzel.model.currency import plain, text
from uzel.partners import quotes, shown
from uzel.partners.lead import TooPoor
from uzel.partners.payment import (
    KEY,
    NUMBER,
    Answer,
    Ask,
    InFlight,
    KeyReused,
    NumberUsed,
    Outcome,
    Partner,
    Poor,
    Quote,
    Refused,
    Taken,
)
from uzel.web.api import partner_models as models
from uzel.web.api.problems import MEDIA_TYPE, RETRY_AFTER_S, Coded, problem_of
from uzel.web.deps import deps_of
from uzel.web.partner.wanted import amount_of, fingerprint

HERE = "v1"
UNKNOWN_AGAIN = (
    "Give the header Idempotency-Key, or external_id, or both: without them a payment whose answer "
    "was lost would be paid again."
)


async def make_payment(
    request: Request, partner: Partner, key: str | None, wanted: models.PaymentRequest
) -> Response:
    """The answer. Raises Coded, and what `Payments.ask` raises of the database's troubles."""
    ask = await ask_of(request, partner, key, wanted)
    try:
        answer = await deps_of(request).partners.payments.ask(ask)
    except InFlight:
        again = {"retry-after": "1"}
        raise Coded("request_in_progress", "The same is being worked on now.", again) from None
    except KeyReused:
        said = "Another request was made under this Idempotency-Key or external_id."
        raise Coded("idempotency_key_reused", said) from None
    except NumberUsed as error:
        said = f"The payment {error.public_id} has this external_id already."
        raise Coded("external_id_used", said) from None
    except Full:
        again = {"retry-after": str(RETRY_AFTER_S)}
        raise Coded("unavailable", "Too much is waiting.", again) from None
    headers = {"idempotent-replayed": "true"} if answer.repeated else {}
    media_type = "application/json" if answer.status < 400 else MEDIA_TYPE
    return Response(answer.body, answer.status, headers, media_type)


async def ask_of(
    request: Request, partner: Partner, key: str | None, wanted: models.PaymentRequest
) -> Ask:
    if key is None and wanted.external_id is None:
        wrong = {"location": "header.Idempotency-Key", "detail": UNKNOWN_AGAIN}
        raise Coded("invalid_request", UNKNOWN_AGAIN, more={"errors": [wrong]})
    quote = await quote_of(request, partner, wanted)
    if quote is not None:
        amount, currency = quote.priced.amount, quote.priced.price.currency
    else:
        given = amount_of(wanted.amount)
        if given is None or wanted.currency is None:
            raise Coded("invalid_request", "Give quote_id, or amount and currency.")
        amount, currency = given, wanted.currency
    details, number = wanted.details, wanted.external_id

    def render(outcome: Outcome) -> Answer:
        if isinstance(outcome, Taken):
            made = of_taken(outcome, amount, details, number, wanted.quote_id)
            return Answer(201, made.model_dump_json().encode())
        error = poor(outcome) if isinstance(outcome, Poor) else refused(outcome)
        problem = problem_of(request, error)
        return Answer(problem.status, problem.model_dump_json(exclude_none=True).encode())

    keys = [f"{KEY}{HERE}:{key}"] if key is not None else []
    keys += [f"{NUMBER}{number}"] if number is not None else []
    said = fingerprint(HERE, amount, currency, details, number, wanted.quote_id)
    return Ask(partner, amount, currency, details, render, tuple(keys), said, number, quote)


async def quote_of(
    request: Request, partner: Partner, wanted: models.PaymentRequest
) -> Quote | None:
    """The quote that is named, where it fits what else is said. Raises Coded."""
    if wanted.quote_id is None:
        return None
    quote = await quotes.find(deps_of(request).pool, partner, wanted.quote_id)
    if quote is None:
        raise Coded("quote_not_found", "There is no quote of yours with this id.")
    priced = quote.priced
    other_amount = wanted.amount is not None and amount_of(wanted.amount) != priced.amount
    if other_amount or wanted.currency not in (None, priced.price.currency):
        raise Coded("invalid_request", "The quote is for another amount or currency.")
    return quote


def poor(outcome: Poor) -> Coded:
    priced = outcome.priced
    currency = priced.balance_currency
    costs = text(priced.total_minor, currency)
    return too_poor(f"It costs {costs} {currency}", priced.total_minor, outcome, currency)


def too_poor(said: str, required_minor: int, outcome: Poor | TooPoor, currency: str) -> Coded:
    """402, with what is needed and what there is."""
    there_is = text(outcome.available_minor, currency)
    credit = f", and {text(outcome.credit_minor, currency)} credit" if outcome.credit_minor else ""
    more = {
        "required_minor": required_minor,
        "available_minor": outcome.available_minor,
        "credit_minor": outcome.credit_minor,
        "spendable_minor": outcome.spendable_minor,
        "balance_currency": currency,
    }
    return Coded("insufficient_funds", f"{said}; available: {there_is}{credit}.", more=more)


def refused(outcome: Refused) -> Coded:
    """Why nothing was done, and what to do."""
    said = {
        "no_rate": ("rate_not_found", f"There is no exchange rate for {outcome.currency}."),
        "old_rate": ("rate_too_old", f"The exchange rate for {outcome.currency} is too old."),
        "quote_used": ("quote_used", "Another payment was made by this quote."),
        "quote_expired": ("quote_expired", "The quote has expired."),
    }
    wrong = ("invalid_request", f"No such amount of {outcome.currency} can be paid.")
    return Coded(*said.get(outcome.code, wrong))


def of_taken(
    taken: Taken, amount: Decimal, details: str | None, number: str | None, quote_id: str | None
) -> models.Payment:
    """A payment that was made just now."""
    return models.Payment(**shown.of_taken(taken, amount, details, number, quote_id))


def of_row(row: Any) -> models.Payment:
    """A payment as it is in the database."""
    return models.Payment(**shown.of_row(row))


def of_quote(quote: Quote) -> models.Quote:
    cost = quote.priced.price
    return models.Quote(
        id=quote.public_id,
        amount=plain(quote.priced.amount),
        currency=cost.currency,
        cost_minor=cost.total_minor,
        commission_minor=cost.commission_minor,
        commission_percent=plain(quote.commission_percent),
        balance_currency=cost.balance_currency,
        rate=plain(shown.rate_shown(cost.rate)),
        created_at=quote.created_at,
        expires_at=quote.expires_at,
    )
