"""`get_payment_cost` and `process_payment`."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from uzel.model.currency import decimal
from uzel.partners import quotes
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
from uzel.partners.price import Price
from uzel.partners.shown import rate_shown
from uzel.web.partner.call import Call
from uzel.web.partner.reading import status_of
from uzel.web.partner.reply import Refusal, Reply, clock, ok, retry_after
from uzel.web.partner.wanted import (
    amount_of,
    currency_of,
    details_of,
    fingerprint,
    is_key,
    number,
    number_of,
)

PARAMETERS = "Invalid parameters: payment_amount and payment_currency are required."
# Stands in fingerprints for service details that were not given, so that what was paid before is
# still known as the same.
NO_DETAILS = "ChatGPT Payment"
BY_POST = "process_payment is asked for by POST."
WRONG = {
    "payment_amount": "is no amount above zero and below 10^18: write 10 or 10.5, with a point and "
    "without spaces",
    "payment_currency": "is no code of a currency: three letters, such as USD",
}
NUMBERS = ("partner_transaction_id", "external_id", "transaction_id")
# Of the keys: one and the same may be used at both addresses.
HERE = "api.php"
REPLAYED = {"idempotent-replayed": "true"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A payment as it was asked for."""

    amount: Decimal
    currency: str
    quote: Quote | None = None


async def cost(call: Call) -> Reply:
    """`get_payment_cost`: what it costs now, and a quote that keeps it so for some minutes."""
    wanted = amount_and_currency(call)
    partner = call.caller.partner
    async with call.parts.pool.acquire() as connection, connection.transaction():
        found = await call.parts.payments.cost(connection, partner, *wanted)
        if isinstance(found, Refused):
            raise refusal(found, "Could not calculate payment cost. Exchange rate not found for")
        quote = await quotes.make(connection, partner, found)
    price = found.price
    return ok(
        cost_in_balance_units=number(decimal(price.total_minor, partner.currency)),
        original_amount=number(found.amount),
        original_currency=price.currency,
        rate_used=number(rate_shown(price.rate)),
        rate_currency_pair=f"{price.currency}_{partner.currency}",
        balance_currency=partner.currency,
        commission=number(decimal(price.commission_minor, partner.currency)),
        commission_percent=number(quote.commission_percent),
        quote_id=quote.public_id,
        quote_expires_at=clock(quote.expires_at),
    )


async def pay(call: Call) -> Reply:
    """`process_payment`: the money is held or taken, once for each key and each number."""
    wanted = await wanted_of(call)
    external_id = own_number(call)
    ask = ask_of(call, wanted, external_id)
    try:
        answer = await call.parts.payments.ask(ask)
    except InFlight:
        text = "The same request is being processed. Please try again later."
        raise Refusal("request_in_progress", text, headers=retry_after(1)) from None
    except KeyReused:
        text = "Another request was made under this Idempotency-Key or transaction number."
        raise Refusal("idempotency_key_reused", text) from None
    except NumberUsed as error:
        text = "There is a payment under this transaction number already."
        raise Refusal("external_id_used", text, {"transaction_id": error.public_id}) from None
    return Reply(answer.status, answer.body, REPLAYED if answer.repeated else {})


def ask_of(call: Call, wanted: Wanted, external_id: str | None) -> Ask:
    partner, key = call.caller.partner, call.given.key
    if key is not None and not is_key(key):
        text = "Idempotency-Key has 1 to 255 printable ASCII characters."
        raise Refusal("idempotency_key_invalid", text)
    details = details_of(call.given.value("service_details"))
    said = (details or NO_DETAILS, external_id, quote_id_of(wanted))
    keys = [f"{KEY}{HERE}:{key}"] if key is not None else []
    keys += [f"{NUMBER}{external_id}"] if external_id is not None else []
    return Ask(
        partner,
        wanted.amount,
        wanted.currency,
        details,
        lambda outcome: worded(partner, external_id, outcome),
        tuple(keys),
        fingerprint(HERE, wanted.amount, wanted.currency, *said),
        external_id,
        wanted.quote,
    )


def quote_id_of(wanted: Wanted) -> str | None:
    return wanted.quote.public_id if wanted.quote else None


async def wanted_of(call: Call) -> Wanted:
    """Amount and currency, given or those of a quote. No money moves by GET, which programs repeat
    at will.
    """
    if call.given.method != "POST":
        raise Refusal("invalid_parameters", PARAMETERS, {"errors": [BY_POST]})
    quote_id = call.given.value("quote_id")
    if quote_id is None or quote_id == "":
        return Wanted(*amount_and_currency(call))
    known = isinstance(quote_id, str) and quote_id.isprintable()
    quote = await quotes.find(call.parts.pool, call.caller.partner, quote_id) if known else None
    if quote is None:
        raise Refusal("quote_not_found", "Quote not found or access denied.")
    amount, currency = quote.priced.amount, quote.priced.price.currency
    said_amount = call.given.value("payment_amount")
    said_currency = call.given.value("payment_currency")
    if said_amount not in (None, "") and amount_of(said_amount) != amount:
        raise Refusal("invalid_parameters", "The quote is for another amount.")
    if said_currency not in (None, "") and currency_of(said_currency) != currency:
        raise Refusal("invalid_parameters", "The quote is for another currency.")
    return Wanted(amount, currency, quote)


def amount_and_currency(call: Call) -> tuple[Decimal, str]:
    """Raises Refusal: its message is the one that programs know, `errors` says which and why."""
    given = {name: call.given.value(name) for name in WRONG}
    amount = amount_of(given["payment_amount"])
    currency = currency_of(given["payment_currency"])
    if amount is not None and currency is not None:
        return amount, currency
    read = {"payment_amount": amount, "payment_currency": currency}
    errors = [
        f"{name} is missing." if given[name] in (None, "") else f"{name} {WRONG[name]}."
        for name in WRONG
        if read[name] is None
    ]
    raise Refusal("invalid_parameters", PARAMETERS, {"errors": errors})


def own_number(call: Call) -> str | None:
    """The partner's own number of the payment, the first that is given."""
    for name in NUMBERS:
        try:
            found = number_of(call.given.value(name))
        except ValueError:
            text = f"Invalid parameters: {name} has at most 255 printable characters."
            raise Refusal("invalid_parameters", text) from None
        if found is not None:
            return found
    return None


def worded(partner: Partner, external_id: str | None, outcome: Outcome) -> Answer:
    """An outcome as it goes out, and is kept."""
    if isinstance(outcome, Taken):
        return Answer(200, orjson.dumps(taken(partner, external_id, outcome)))
    if isinstance(outcome, Poor):
        error = Refusal("insufficient_funds", "Insufficient funds.", poor(outcome))
    else:
        error = refusal(outcome, "Could not determine payment cost. Rate not set for")
    reply = error.reply()
    return Answer(reply.status, reply.body)


def taken(partner: Partner, external_id: str | None, outcome: Taken) -> dict[str, Any]:
    priced, currency = outcome.priced, partner.currency
    return {
        "status": "success",
        "message": "Payment processed successfully.",
        "transaction_id": outcome.public_id,
        "new_balance": number(decimal(outcome.after_minor, currency)),
        "balance_currency": currency,
        "amount_deducted": number(decimal(priced.total_minor, currency)),
        "commission": number(decimal(priced.commission_minor, currency)),
        "rate_used": number(rate_shown(priced.rate)),
        "transaction_status": status_of(partner, outcome.state),
        "external_id": external_id,
        "timestamp": clock(outcome.at),
    }


def poor(outcome: Poor) -> dict[str, Any]:
    priced: Price = outcome.priced
    currency = priced.balance_currency
    return {
        "required_balance": number(decimal(priced.total_minor, currency)),
        "current_balance": number(decimal(outcome.available_minor, currency)),
        "balance_currency": currency,
        "credit_limit": number(decimal(outcome.credit_minor, currency)),
        "available_to_spend": number(decimal(outcome.spendable_minor, currency)),
    }


def refusal(refused: Refused, no_rate: str) -> Refusal:
    """What the asker can mend. `no_rate`: what is said before the currency."""
    if refused.code == "no_rate":
        return Refusal("rate_not_found", f"{no_rate} {refused.currency}")
    if refused.code == "old_rate":
        return Refusal("rate_too_old", f"{no_rate} {refused.currency}: it is too old")
    if refused.code == "quote_used":
        return Refusal("quote_used", "Another payment was made by this quote.")
    if refused.code == "quote_expired":
        return Refusal("quote_expired", "The quote has expired: ask for a new one.")
    return Refusal(
        "invalid_parameters", "Invalid parameters: payment_amount is too large, or too small."
    )
