"""What we change at Kaspi: the status of an order, the quantity of a position (Kaspi, "Orders API",
2.3 to 2.5); and, where an answer was lost, whether it happened.

A status may be reached only from certain others, so what is asked for twice is refused the second
time and changes nothing more. The order itself shows what became of it; see each `look_up_…`.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import httpx2

from uzel.connector import Answer
from uzel.connectors.kaspi.api import Arguments, Content, identifier, post
from uzel.connectors.kaspi.config import KaspiConfig
from uzel.connectors.kaspi.orders import demand, entries, is_whole, order
from uzel.connectors.kaspi.reading import decimal_of
from uzel.errors import OutcomeUnknown, Rejected
from uzel.kit.body import at, object_at, text_of

# What can be told of an order that somebody else may have changed since: it happened, it did not,
# or neither can be said.
Judge = Callable[[Mapping[str, Any]], bool | None]

SECURITY_CODE = re.compile(r"[0-9A-Za-z]{1,20}")
LONGEST_COMMENT = 1000
MOST_PARCELS = 1000
REASON = re.compile(r"[A-Z_]{1,60}")
BEFORE = "APPROVED_BY_BANK"
ACCEPTED = "ACCEPTED_BY_MERCHANT"
# Nothing of this comes without the merchant's acceptance.
AFTER_ACCEPTANCE = frozenset(
    {ACCEPTED, "COMPLETED", "RETURNED", "KASPI_DELIVERY_RETURN_REQUESTED", "ASSEMBLE", "ARRIVED"}
)


async def accept(http: httpx2.AsyncClient, config: KaspiConfig, arguments: Arguments) -> Answer:
    """Take a new order on; `order` is its id, `code` its number.

    Answer, as of every change of a status: data {"order", "code", "status" (as Kaspi answered)}.
    """
    return await move(http, config, arguments, {"status": ACCEPTED})


async def assemble(http: httpx2.AsyncClient, config: KaspiConfig, arguments: Arguments) -> Answer:
    """Make the waybill of a Kaspi Delivery order for `parcels` pieces. Kaspi answers with the
    status ASSEMBLE or ASSEMBLED; the order itself stays accepted, with `assembled` true.
    """
    parcels = arguments["parcels"]
    demand(is_whole(parcels) and 0 < parcels <= MOST_PARCELS, "parcels", "сколько мест?")
    return await move(
        http, config, arguments, {"status": "ASSEMBLE", "numberOfSpace": str(parcels)}
    )


async def send_code(http: httpx2.AsyncClient, config: KaspiConfig, arguments: Arguments) -> Answer:
    """Have Kaspi push a code to the buyer, who says it when the goods are handed over. The answer
    to it is not documented.
    """
    return await move(http, config, arguments, {"status": "COMPLETED"}, code_headers(""))


async def complete(http: httpx2.AsyncClient, config: KaspiConfig, arguments: Arguments) -> Answer:
    """Say that the buyer has the goods; `security_code` is what the buyer said, and no answer
    shows it. Raises Rejected `security_code_invalid`, `order_cancelled`, `already_completed`,
    `not_allowed` (documents are to be signed first).
    """
    said = str(arguments["security_code"]).strip()
    if not SECURITY_CODE.fullmatch(said):
        raise Rejected("Kaspi: это не код от покупателя", code="security_code_invalid")
    return await move(http, config, arguments, {"status": "COMPLETED"}, code_headers(said))


async def cancel(http: httpx2.AsyncClient, config: KaspiConfig, arguments: Arguments) -> Answer:
    """Cancel an order. `reason` is MERCHANT_OUT_OF_STOCK, BUYER_CANCELLATION_BY_MERCHANT or
    BUYER_NOT_REACHABLE (the latter not for every delivery), `comment` at most 1000 characters or
    None.
    """
    reason, comment = arguments["reason"], arguments.get("comment")
    demand(bool(REASON.fullmatch(str(reason))), "reason", "такой причины отмены не бывает")
    demand(len(comment or "") <= LONGEST_COMMENT, "comment", "примечание длиннее 1000 знаков")
    why = {"cancellationReason": reason, **({"cancellationComment": comment} if comment else {})}
    return await move(http, config, arguments, {"status": "CANCELLED", **why})


async def cancel_part(
    http: httpx2.AsyncClient, config: KaspiConfig, arguments: Arguments
) -> Answer:
    """Leave `remaining` pieces of the position `entry` (its id) in the order `order` (its id); 0
    takes the position away. `reason` as of `cancel`.

    Answer: reference = Kaspi's id of the operation, data {"entry", "remaining", "status"}; status
    INPROGRESS or SUCCESSFULL (so written).
    """
    entry, remaining = identifier(arguments["entry"], "entry"), arguments["remaining"]
    demand(is_whole(remaining), "remaining", "сколько оставить?")
    demand(bool(REASON.fullmatch(str(arguments["reason"]))), "reason", "такой причины не бывает")
    data = {
        "type": "orderEntryCancelOperation",
        "attributes": {"remainedQuantity": remaining, "reason": arguments["reason"]},
        "relationships": {"entry": {"data": {"type": "orderentries", "id": entry}}},
    }
    made = object_at(await post(http, config, "/orderEntryCancelOperation", data), "data")
    return Answer(
        reference=text_of(at(made, "id")),
        data={"entry": entry, "remaining": remaining, "status": status_of(made)},
    )


async def move(
    http: httpx2.AsyncClient,
    config: KaspiConfig,
    arguments: Arguments,
    attributes: Content,
    more: Mapping[str, str] | None = None,
) -> Answer:
    """Ask for a status. Raises OutcomeUnknown for an answer that does not say what it is now."""
    order_id, code = identifier(arguments["order"], "order"), identifier(arguments["code"], "code")
    data = {"type": "orders", "id": order_id, "attributes": {"code": code, **attributes}}
    made = object_at(await post(http, config, "/orders", data, more), "data")
    return moved(arguments, status_of(made))


def moved(arguments: Arguments, status: str | None) -> Answer:
    return Answer(data={"order": arguments["order"], "code": arguments["code"], "status": status})


def status_of(made: Mapping[str, Any] | None) -> str:
    status = text_of(at(made, "attributes", "status"))
    if status is None:
        raise OutcomeUnknown("Kaspi: в ответе нет статуса")
    return status


def code_headers(security_code: str) -> dict[str, str]:
    """Both belong to both steps; in the first the code is empty."""
    return {"x-security-code": security_code, "x-send-code": "true"}


def was_accepted(attributes: Mapping[str, Any]) -> bool | None:
    """Of a cancelled order nobody can tell whether it was accepted before."""
    status = text_of(attributes.get("status"))
    if status == BEFORE:
        return False
    return True if status in AFTER_ACCEPTANCE else None


def was_assembled(attributes: Mapping[str, Any]) -> bool | None:
    if attributes.get("assembled") is True:
        return True
    return False if attributes.get("status") == ACCEPTED else None


def was_completed(attributes: Mapping[str, Any]) -> bool | None:
    if attributes.get("status") == "COMPLETED":
        return True
    return False if attributes.get("status") == ACCEPTED else None


def was_cancelled(attributes: Mapping[str, Any]) -> bool | None:
    """Whoever cancelled it, it is cancelled, or about to be."""
    if attributes.get("status") in ("CANCELLED", "CANCELLING"):
        return True
    return False if attributes.get("status") in (BEFORE, ACCEPTED) else None


def by_status(judge: Judge) -> Callable[..., Any]:
    """A `look_up` that reads the order by its number. Raises OutcomeUnknown where that decides
    nothing, and what a read raises.
    """

    async def look_up(
        http: httpx2.AsyncClient, config: KaspiConfig, effect: str, arguments: Arguments
    ) -> Answer | None:
        found = (await order(http, config, {"code": arguments["code"]})).data["order"]
        attributes = object_at(found, "data", "attributes")
        if attributes is None:
            raise OutcomeUnknown("Kaspi: такого заказа в ответе нет")
        status = text_of(attributes.get("status"))
        happened = judge(attributes)
        if happened is None:
            raise OutcomeUnknown(f"Kaspi: заказ теперь {status}, из этого ничего не следует")
        return moved(arguments, status) if happened else None

    return look_up


look_up_accept = by_status(was_accepted)
look_up_assemble = by_status(was_assembled)
look_up_complete = by_status(was_completed)
look_up_cancel = by_status(was_cancelled)


async def look_up_cancel_part(
    http: httpx2.AsyncClient, config: KaspiConfig, effect: str, arguments: Arguments
) -> Answer | None:
    """Whether as many pieces remain as were asked for. Never None: Kaspi may still be at it."""
    found = (await entries(http, config, {"order": arguments["order"]})).data["entries"]
    mine = next((it for it in found if at(it, "id") == arguments["entry"]), None)
    left = Decimal(0) if mine is None else decimal_of(at(mine, "attributes", "quantity"))
    if left != arguments["remaining"]:
        raise OutcomeUnknown("Kaspi: в заказе пока не столько, сколько просили оставить")
    kept = {name: arguments[name] for name in ("entry", "remaining")}
    return Answer(data={**kept, "status": "SUCCESSFULL"})
