"""How the calls of this flow ended, and what follows from it: in the transaction that writes it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from uzel.calls import store as calls_store
from uzel.calls.closing import Closed
from uzel.calls.outcome import STOPPED, Health, Result
from uzel.calls.outcome import State as Call
from uzel.connector import Answer
from uzel.flows.payouts import asks, send
from uzel.flows.payouts.asks import Effect
from uzel.kit.database import Connection
from uzel.payouts import hold_store, holding
from uzel.payouts import payout_store as store
from uzel.payouts.breaker import Outcome
from uzel.payouts.payout import ASKED_AFTER, MOVES, OPEN, State
from uzel.payouts.steps import move

PROVIDER = "provider"
# What is said of an end later than this is for the daily reconciliation.
DOUBTED_FOR = timedelta(days=7)
# What the connector makes of the provider's words. Any other is no word at all, least of all that
# it failed.
MEANS = {
    "pending": State.PROCESSING,
    "manual": State.REVIEW,
    "succeeded": State.PAID,
    "failed": State.FAILED,
}
# Codes of results that are no word of the provider's.
OURS = frozenset({"vault_empty", STOPPED})
# What a person dropped, and what never left.
ENDED = {
    Call.REJECTED: "the provider refused it",
    Call.NOT_SENT: "the provider was not reached",
    Call.CANCELLED: "a person decided that it was not paid",
}


async def on_closed(connection: Connection, closed: Sequence[Closed]) -> None:
    """The owner of calls whose effect begins with `payout`."""
    bad: set[int] = set()
    for item in sorted(closed, key=lambda it: it.effect):
        effect = Effect.of(item.effect)
        if effect.kind == asks.PERSON:
            await on_person(connection, effect, item.result)
        elif (row := await store.lock(connection, effect.number)) is not None:
            told = on_sent if effect.kind == asks.SEND else on_looked
            await told(connection, row, effect, item.result)
            if await is_bad(connection, row, effect, item.result):
                bad.add(row["connection_id"])
    await holding.judge(connection, bad)


async def is_bad(connection: Connection, row: Any, effect: Effect, result: Result) -> bool:
    """Write down what the breaker goes by; whether this speaks against sending more."""
    outcome = outcome_of(result)
    if effect.kind == asks.LOOK:
        if outcome is Outcome.REFUSED:
            await hold_store.correct_outcome(connection, row["id"], outcome)
        return outcome is Outcome.REFUSED
    if result.state is not Call.PLANNED:
        await holding.tried(connection, str(effect), outcome or trial_of_nothing(result))
    if outcome is None:
        return False
    about = (row["id"], row["connection_id"], row["payee_id"], outcome)
    await hold_store.note_outcome(connection, *about)
    return outcome is not Outcome.TAKEN


def outcome_of(result: Result) -> Outcome | None:
    """What the provider did; None: nothing that tells of it."""
    if result.health is Health.SAYS_NOTHING or result.code in OURS:
        return None
    if result.state is Call.ACCEPTED and result.answer is not None:
        failed = MEANS.get(result.answer.data["meaning"]) is State.FAILED
        return Outcome.REFUSED if failed else Outcome.TAKEN
    return {Call.REJECTED: Outcome.REFUSED, Call.UNKNOWN: Outcome.UNKNOWN}.get(result.state)


def trial_of_nothing(result: Result) -> Outcome | None:
    """A trial that left, and of which nobody knows anything, is one in vain."""
    return Outcome.UNKNOWN if result.state is Call.UNKNOWN else None


async def on_person(connection: Connection, effect: Effect, result: Result) -> None:
    """Somebody is known to the provider now, or cannot be."""
    payee = await store.lock_payee(connection, effect.number)
    if result.state is Call.ACCEPTED and result.answer and result.answer.reference:
        await store.know_payee(connection, payee["id"], result.answer.reference)
        payee = await store.lock_payee(connection, effect.number)
        for number in await store.of_payee(connection, payee["id"]):
            row = await store.lock(connection, number)
            if row["state"] == State.WAITING:
                await send.send(connection, row, payee)
    elif result.state is Call.ACCEPTED:
        # A person said that it happened, and nobody knows by which number: it is asked for again,
        # and at the worst they are known there twice.
        await send.ask_person(connection, payee)
    elif result.state in ENDED:
        await store.know_payee(connection, payee["id"], None)
        for number in await store.of_payee(connection, payee["id"]):
            await end(connection, await store.lock(connection, number), result)


async def on_sent(connection: Connection, row: Any, effect: Effect, result: Result) -> None:
    """The one call that moves money."""
    if effect.nth != row["sent"]:
        return
    if result.state is Call.ACCEPTED:
        await taken(connection, row, result)
    elif result.state is Call.UNKNOWN:
        await move(connection, row, State.UNKNOWN, made_by=PROVIDER, reason=result.detail)
    elif result.state is Call.PLANNED:
        await move(connection, row, State.WAITING, made_by=PROVIDER, reason=result.detail)
    elif result.state in ENDED:
        await end(connection, row, result)


async def taken(connection: Connection, row: Any, result: Result) -> None:
    """The provider has it, or had it all the time."""
    answer = result.answer
    provider_id = answer.reference if answer else None
    if answer is None or provider_id is None:
        # A person said that it arrived, and nobody knows by which number.
        await move(connection, row, State.PAID, made_by="person", reason=result.detail)
        return
    state = MEANS.get(answer.data["meaning"], State.PROCESSING)
    told = {"provider_status": answer.data.get("status"), "provider_id": provider_id}
    await move(connection, row, state, made_by=PROVIDER, reason=reason_of(answer), **told)
    if state in ASKED_AFTER:
        await send.ask_after(connection, row, provider_id)


async def on_looked(connection: Connection, row: Any, effect: Effect, result: Result) -> None:
    """What became of it, by the provider's own word; asked again while that is not the last one."""
    if result.state in (Call.PLANNED, Call.SENDING, Call.UNKNOWN):
        return
    answer = result.answer if result.state is Call.ACCEPTED else None
    if answer is not None:
        if is_taken_back(row, answer) and not await left_after_end(connection, row, effect):
            await send.ask_after(connection, row, row["provider_id"], now=True)
            return
        await learn(connection, row, answer)
    after = await store.lock(connection, row["id"])
    goes_on = after["state"] in OPEN or (answer is None and is_doubted(after))
    if effect.nth == after["looked"] and goes_on:
        await send.ask_after(connection, after, row["provider_id"])


def is_taken_back(row: Any, answer: Answer) -> bool:
    """Whether it had ended, and otherwise."""
    before = State(row["state"])
    return before not in OPEN and told_by(row, answer) in MOVES[before]


async def left_after_end(connection: Connection, row: Any, effect: Effect) -> bool:
    """Whether a look began after the end was written down. Of two looks under way at the same time
    the one that was answered first may be heard last: by it alone nothing is taken back.
    """
    left_at = await calls_store.started_at(connection, str(effect))
    return left_at is not None and left_at > row["ended_at"]


def is_doubted(row: Any) -> bool:
    """Whether a look that nobody answered is made up for, though the payout had ended: somebody
    hinted that this is not so.
    """
    return bool(datetime.now(UTC) - row["ended_at"] < DOUBTED_FOR)


async def learn(connection: Connection, row: Any, answer: Answer) -> None:
    """Move a payout to where the provider says it is; `row` is locked."""
    if (state := told_by(row, answer)) is not None:
        await move(
            connection, row, state, made_by=PROVIDER, reason=reason_of(answer),
            provider_status=answer.data.get("status"),
        )  # fmt: skip


def told_by(row: Any, answer: Answer) -> State | None:
    """Where the provider says it is; None: by no word that is known. What was paid and failed since
    came back.
    """
    state = MEANS.get(answer.data["meaning"])
    is_back = row["state"] == State.PAID and state is State.FAILED
    return State.RETURNED if is_back else state


def reason_of(answer: Answer) -> str | None:
    """What the provider said of it."""
    said = answer.data.get("error")
    return str(said) if said else None


async def end(connection: Connection, row: Any, result: Result) -> None:
    """It was not paid."""
    said = result.detail or ENDED[result.state]
    made_by = "person" if result.state is Call.CANCELLED else PROVIDER
    await move(connection, row, State.FAILED, made_by=made_by, reason=said)
