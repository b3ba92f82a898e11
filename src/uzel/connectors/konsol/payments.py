"""Payments: made once, asked for, listed; and found again where the answer to one was lost.

The service knows no key against doubles and no id of ours (none is in any evidence), so nothing
here is ever asked for twice: our reference stands in the purpose and in the title of the service,
and a lost payment is looked for by it.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx2

from uzel.connector import Answer
from uzel.connectors.konsol import pages
from uzel.connectors.konsol.api import Arguments, Content, call, entity, entity_name, identifier
from uzel.connectors.konsol.config import KonsolConfig
from uzel.connectors.konsol.privacy import masked
from uzel.connectors.konsol.request import demand, payment_body, reference_of
from uzel.connectors.konsol.shapes import (
    CURRENCY,
    amount_minor,
    created_at,
    names,
    payee_of,
    payment_of,
    texts_of,
)
from uzel.connectors.konsol.statuses import meaning, word_of
from uzel.errors import ContractBroken, OutcomeUnknown
from uzel.kit.body import utc_of

log = logging.getLogger(__name__)

PATH = "/payments"
# Their clock may run behind ours.
CLOCKS_DIFFER_BY = timedelta(minutes=5)
# How late a payment may come into the list is not known; younger absence proves nothing.
LISTED_WITHIN = timedelta(hours=24)
DOUBLED = "reference_doubled"
# Fields of bank_details of which a part may be shown → our arguments.
SHOWN = {
    "card_number": "card_number",
    "fps_mobile_phone": "phone",
    "bank_account_id": "bank_account_id",
}


async def create_payment(
    http: httpx2.AsyncClient, config: KonsolConfig, arguments: Arguments
) -> Answer:
    """Pay `amount_minor` kopecks to a contractor, once.

    Whom: `contractor_id`, or `contractor` {"first_name", "last_name", "patronymic" or None}.
    Where, by `kind`: card (`card_number`, digits), fps (`phone` E.164, `bank_member_id`) or
    bank_account (`bank_id`, `bank_account_id`, `owner_name`). `reference` is ours and unique;
    `planned_at` (ISO, with a zone; not after the first attempt) is for the search after a lost
    answer. `purpose`: words before the reference, else those of the settings.

    Answer: reference = their id; data {"status", "meaning", "contractor_id", "kind", "masked"}.
    A status may say `failed` at once. Raises every CallFailed but ContractBroken; OutcomeUnknown
    for all that does not prove that nothing happened.
    """
    body = payment_body(config, arguments)
    reference = reference_of(arguments)
    headers = {"idempotency-key": reference} if config.idempotency_key else None
    reply = await call(http, config, "POST", PATH, effect=True, body=body, headers=headers)
    made = entity(reply.content)
    if made is None:
        raise OutcomeUnknown("Консоль: в ответе нет номера платежа")
    return accepted(made, arguments)


def accepted(made: Content, arguments: Arguments) -> Answer:
    """A payment there is; where their answer does not say to whom, the arguments do. Those of a
    lookup have no card number any more.
    """
    status, payee = word_of(made.get("status")), payee_of(made)
    kind = arguments["kind"]
    asked = {name: arguments.get(argument) for name, argument in SHOWN.items()}
    return Answer(
        reference=entity_name(made),
        data={
            "status": status,
            "meaning": meaning(status).value,
            "contractor_id": payee["contractor_id"] or arguments.get("contractor_id"),
            "kind": kind,
            "masked": payee["masked"] or masked(kind, asked),
        },
        currency=CURRENCY,
    )


async def payment(http: httpx2.AsyncClient, config: KonsolConfig, arguments: Arguments) -> Answer:
    """What became of the payment `id`. Answer: reference = its id; data as `shapes.payment_of`
    gives it. Raises Rejected (code 404) where there is none.
    """
    name = identifier(arguments.get("id"))
    demand(name is not None, "id", "это не номер платежа")
    reply = await call(http, config, "GET", f"{PATH}/{quote(str(name), safe='')}", effect=False)
    found = entity(reply.content)
    if found is None or entity_name(found) != name:
        raise ContractBroken("Консоль: в ответе нет такого платежа")
    return Answer(reference=name, data=payment_of(found), currency=CURRENCY)


async def payments(http: httpx2.AsyncClient, config: KonsolConfig, arguments: Arguments) -> Answer:
    """All payments, or those made since `since` (ISO, with a zone); older ones may be among them.

    Answer: data {"payments": [as `shapes.payment_of`], "complete": whether the list is proved to
    hold them all}.
    """
    since = utc_of(arguments.get("since"))
    demand(since is not None or arguments.get("since") is None, "since", "это не время")
    listing = await pages.read(http, config, PATH, since)
    found = [payment_of(item) for item in listing.items]
    return Answer(data={"payments": found, "complete": listing.complete}, currency=CURRENCY)


async def look_up_payment(
    http: httpx2.AsyncClient, config: KonsolConfig, effect: str, arguments: Arguments
) -> Answer | None:
    """Whether the payment with this `reference` was made: read from the list, back to five minutes
    before it was planned.

    None only where the list was read to its end, every payment in it says what it is for, and
    `planned_at` is a day ago: until then OutcomeUnknown. Raises ContractBroken where two bear the
    reference, or one that bears it is of another amount: then a person has to look.
    """
    reference = reference_of(arguments)
    planned_at = utc_of(arguments.get("planned_at"))
    since = planned_at - CLOCKS_DIFFER_BY if planned_at else None
    listing = await pages.read(http, config, PATH, since)
    found = [item for item in listing.items if names(item, reference)]
    if found:
        return accepted(the_one(found, arguments), arguments)
    if not listing.complete:
        raise OutcomeUnknown("Консоль: список выплат прочитан не до конца")
    if any(texts_of(item) is None for item in listing.items if is_recent(item, since)):
        raise OutcomeUnknown("Консоль: в списке есть выплаты без назначения")
    if planned_at is not None and datetime.now(UTC) - planned_at < LISTED_WITHIN:
        raise OutcomeUnknown("Консоль: выплаты в списке пока нет")
    return None


def the_one(found: list[Content], arguments: Arguments) -> Content:
    """The only payment that bears our reference. Raises ContractBroken, and says it aloud."""
    reference = arguments["reference"]
    ids = ", ".join(str(entity_name(item)) for item in found)
    if len(found) > 1:
        log.error("konsol: several payments bear the reference %s: %s", reference, ids)
        raise ContractBroken(
            f"Консоль: с номером {reference} несколько выплат: {ids}", code=DOUBLED
        )
    amount = amount_minor(found[0].get("amount"))
    if amount is not None and amount != arguments.get("amount_minor"):
        log.error("konsol: the payment %s of the reference %s is of another sum", ids, reference)
        raise ContractBroken(f"Консоль: выплата {ids} на другую сумму", code="amount_differs")
    return found[0]


def is_recent(item: Mapping[str, Any], since: datetime | None) -> bool:
    """Whether a payment may be one made since; those without a time may."""
    at = created_at(dict(item))
    return since is None or at is None or at >= since
