"""How the calls of this flow ended, and what follows from it: in the transaction that writes it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from uzel.calls.closing import Closed
from uzel.calls.outcome import Result, State
from uzel.calls.plan import plan
from uzel.flows.lead_deals import asks, begin, crm_store, looked, report_store
from uzel.flows.lead_deals.asks import Effect
from uzel.kit.database import Connection

# A call in one of these is not over.
OPEN = (State.PLANNED, State.SENDING, State.UNKNOWN)
UPDATED = "AmoCRM deal updated successfully."
NOT_FOUND = "Failed to search deal {} in AmoCRM. HTTP: 404."
SET = "AmoCRM status field '{}' is already set to '{}'. No update performed."
DROPPED = "a person decided not to ask again"
# What an account says of a request whose fields or stages are not its own any more.
OF_FIELDS = ("NotSupportedChoice", "FieldMissing", "InvalidType", "FieldNotFound")


async def on_closed(connection: Connection, closed: Sequence[Closed]) -> None:
    """The owner of calls whose effect begins with `lead`."""
    over = [(Effect.of(it.effect), it.result) for it in closed]
    looks = {effect: result for effect, result in over if effect.kind == asks.LOOK}
    await looked.on_looks(
        connection, {it: result for it, result in looks.items() if result.state not in OPEN}
    )
    about = {(it.number, it.nth): (it, result) for it, result in over if it.kind != asks.LOOK}
    for row in await report_store.lock(connection, sorted({number for number, _ in about})):
        # Of an asking that was followed by another one nothing is to be learnt.
        mine = about.get((row["id"], row["crm_tries"]))
        if mine is not None and row["crm_state"] == begin.WAITING:
            await follow(connection, row, *mine)


async def follow(connection: Connection, row: Any, effect: Effect, result: Result) -> None:
    """One asking of one report ended, or goes on."""
    if result.state in OPEN:
        await report_store.say(connection, row["id"], reason_of(result))
    elif result.state is State.NOT_SENT:
        again = begin.write if effect.kind == asks.WRITE else begin.know
        await again(connection, row, late=True)
    elif result.state is not State.ACCEPTED:
        await refused(connection, row, effect, result)
    elif effect.kind == asks.FIELDS:
        await learn(connection, row, "fields", result)
        call = asks.ask_stages(row["connection_id"], row["id"], effect.nth)
        await plan(connection, [call])
    elif effect.kind == asks.STAGES:
        await learn(connection, row, "pipelines", result, datetime.now(UTC))
        (fresh,) = await report_store.lock(connection, [row["id"]])
        await begin.write(connection, fresh)
    else:
        await written(connection, row, data_of(result), result.attempt)


async def learn(
    connection: Connection, row: Any, part: str, result: Result, known_at: datetime | None = None
) -> None:
    """Keep a part of what the account has; nothing where a person says that it was told."""
    told = {name: value for name, value in data_of(result).items() if name == part}
    await crm_store.learn(connection, row["connection_id"], told, known_at)


async def written(connection: Connection, row: Any, data: dict[str, Any], attempt: int) -> None:
    """The CRM took the report, or there was nothing to take it. What a repetition finds written is
    what an earlier attempt wrote, whose answer was lost.
    """
    outcome = data.get("outcome")
    if outcome == "set" and data.get("ours") and attempt > 1:
        outcome = "filled"
    if outcome == "gone":
        await end(connection, row, begin.FAILED, NOT_FOUND.format(row["external_id"]))
    elif outcome == "set":
        known, settings = begin.known_of(row), begin.settings_of(row)
        field = known.field(settings.status_field)
        name = (field.name if field else None) or settings.status_field
        await end(connection, row, begin.SKIPPED, SET.format(name, data.get("value") or "…"))
    else:
        left_out = begin.left_out_of(row)
        more = f" Left out: {'; '.join(left_out)}." if left_out else ""
        await end(connection, row, begin.SUCCESS, UPDATED + more)


async def refused(connection: Connection, row: Any, effect: Effect, result: Result) -> None:
    """The CRM said no, or a person. Fields that are no longer as we know them are asked for anew,
    once for each time that the report is tried.
    """
    of_fields = (result.code or "").partition(":")[0] in OF_FIELDS
    if effect.kind == asks.WRITE and of_fields and is_stale(row):
        await begin.know(connection, row)
    elif effect.kind == asks.WRITE and result.http_status == 404:
        await end(connection, row, begin.FAILED, NOT_FOUND.format(row["external_id"]))
    else:
        await end(connection, row, begin.FAILED, reason_of(result))


def is_stale(row: Any) -> bool:
    """Whether the account was asked before this report was tried."""
    return row["known_at"] is None or row["known_at"] < row["crm_begun_at"]


async def end(connection: Connection, row: Any, state: str, message: str) -> None:
    """It is over, and the next report of the lead has its turn."""
    await report_store.end(connection, row["id"], state, message)
    await begin.begin_next(connection, row["lead_id"])


def data_of(result: Result) -> dict[str, Any]:
    """Of an answer; empty where a person said that it happened."""
    return dict(result.answer.data) if result.answer else {}


def reason_of(result: Result) -> str:
    """Why it did not come about, in the provider's words where it said any."""
    if result.state is State.CANCELLED:
        return DROPPED
    return result.detail or result.code or str(result.state)
