"""`submit_partner_lead`: a batch of leads, each with what became of it."""

import hashlib
import json
from typing import Any

import orjson

from uzel.kit.body import storable
from uzel.model.currency import decimal, plain
from uzel.partners.lead import Batch, NewLead, TooPoor
from uzel.partners.leads import submit
from uzel.partners.payment import KEY, Answer, InFlight, KeyReused, Partner
from uzel.web.partner.call import Call
from uzel.web.partner.carriers import LEADS, Given
from uzel.web.partner.reply import Refusal, Reply, retry_after
from uzel.web.partner.wanted import LONGEST_KEY, is_key, number

MOST_LEADS = 1000
MOST_LEAD_BYTES = 16 * 1024
DEEPEST = 16
LONGEST_LINK = 8192
HERE = "leads"
REPLAYED = {"idempotent-replayed": "true"}
# What we say of a lead; a partner's field of the same name says nothing.
OURS = frozenset({"dealId", "paymentUrl", "partnerId", "partner_name"})


def demand_json(given: Given) -> None:
    """Before anybody asks for the token, as partners' programs know it. Raises Refusal."""
    if given.method != "POST":
        text = "Invalid request method. Only POST is accepted for submit_partner_lead."
        raise Refusal("method_not_allowed", text, headers={"allow": "POST"})
    if given.json is None:
        raise Refusal("invalid_json", "Invalid JSON payload for submit_partner_lead.")
    if given.json.get("action") != LEADS:
        text = "Missing or incorrect 'action' in JSON payload for submit_partner_lead."
        raise Refusal("invalid_parameters", text)


async def submit_leads(call: Call) -> Reply:
    """The batch. What is wrong with one costs no other."""
    data = (call.given.json or {}).get("lead_data")
    if not isinstance(data, list):
        text = "Missing or invalid 'lead_data' array in JSON payload."
        raise Refusal("invalid_parameters", text)
    if len(data) > MOST_LEADS:
        raise Refusal("invalid_parameters", f"At most {MOST_LEADS} leads in one request.")
    key = call.given.key
    if key is not None and not is_key(key):
        text = "Idempotency-Key has 1 to 255 printable ASCII characters."
        raise Refusal("idempotency_key_invalid", text)
    partner, sheet = call.caller.partner, Sheet(data)
    try:
        answer = await submit(
            call.parts.pool,
            partner,
            sheet.leads,
            lambda outcome: worded(partner, sheet, outcome),
            f"{KEY}{HERE}:{key}" if key is not None else None,
            sheet.fingerprint(),
        )
    except InFlight:
        text = "The same request is being processed. Please try again later."
        raise Refusal("request_in_progress", text, headers=retry_after(1)) from None
    except KeyReused:
        text = "Another request was made under this Idempotency-Key."
        raise Refusal("idempotency_key_reused", text) from None
    return Reply(answer.status, answer.body, REPLAYED if answer.repeated else {})


class Sheet:
    """A batch as it came: what can be taken, and what is wrong with the rest.

    leads  in their order; `places` are theirs in the batch
    wrong  what is said of the others, by their places
    """

    def __init__(self, data: list[Any]) -> None:
        self.leads: list[NewLead] = []
        self.places: list[int] = []
        self.wrong: dict[int, str] = {}
        self.count = len(data)
        for place, one in enumerate(data):
            try:
                lead = read_lead(one)
            except ValueError as error:
                self.wrong[place] = f"Lead at index {place} {error}."
            else:
                self.leads.append(lead)
                self.places.append(place)

    def fingerprint(self) -> bytes:
        """Of the batch as it was understood."""
        leads = [[it.external_id, it.payment_url, it.data] for it in self.leads]
        wrong = sorted(self.wrong.items())
        return hashlib.sha256(dumps([leads, self.places, wrong])).digest()


def is_deep(value: Any) -> bool:
    """Whether parts lie in parts so deep that not every program could read them."""
    left = [(value, 1)]
    while left:
        one, depth = left.pop()
        if isinstance(one, dict | list):
            if depth > DEEPEST:
                return True
            inside = one.values() if isinstance(one, dict) else one
            left += [(part, depth + 1) for part in inside]
    return False


def read_lead(one: Any) -> NewLead:
    """Raises ValueError, whose text ends a sentence about it."""
    if not isinstance(one, dict):
        raise ValueError("is not an object")
    number = one.get("dealId")
    if isinstance(number, int) and not isinstance(number, bool):
        number = str(number)
    if number is None or number in ("", "0"):
        raise ValueError("missing dealId")
    if not isinstance(number, str) or not number.isprintable() or len(number) > LONGEST_KEY:
        raise ValueError("has an invalid dealId")
    if not number.strip():
        raise ValueError("missing dealId")
    if is_deep(one):
        raise ValueError(f"is deeper than {DEEPEST} levels")
    rest = {storable(name): value for name, value in one.items() if name not in OURS}
    if len(dumps(rest)) > MOST_LEAD_BYTES:
        raise ValueError("is larger than 16 KiB")
    return NewLead(number.strip(), link_of(one.get("paymentUrl")), json.loads(dumps(rest)))


def link_of(value: Any) -> str | None:
    """The link, as it is. Raises ValueError."""
    if value is None or value == "":
        return None
    is_text = isinstance(value, str) and len(value) <= LONGEST_LINK and value.isprintable()
    if not is_text or not value.strip().lower().startswith(("https://", "http://")):
        raise ValueError("has an invalid paymentUrl")
    return str(value).strip()


def dumps(value: Any) -> bytes:
    """JSON with keys in order, whatever the size of its whole numbers; those with a fraction as
    text, exact.
    """
    return json.dumps(value, default=str, sort_keys=True, separators=(",", ":")).encode()


def worded(partner: Partner, sheet: Sheet, outcome: Batch | TooPoor) -> Answer:
    """A batch's outcome as it goes out, and is kept."""
    if isinstance(outcome, TooPoor):
        reply = poor(partner, outcome).reply()
        return Answer(reply.status, reply.body)
    told, errors = results(sheet, outcome)
    new = sum(it["result"] == "accepted" for it in told)
    content: dict[str, Any] = {"status": "success", "message": message(new, bool(errors))}
    content["processed_count"] = new
    if new:
        content |= {"added_to_main_list_count": new, "updated_in_main_list_count": 0}
    content |= {
        "total_cost_charged": number(decimal(outcome.cost_minor, partner.currency)),
        "remaining_balance": number(decimal(outcome.available_minor, partner.currency)),
        "balance_currency": partner.currency,
        "leads": told,
    }
    if errors:
        content |= {"errors": errors, "error_count": len(errors)}
    return Answer(200, orjson.dumps(content))


def message(new: int, has_errors: bool) -> str:
    """In the words that partners' programs show."""
    if new:
        counts = f"Processed {new} leads. Added to main list: {new}, Updated in main list: 0."
        return counts + (" Some leads had issues or were duplicates." if has_errors else "")
    some = " All leads had issues or were duplicates." if has_errors else ""
    return f"No new leads to process.{some}"


def results(sheet: Sheet, batch: Batch) -> tuple[list[dict[str, Any]], list[str]]:
    """(what became of each lead, what is wrong with some), in the order of the batch."""
    taken = dict(zip(sheet.places, batch.leads, strict=True))
    told, errors = [], []
    for place in range(sheet.count):
        if place in sheet.wrong:
            errors.append(sheet.wrong[place])
            told.append({"index": place, "result": "invalid", "error": sheet.wrong[place]})
            continue
        it = taken[place]
        one = {"index": place, "dealId": it.external_id, "lead_id": it.public_id}
        if it.is_new:
            told.append(one | {"result": "accepted", "task_id": it.deal_id})
            continue
        error = (
            f"Lead with dealId '{it.external_id}' at index {place} has already been received or is "
            "a duplicate in this batch."
        )
        errors.append(error)
        told.append(one | {"result": "duplicate", "task_id": it.deal_id, "error": error})
    return told, errors


def poor(partner: Partner, outcome: TooPoor) -> Refusal:
    currency = partner.currency
    required, current = outcome.required_minor, outcome.available_minor
    needed, there = decimal(required, currency), decimal(current, currency)
    said = (
        f"Insufficient funds. Required: {plain(needed)} {currency}, "
        f"Current balance: {plain(there)} {currency}"
    )
    more = {
        "required_balance": number(needed),
        "current_balance": number(there),
        "cost_per_lead": number(decimal(partner.settings.lead_price_minor, currency)),
        "leads_count": outcome.count,
        "balance_currency": currency,
        "credit_limit": number(decimal(outcome.credit_minor, currency)),
        "available_to_spend": number(decimal(outcome.spendable_minor, currency)),
    }
    return Refusal("insufficient_funds", said, more)
