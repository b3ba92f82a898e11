"""The journal of calls against a model, in every order hypothesis can think of.

Real PostgreSQL, several workers. After every step the rows are what the model says, and what may
never happen has not: two attempts of one call at a time, a call that cannot be repeated tried again
without a reason to, an end that changes, an effect with two calls.
"""

import asyncio
import functools
import logging
import sys
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from parts import Hub, open_hub
from uzel.calls import recover, store
from uzel.calls.closing import Closed, Closing
from uzel.calls.outcome import Health, Result, State
from uzel.calls.plan import Plan, plan
from uzel.calls.recover import Choice
from uzel.calls.runner import Runner
from uzel.connector import Answer
from uzel.errors import UzelError
from uzel.kit.database import Connection

LONG = "--long" in sys.argv
EXAMPLES, STEPS = (500, 60) if LONG else (40, 40)
ENDS = {State.ACCEPTED, State.REJECTED, State.CANCELLED, State.NOT_SENT}
# What one attempt can end with; `planned` is not_sent that will be tried again.
OUTCOMES = st.sampled_from(
    [State.PLANNED] * 4 + [State.UNKNOWN] * 3 + [State.ACCEPTED, State.REJECTED, State.NOT_SENT]
)
WORKERS = [uuid4() for _ in range(3)]
Given = TypeVar("Given")


@dataclass
class Model:
    """One call as it should be."""

    repeatable: bool
    state: State = State.PLANNED
    attempt: int = 0
    worker: UUID | None = None
    decided: bool = False
    # Attempts after which it was known that nothing happened, or a person said: again.
    cleared: set[int] = field(default_factory=lambda: {0})
    ends: list[State] = field(default_factory=list)

    def move(self, state: State) -> None:
        """Change the state; an end is noted."""
        self.state = state
        if state in ENDS:
            self.ends.append(state)


def only(strategy_of: list[Any], number: int) -> Any:
    """The element a drawn number points at."""
    return strategy_of[number % len(strategy_of)]


class Journal(RuleBasedStateMachine):
    """Steps that workers, people and accidents take."""

    def __init__(self, hub: Hub, loop: asyncio.Runner) -> None:
        super().__init__()
        self.hub, self.loop = hub, loop
        self.calls: dict[int, Model] = {}
        self.ids: dict[str, int] = {}
        self.attempts: list[tuple[int, int]] = []
        self.told: list[tuple[str, State]] = []
        self.closing = Closing(hub.pool, {"machine": self.on_closed})
        self.runner = Runner(hub.pool, hub.registry, {"machine": self.on_closed}, uuid4())

    async def on_closed(self, connection: Connection, closed: Sequence[Closed]) -> None:
        self.told.extend((item.effect, item.result.state) for item in closed)

    def run(self, work: Coroutine[Any, Any, Given]) -> Given:
        return self.loop.run(work)

    @initialize()
    def fresh(self) -> None:
        async def work() -> None:
            await self.hub.pool.execute("delete from call where connection_id = $1", self.hub.smsru)
            for worker in WORKERS:
                await store.beat(self.hub.pool, worker, "machine")

        self.run(work())
        for number in range(4):
            self.planned(number, repeatable=number % 2 == 1)

    @rule(number=st.integers(4, 9), repeatable=st.booleans())
    def planned(self, number: int, repeatable: bool) -> None:
        effect, operation = f"machine:{number}", "balance" if repeatable else "send_sms"

        async def work() -> int | None:
            async with self.hub.pool.acquire() as connection, connection.transaction():
                await plan(connection, [Plan(self.hub.smsru, operation, {}, effect)] * 2)
                found: int = await connection.fetchval(
                    "select id from call where effect = $1 and connection_id = $2",
                    effect,
                    self.hub.smsru,
                )
                return found

        found = self.run(work())
        assert found is not None
        if effect not in self.ids:
            self.ids[effect] = found
            self.calls[found] = Model(repeatable)
        assert self.ids[effect] == found

    @rule(worker=st.sampled_from(WORKERS), most=st.integers(1, 3))
    def begun(self, worker: UUID, most: int) -> None:
        async def work() -> list[Any]:
            async with self.hub.pool.acquire() as connection:
                return await store.begin(connection, self.hub.smsru, most, 1e6, worker)

        rows = [row for row in self.run(work()) if row["id"] is not None]
        waiting = [i for i, call in self.calls.items() if call.state is State.PLANNED]
        assert len(rows) == min(most, len(waiting))
        for row in rows:
            call = self.calls[row["id"]]
            assert call.state is State.PLANNED and row["attempt"] == call.attempt + 1
            assert call.repeatable or call.attempt in call.cleared
            call.attempt, call.worker = row["attempt"], worker
            call.move(State.SENDING)
            self.attempts.append((row["id"], row["attempt"]))

    @rule(worker=st.sampled_from(WORKERS), outcomes=st.lists(OUTCOMES, min_size=1, max_size=4))
    def tried(self, worker: UUID, outcomes: list[State]) -> None:
        """Some attempts one after the other, each answered at once."""
        for outcome in outcomes:
            self.begun(worker, 1)
            self.answered(-1, outcome)

    @rule(number=st.integers(0, 100), outcome=OUTCOMES)
    def answered(self, number: int, outcome: State) -> None:
        """An attempt ends as it should: while it is under way."""
        sending = [i for i, call in self.calls.items() if call.state is State.SENDING]
        if sending:
            call_id = only(sending, number)
            self.close(call_id, self.calls[call_id].attempt, outcome)

    @precondition(lambda self: self.attempts)
    @rule(number=st.integers(0, 100), outcome=OUTCOMES)
    def answered_late_or_twice(self, number: int, outcome: State) -> None:
        """Any attempt ever made reports an end."""
        call_id, attempt = only(self.attempts, number)
        self.close(call_id, attempt, outcome)

    @precondition(lambda self: self.attempts)
    @rule(number=st.integers(0, 100), found=st.booleans())
    def looked_up(self, number: int, found: bool) -> None:
        """The provider says what became of an unknown call."""
        unknown = [i for i, call in self.calls.items() if call.state is State.UNKNOWN]
        if unknown:
            call_id = only(unknown, number)
            attempt = self.calls[call_id].attempt
            self.close(call_id, attempt, State.ACCEPTED if found else State.PLANNED)

    def close(self, call_id: int, attempt: int, outcome: State) -> None:
        call = self.calls[call_id]
        due_at = datetime.now(UTC) if outcome is State.PLANNED else None
        answer = Answer(reference=f"ref-{call_id}") if outcome is State.ACCEPTED else None
        result = Result(
            call_id,
            self.hub.smsru,
            attempt,
            outcome,
            Health.SAYS_NOTHING,
            due_at=due_at,
            answer=answer,
        )
        counts = attempt == call.attempt and not call.decided
        open_still = call.state in (State.SENDING, State.UNKNOWN)
        spared = call.state is State.PLANNED and outcome is State.ACCEPTED
        told_before = len(self.told)
        self.run(self.closing.submit(result))
        if counts and (open_still or spared):
            call.move(outcome)
            if outcome is State.PLANNED:
                call.cleared.add(attempt)
            assert self.told[told_before:] == [(self.effect_of(call_id), outcome)]
        else:
            assert len(self.told) == told_before

    @rule(worker=st.sampled_from(WORKERS))
    def died(self, worker: UUID) -> None:
        """A worker is silent for long; another one clears up."""

        async def work() -> None:
            await self.hub.pool.execute(
                "update worker set seen_at = now() - interval '1 hour' where id = $1", worker
            )
            await self.hub.pool.execute(
                "update call set started_at = now() - interval '30 seconds' "
                "where connection_id = $1 and state = 'sending'",
                self.hub.smsru,
            )
            for _ in range(2):
                await recover.recover_abandoned(self.hub.pool, self.hub.registry, self.runner)
            await store.beat(self.hub.pool, worker, "machine")

        self.run(work())
        for call in self.calls.values():
            if call.state is State.SENDING and call.worker == worker:
                call.move(State.PLANNED if call.repeatable else State.UNKNOWN)

    @precondition(lambda self: self.calls)
    @rule(number=st.integers(0, 100), choice=st.sampled_from(list(Choice)), stale=st.booleans())
    def decided(self, number: int, choice: Choice, stale: bool) -> None:
        """A person decides, perhaps looking at a page that is out of date."""
        call_id = only(list(self.calls), number)
        call = self.calls[call_id]

        async def work() -> None:
            async with self.hub.pool.acquire() as connection, connection.transaction():
                await recover.decide(
                    connection,
                    call_id,
                    choice,
                    "olga",
                    {"machine": self.on_closed},
                    attempt=call.attempt - stale,
                )

        if call.state is not State.UNKNOWN or stale:
            with pytest.raises(UzelError):
                self.run(work())
            return
        self.run(work())
        call.move(recover.STATE_OF[choice])
        call.decided = choice is not Choice.AGAIN
        if choice is Choice.AGAIN:
            call.cleared.add(call.attempt)

    @precondition(lambda self: len(self.calls) > 2)
    @rule(number=st.integers(0, 100))
    def withdrawn(self, number: int) -> None:
        call_id = only(list(self.calls), number)
        call, effect = self.calls[call_id], self.effect_of(call_id)

        async def work() -> list[str]:
            async with self.hub.pool.acquire() as connection, connection.transaction():
                return list(await store.cancel(connection, [effect], "not wanted any more"))

        assert self.run(work()) == ([effect] if call.state is State.PLANNED else [])
        if call.state is State.PLANNED:
            call.move(State.CANCELLED)

    def effect_of(self, call_id: int) -> str:
        return next(effect for effect, found in self.ids.items() if found == call_id)

    @invariant()
    def rows_are_as_they_should_be(self) -> None:
        rows = self.run(
            self.hub.pool.fetch(
                "select id, state, attempt, effect, history from call where connection_id = $1",
                self.hub.smsru,
            )
        )
        assert {row["id"]: (row["state"], row["attempt"]) for row in rows} == {
            i: (call.state.value, call.attempt) for i, call in self.calls.items()
        }
        assert len({row["effect"] for row in rows}) == len(rows)
        for row in rows:
            self.check_history(self.calls[row["id"]], row["history"])

    def check_history(self, call: Model, history: list[dict[str, Any]]) -> None:
        """The row's own story, without the model's states: every attempt but the first follows an
        entry that allowed it.
        """
        assert len(call.ends) <= 1, call.ends
        allowed = {entry["attempt"] for entry in history if entry["state"] == "planned"}
        assert set(range(1, call.attempt)) <= allowed


def test_the_journal_keeps_its_rules(module_dsn: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    with asyncio.Runner() as loop:
        opened = open_hub(module_dsn, "http://127.0.0.1:9")
        hub = loop.run(opened.__aenter__())
        try:
            run_state_machine_as_test(
                functools.partial(Journal, hub, loop),  # type: ignore[arg-type]
                settings=settings(
                    max_examples=EXAMPLES,
                    stateful_step_count=STEPS,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            loop.run(opened.__aexit__(None, None, None))
