"""Calls made through real HTTP: every way an answer can fail to come, judged by the journal of the
provider.
"""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import httpx2
import pytest

from parts import RING, Hub, Sandbox, go, new_phone, open_hub, until
from uzel.calls import breaker_store, recover, runner, store
from uzel.calls.closing import Closed, Closing
from uzel.calls.outcome import MOST_ATTEMPTS, Health, Result, State, succeeded
from uzel.calls.plan import Plan, plan
from uzel.connections import manage
from uzel.connections.store import set_state
from uzel.connector import Answer
from uzel.kit import addresses
from uzel.kit.database import Connection

IMPATIENT = httpx2.Timeout(10, read=0.2)


@pytest.fixture
def nobody_listens() -> Iterator[int]:
    """A port that refuses connections."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


async def move_to(hub: Hub, base_url: str) -> None:
    """Another address for the provider."""
    values = {"base_url": base_url, "api_id": hub.api_id}
    async with hub.pool.acquire() as connection, connection.transaction():
        await manage.change(connection, RING, hub.smsru, values, rate_per_s=1000.0)
    await hub.registry.refresh()


async def push(hub: Hub) -> None:
    """All that could make a call go out again by itself, as if much time had passed."""
    await hub.hurry()
    await recover.recover_abandoned(hub.pool, hub.registry, hub.runner)
    await recover.look_up_unknown(hub.pool, hub.registry, hub.runner)
    await recover.wake_overdue(hub.pool)
    await hub.runner.take_back_lost()
    await hub.call()


@pytest.mark.parametrize(
    ("kind", "effects"),
    [
        ("reset", 1),
        ("garbage", 1),
        ("timeout_after_accept", 1),
        ("timeout_before", 0),
        ("500", 0),
    ],
)
def test_a_lost_answer_leaves_the_text_unknown_and_nothing_sends_it_again(
    module_dsn: str, sandbox: Sandbox, kind: str, effects: int
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            active = hub.registry.get(hub.smsru)
            assert active is not None
            hub.runner.client(active).timeout = IMPATIENT
            phone = new_phone()
            call = await hub.plan_text(phone)
            sandbox.arm(kind)
            await hub.call()
            for _ in range(3):
                await push(hub)
            row = await hub.call_row(call)
            assert (row["state"], row["attempt"]) == ("unknown", 1)
            assert row["error_class"] == "OutcomeUnknown"
            assert [message["state"] for message in await hub.messages()] == ["unknown"]
            assert len(sandbox.sent(phone)) == 1
            assert len(sandbox.sent(phone, effect=True)) == effects

    go(run)


def test_nobody_listening_means_not_sent_and_one_text_once_somebody_does(
    module_dsn: str, sandbox: Sandbox, nobody_listens: int
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, f"http://127.0.0.1:{nobody_listens}") as hub:
            phone = new_phone()
            call = await hub.plan_text(phone)
            before = datetime.now(UTC)
            await hub.call()
            row = await hub.call_row(call)
            assert (row["state"], row["attempt"]) == ("planned", 1)
            assert row["error_class"] == "Unavailable" and "Connect" in row["detail"]
            assert 2.0 <= (row["due_at"] - before).total_seconds() <= 60
            await hub.call()
            assert (await hub.call_row(call))["attempt"] == 1
            await move_to(hub, f"{sandbox.url}/smsru")
            await push(hub)
            row = await hub.call_row(call)
            assert (row["state"], row["attempt"]) == ("accepted", 2)
            assert len(sandbox.sent(phone)) == 1
            assert [entry["state"] for entry in row["history"]] == ["planned", "accepted"]

    go(run)


def test_too_many_requests_waits_exactly_as_long_as_told(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone = new_phone()
            call = await hub.plan_text(phone)
            sandbox.arm("429")
            before = datetime.now(UTC)
            await hub.call()
            row = await hub.call_row(call)
            after = datetime.now(UTC)
            # Without Retry-After it is half a minute, without jitter.
            assert (row["state"], row["error_class"]) == ("planned", "RateLimited")
            assert (row["due_at"] - before).total_seconds() >= 30
            assert (row["due_at"] - after).total_seconds() <= 30
            await hub.call()
            assert len(sandbox.sent(phone)) == 1
            await push(hub)
            assert (await hub.call_row(call))["state"] == "accepted"
            assert len(sandbox.sent(phone, effect=True)) == 1

    go(run)


def test_too_many_requests_holds_the_others_too(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            first, *others = [new_phone() for _ in range(6)]
            await hub.plan_text(first)
            sandbox.arm("429")
            await hub.call()
            for phone in others:
                await hub.plan_text(phone)
            await hub.call()
            assert not sandbox.sent(*others)
            # An answer to what left before it says nothing about the limit.
            async with hub.pool.acquire() as connection:
                await breaker_store.mend(connection, [hub.smsru])
            await hub.call()
            assert not sandbox.sent(*others)
            await push(hub)
            await push(hub)
            assert len(sandbox.sent(first, *others, effect=True)) == 6

    go(run)


def test_a_refused_key_pauses_the_connection_and_everything_goes_once_after_it_is_mended(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phones = [new_phone() for _ in range(5)]
            await hub.plan_text(phones[0])
            sandbox.arm("401")
            await hub.call()
            for phone in phones[1:]:
                await hub.plan_text(phone)
            state = await hub.pool.fetchrow(
                "select state, state_reason from connection where id = $1", hub.smsru
            )
            assert state is not None and state["state"] == "paused"
            assert "401" in state["state_reason"]
            for _ in range(2):
                await push(hub)
            assert len(sandbox.sent(*phones)) == 1
            rows = await hub.messages()
            assert {(row["state"], row["call_state"]) for row in rows} == {("planned", "planned")}
            await set_state(hub.pool, hub.smsru, "active", None)
            await push(hub)
            assert [row["state"] for row in await hub.messages()] == ["accepted"] * 5
            assert len(sandbox.sent(*phones, effect=True)) == 5

    go(run)


def test_an_address_of_the_inside_holds_the_call_with_the_reason_until_it_is_another(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            call_id = await hub.plan_text(phone := new_phone())
            addresses.permit("")
            try:
                for _ in range(MOST_ATTEMPTS + 1):
                    await push(hub)
            finally:
                addresses.permit("127.0.0.1")
            row = await hub.call_row(call_id)
            assert (row["state"], row["error_class"]) == ("planned", "AddressRefused")
            assert "UZEL_ALLOW_PRIVATE_ADDRESSES" in row["detail"]
            await hub.registry.refresh()
            assert hub.active(hub.smsru).state == "active" and not sandbox.sent(phone)
            await push(hub)
            assert len(sandbox.sent(phone)) == 1

    go(run)


def test_a_refusal_is_final(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            call = await hub.plan_text("+74950000001")
            for _ in range(3):
                await push(hub)
            row = await hub.call_row(call)
            assert (row["state"], row["code"], row["attempt"]) == ("rejected", "207", 1)
            (message,) = await hub.messages()
            assert (message["state"], message["state_reason"]) == ("failed", row["detail"])
            assert message["settled_at"] is not None

    go(run)


def test_it_gives_up_after_the_last_attempt(module_dsn: str, nobody_listens: int) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, f"http://127.0.0.1:{nobody_listens}") as hub:
            call = await hub.plan_text(new_phone())
            await hub.pool.execute(
                "update call set attempt = $2 where id = $1", call, MOST_ATTEMPTS - 1
            )
            for _ in range(3):
                await push(hub)
            row = await hub.call_row(call)
            assert (row["state"], row["attempt"]) == ("not_sent", MOST_ATTEMPTS)
            assert [message["state"] for message in await hub.messages()] == ["failed"]

    go(run)


def test_a_process_that_was_stopped_before_a_call_left_does_not_send_it_late(
    server_dsn: str, module_dsn: str, sandbox: Sandbox
) -> None:
    """The process stands still between asking the database for calls and hearing of them."""

    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone = new_phone()
            call = await hub.plan_text(phone)
            gate = await asyncpg.connect(module_dsn)
            await gate.execute("begin")
            await gate.execute(
                "select 1 from call_limit where connection_id = $1 for update", hub.smsru
            )
            pumping = asyncio.create_task(hub.runner.pump(hub.smsru))
            await until(lambda: waits_for_the_gate(hub))
            opener = threading.Thread(target=open_later, args=(module_dsn, gate.get_server_pid()))
            opener.start()
            time.sleep(runner.LATEST_START_S + 1.5)
            opener.join()
            assert (await hub.call_row(call))["state"] in ("sending", "planned")
            await pumping
            await until(lambda: planned_again(hub, call))
            row = await hub.call_row(call)
            assert row["attempt"] == 1 and not sandbox.sent(phone)
            assert (
                await hub.pool.fetchval(
                    "select failures from call_breaker where connection_id = $1", hub.smsru
                )
                == 0
            )
            await push(hub)
            assert (await hub.call_row(call))["state"] == "accepted"
            assert len(sandbox.sent(phone)) == 1

    async def waits_for_the_gate(hub: Hub) -> bool:
        return bool(
            await hub.pool.fetchval(
                "select exists (select 1 from pg_stat_activity where wait_event_type = 'Lock' "
                "and query like '%for update of l, k%' and datname = current_database())"
            )
        )

    async def planned_again(hub: Hub, call: int) -> bool:
        row = await hub.call_row(call)
        return bool(row["state"] == "planned" and row["history"])

    def open_later(dsn: str, pid: int) -> None:
        """End the transaction that holds the gate, from outside this process's loop."""

        async def end() -> None:
            other = await asyncpg.connect(dsn)
            await asyncio.sleep(0.3)
            await other.execute("select pg_terminate_backend($1)", pid)
            await other.close()

        asyncio.run(end())

    go(run)


def test_a_call_begun_for_us_of_which_we_never_heard_is_sent_after_all(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone = new_phone()
            call = await hub.plan_text(phone)
            async with hub.pool.acquire() as connection:
                await store.begin(connection, hub.smsru, 5, 1e6, hub.worker)
            await hub.runner.take_back_lost()
            assert (await hub.call_row(call))["state"] == "sending"
            await hub.pool.execute(
                "update call set started_at = now() - interval '10 seconds' where id = $1", call
            )
            await hub.new_runner().take_back_lost()
            assert (await hub.call_row(call))["state"] == "sending"
            await hub.runner.take_back_lost()
            assert (await hub.call_row(call))["state"] == "planned"
            await hub.call()
            assert (await hub.call_row(call))["state"] == "accepted"
            assert len(sandbox.sent(phone)) == 1

    go(run)


def test_a_call_that_takes_its_time_is_not_taken_for_lost(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone = new_phone()
            call = await hub.plan_text(phone)
            sandbox.arm("slow")
            making = asyncio.create_task(hub.call())
            await until(lambda: asyncio.to_thread(sandbox.sent, phone))
            await hub.pool.execute(
                "update call set started_at = now() - interval '10 seconds' where id = $1", call
            )
            await hub.runner.take_back_lost()
            assert (await hub.call_row(call))["state"] == "sending"
            await making
            assert (await hub.call_row(call))["state"] == "accepted"
            assert len(sandbox.sent(phone)) == 1

    go(run)


def test_stopping_finishes_what_has_left_and_begins_nothing_more(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, rate_per_s=30.0) as hub:
            phones = [new_phone() for _ in range(60)]
            for phone in phones:
                await hub.plan_text(phone)
            sandbox.arm("slow", times=3)
            await hub.runner.wake(hub.smsru)
            await until(lambda: asyncio.to_thread(sandbox.sent, *phones))
            await hub.runner.stop()
            rows = await hub.messages()
            accepted = {row["phone"] for row in rows if row["call_state"] == "accepted"}
            assert {row["call_state"] for row in rows} == {"accepted", "planned"}
            sent = sandbox.sent(*phones, effect=True)
            assert {entry["request"]["phone"] for entry in sent} == accepted
            assert len(sent) == len(accepted) < 60
            await hub.runner.wake(hub.smsru)
            assert hub.runner._running() == []

    go(run)


def test_an_answer_that_does_not_come_before_the_stop_is_unknown(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone = new_phone()
            call = await hub.plan_text(phone)
            sandbox.arm("timeout_after_accept")
            await hub.runner.wake(hub.smsru)
            await until(lambda: asyncio.to_thread(sandbox.sent, phone))
            await hub.runner.stop()
            row = await hub.call_row(call)
            assert (row["state"], row["error_class"]) == ("unknown", "OutcomeUnknown")
            assert len(sandbox.sent(phone)) == 1

    go(run)


def test_a_failing_pump_is_reported_and_does_not_hold_the_next(
    module_dsn: str, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            call = await hub.plan_text(new_phone())
            await hub.pool.execute(
                "alter table call_breaker rename to call_breaker_gone"
            )  # an error nobody foresaw
            try:
                await hub.runner.wake(hub.smsru)
                await until(lambda: idle(hub))
            finally:
                await hub.pool.execute("alter table call_breaker_gone rename to call_breaker")
            assert "cannot be made" in caplog.text
            await hub.call()
            assert (await hub.call_row(call))["state"] == "accepted"

    async def idle(hub: Hub) -> bool:
        return not hub.runner._running()

    go(run)


async def begin_all(hub: Hub, count: int) -> list[tuple[int, int]]:
    """(call, attempt) of as many calls in `sending`."""
    for _ in range(count):
        await hub.plan_text(new_phone())
    async with hub.pool.acquire() as connection:
        rows = await store.begin(connection, hub.smsru, count, 1e6, hub.worker)
    return [(row["id"], row["attempt"]) for row in rows]


@pytest.mark.parametrize("nth", range(4))
def test_a_result_the_database_refuses_costs_no_other(module_dsn: str, nth: int) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, "http://127.0.0.1:9") as hub:
            begun = await begin_all(hub, 4)
            results = [
                succeeded(call, hub.smsru, attempt, Answer(reference=f"ref-{call}"))
                for call, attempt in begun
            ]
            poison = Answer(reference="half a pair \ud800", data={"nul": "\x00"})
            results[nth] = succeeded(*begun[nth][:1], hub.smsru, begun[nth][1], poison)
            await asyncio.gather(*(hub.runner.closing.submit(result) for result in results))
            rows = [await hub.call_row(call) for call, _ in begun]
            assert [row["state"] for row in rows] == ["accepted"] * 4
            assert [row["reference"] for row in rows] == [
                None if place == nth else f"ref-{row['id']}" for place, row in enumerate(rows)
            ]
            assert "could not be stored" in rows[nth]["detail"]

    go(run)


def test_an_owner_that_fails_costs_only_its_own_call(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, "http://127.0.0.1:9") as hub:

            async def owner(connection: Connection, closed: Sequence[Closed]) -> None:
                if any(item.effect.endswith(":bad") for item in closed):
                    raise ValueError("an owner nobody tested")

            name = uuid4().hex
            effects = [f"{name}:{end}" for end in ("1", "bad", "2")]
            async with hub.pool.acquire() as connection, connection.transaction():
                await plan(connection, [Plan(hub.smsru, "send_sms", {}, e) for e in effects])
            async with hub.pool.acquire() as connection:
                rows = await store.begin(connection, hub.smsru, 9, 1e6, hub.worker)
            closing = Closing(hub.pool, {name: owner})
            answers = await asyncio.gather(
                *(
                    closing.submit(
                        Result(row["id"], hub.smsru, 1, State.ACCEPTED, Health.SAYS_NOTHING)
                    )
                    for row in rows
                ),
                return_exceptions=True,
            )
            assert [type(answer) for answer in answers].count(ValueError) == 1
            states = await hub.pool.fetch(
                "select effect, state from call where effect = any($1)", effects
            )
            assert {row["effect"]: row["state"] for row in states} == {
                effects[0]: "accepted",
                effects[1]: "sending",
                effects[2]: "accepted",
            }

    go(run)


@pytest.mark.parametrize("outcome", [State.ACCEPTED, State.REJECTED, State.PLANNED, State.UNKNOWN])
def test_the_end_of_an_earlier_attempt_changes_nothing_while_another_is_under_way(
    module_dsn: str, outcome: State
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, "http://127.0.0.1:9") as hub:

            def end(attempt: int, state: State) -> Result:
                due_at = datetime.now(UTC) if state is State.PLANNED else None
                return Result(call, hub.smsru, attempt, state, Health.SAYS_NOTHING, due_at=due_at)

            ((call, first),) = await begin_all(hub, 1)
            await hub.runner.closing.submit(end(first, State.PLANNED))
            async with hub.pool.acquire() as connection:
                await store.begin(connection, hub.smsru, 1, 1e6, hub.worker)
            await hub.runner.closing.submit(end(first, outcome))
            row = await hub.call_row(call)
            assert (row["state"], row["attempt"]) == ("sending", first + 1)
            assert len(row["history"]) == 1
            await hub.runner.closing.submit(end(first + 1, State.REJECTED))
            assert (await hub.call_row(call))["state"] == "rejected"

    go(run)
