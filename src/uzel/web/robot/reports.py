"""`/amogt/zeno_report.php?id=…`: a robot reports on a lead, by POST or, as those do that can do
nothing but open addresses, by GET.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request

from uzel.kit.body import storable
from uzel.kit.database import Connection, Pool
from uzel.model.cards import masked
from uzel.model.sums import read_sum
from uzel.partners import report_store
from uzel.partners.report_text import BAD, GOOD, currency_of, field_kept
from uzel.partners.reports import Kept, Report, take
from uzel.web.partner.answering import Answering
from uzel.web.partner.carriers import Given, read
from uzel.web.partner.gate import Gate
from uzel.web.partner.reply import Refusal, Reply
from uzel.web.robot.entry import admit, sent

PATH = "/amogt/zeno_report.php"
METHODS = ("GET", "POST")
RECEIVED = "Report received and processed."
DEFERRED = "Report saved, AmoCRM update deferred."
UNKNOWN = "id: this is the dealId of no lead; the report is kept, and changed nothing."
LONGEST = 255
# So long an answer waits for the CRM's.
WITHIN_S, LOOK_EVERY_S = 5.0, 0.1

# Begins what the CRM is to hear of a report (its number), in the transaction that keeps it.
Begin = Callable[[Connection, int], Awaitable[None]]


class ReportsDoor(Answering):
    """The application of the address."""

    def __init__(self, pool: Pool, gate: Gate, begin: Begin, within_s: float = WITHIN_S) -> None:
        self._pool = pool
        self._gate = gate
        self._begin = begin
        self._within_s = within_s

    async def do(self, request: Request) -> Reply:
        if request.method not in METHODS:
            text, allowed = "Invalid request method.", {"allow": ", ".join(METHODS)}
            raise Refusal("method_not_allowed", text, headers=allowed)
        given = await read(request)
        robot = await admit(self._pool, self._gate, given)
        if given.problem is not None:
            raise Refusal("invalid_json", given.problem)
        report, warnings = read_report(given)
        async with self._pool.acquire() as connection, connection.transaction():
            kept = await take(
                connection, robot.book, report, robot_id=robot.id, made_by=f"robot:{robot.name}"
            )
            if kept.crm_state == "waiting":
                await self._begin(connection, kept.id)
        state, message = await self._heard(kept)
        return told(kept, report, state, message, warnings)

    async def _heard(self, kept: Kept) -> tuple[str, str | None]:
        """What became of it at the CRM, as far as it is known within some seconds."""
        state, message = kept.crm_state, kept.crm_message
        until = time.monotonic() + self._within_s
        while state == "waiting" and time.monotonic() < until:
            await asyncio.sleep(LOOK_EVERY_S)
            row = await report_store.crm_answer(self._pool, kept.id)
            state, message = row["crm_state"], row["crm_message"]
        return ("deferred", DEFERRED) if state == "waiting" else (state, message)


def read_report(given: Given) -> tuple[Report, list[str]]:
    """(what is reported, what of it could not be read). Raises Refusal."""
    deal_id = text_of(given, "id")
    if deal_id is None:
        raise Refusal("invalid_parameters", "Missing lead ID in GET parameters.")
    status = text_of(given, "status")
    if status is None:
        raise Refusal("invalid_parameters", "Missing required POST parameter: status.")
    if status.lower() not in (*GOOD, *BAD):
        text = "Invalid value for POST parameter 'status'. Allowed: Успешно, ОШИБКА!"
        raise Refusal("invalid_parameters", text)
    written, warnings = text_of(given, "amount"), []
    found = read_sum(written) if written else None
    if written and found is None:
        warnings.append(f"amount: '{masked(written)}' is no amount, or could be two.")
    card = text_of(given, "card")
    if (kept := field_kept("card", card)) != card:
        warnings.append(f"card: only '{kept}' is kept; do not send whole numbers, ends or codes.")
    currency = currency_of(text_of(given, "currency")) or (found.currency if found else None)
    report = Report(
        deal_id,
        text_of(given, "partner_id"),
        status.lower() in GOOD,
        status,
        found.amount if found else None,
        currency,
        text_of(given, "email"),
        kept,
        sent(given),
    )
    return report, warnings


def text_of(given: Given, name: str) -> str | None:
    """A parameter as text; None where there is none. Raises Refusal for what is none."""
    value: Any = given.value(name)
    if isinstance(value, bool | list | dict):
        raise Refusal("invalid_parameters", f"{name} is no text.")
    text = storable(str(value)).strip() if value is not None else ""
    if len(text) > LONGEST:
        raise Refusal("invalid_parameters", f"{name} has at most {LONGEST} characters.")
    return text or None


def told(kept: Kept, report: Report, state: str, message: str | None, warnings: list[str]) -> Reply:
    content: dict[str, Any] = {
        "status": "success",
        "message": RECEIVED,
        "report_id": kept.public_id,
        "lead_id": report.deal_id,
        "amo_status": state,
        "amo_message": message,
        "lead_known": kept.is_known,
    }
    if not kept.is_known:
        warnings = [*warnings, UNKNOWN]
    if warnings:
        content["warnings"] = warnings
    return Reply(200, orjson.dumps(content))
