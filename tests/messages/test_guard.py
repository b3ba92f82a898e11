"""The last look before a message leaves: whatever was right when it was planned need not be now."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from guests import NOWHERE, ago, iiko, states, tell
from parts import Hub, Sandbox, go, new_phone, open_hub, until
from uzel.calls import recover
from uzel.calls import store as calls_store
from uzel.calls.outcome import failed
from uzel.calls.recover import Choice
from uzel.connector import Element
from uzel.errors import Unavailable
from uzel.messages.guard_store import reckon, reserve
from uzel.messages.receipts import apply_receipts
from uzel.messages.route import expire
from uzel.messages.store import installation
from uzel.model.receipt import Receipt, ReceiptState

MOSCOW = ZoneInfo("Europe/Moscow")
# One part of a text, whatever the link.
SHORT = "{link}"


def closed(zone: str = "Europe/Moscow") -> dict[str, Any]:
    """Hours that begin in three hours and last two, there."""
    now = datetime.now(ZoneInfo(zone))
    opens, closes = now + timedelta(hours=3), now + timedelta(hours=5)
    return {"opens": f"{opens:%H:%M}", "closes": f"{closes:%H:%M}"}


async def due_in(hub: Hub) -> timedelta:
    """How long the call of the only message waits."""
    found: timedelta = await hub.pool.fetchval(
        "select due_at - now() from call where connection_id = $1", hub.smsru
    )
    return found


def test_what_was_planned_by_day_waits_out_the_night(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone = new_phone()
            await tell(hub, iiko(phone))
            await hub.set_rules(**closed())
            await hub.call()
            assert not sandbox.sent(phone)
            assert await states(hub) == [("planned", "quiet_hours")]
            wait = await due_in(hub)
            assert timedelta(hours=3) - timedelta(minutes=2) < wait <= timedelta(hours=3)
            # Woken too early it waits on, however often.
            await hub.hurry()
            await hub.call()
            assert not sandbox.sent(phone)
            await hub.set_rules()
            await hub.hurry()
            await hub.call()
            assert len(sandbox.sent(phone)) == 1
            assert await states(hub) == [("accepted", None)]

    go(run)


@pytest.mark.parametrize(("zone", "leaves"), [("Europe/Moscow", 0), ("Asia/Novosibirsk", 1)])
def test_the_hour_is_that_of_the_place(
    module_dsn: str, sandbox: Sandbox, zone: str, leaves: int
) -> None:
    """Three hours before opening in Moscow it is an hour after opening in Novosibirsk."""

    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone = new_phone()
            await tell(hub, iiko(phone))
            await hub.set_rules(**closed())
            await hub.pool.execute(
                "update place set time_zone = $2 where business_id = $1", hub.business, zone
            )
            await hub.call()
            assert len(sandbox.sent(phone)) == leaves

    go(run)


def test_a_place_that_keeps_other_hours_is_asked_in_those(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone = new_phone()
            await tell(hub, iiko(phone))
            await hub.set_rules(**closed(), place={"opens": "00:00", "closes": "00:00"})
            await hub.call()
            assert len(sandbox.sent(phone)) == 1

    go(run)


async def set_expiry(hub: Hub, seconds: float) -> None:
    await hub.pool.execute(
        "update message set not_after = now() + make_interval(secs => $2) where business_id = $1",
        hub.business,
        seconds,
    )


def test_what_expires_before_the_morning_is_given_up_at_once(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone = new_phone()
            await tell(hub, iiko(phone))
            await set_expiry(hub, 3600)
            await hub.set_rules(**closed())
            await hub.call()
            assert await states(hub) == [("cancelled", "expired")]
            # Nobody has asked, so the guest may be asked about the next visit.
            await hub.set_rules()
            assert await tell(hub, iiko(phone)) == ("request", None)

    go(run)


@pytest.mark.parametrize("by", ["the guard", "the clock"])
def test_what_has_expired_never_leaves(module_dsn: str, sandbox: Sandbox, by: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone = new_phone()
            await tell(hub, iiko(phone))
            await set_expiry(hub, -1)
            if by == "the clock":
                assert await expire(hub.pool) == 1
                assert await expire(hub.pool) == 0
            await hub.call()
            assert await states(hub) == [("cancelled", "expired")]
            assert not sandbox.sent(phone)

    go(run)


def test_record_mode_writes_down_and_sends_nothing(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            await hub.set_rules(sending="record")
            phone = new_phone()
            assert await tell(hub, iiko(phone)) == ("request", None)
            await hub.call()
            (message,) = await hub.messages()
            assert (message["state"], message["state_reason"]) == ("cancelled", "recorded_only")
            # What would have been sent can be read, and nothing pretends that it was.
            assert "Кофейня" in message["body"]
            assert (message["reference"], message["accepted_at"], message["cost_minor"]) == (
                None,
                None,
                None,
            )
            assert not sandbox.sent(phone)

    go(run)


@pytest.mark.parametrize("spelled", ["{}", "8 ({}) ", "7{}"])
def test_the_allow_list_lets_only_its_own_through(
    module_dsn: str, sandbox: Sandbox, spelled: str
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            tester, guest = new_phone(), new_phone()
            digits = tester if spelled == "{}" else tester.removeprefix("+7")
            await hub.set_rules(sending="allow_list", allowed=[spelled.format(digits)])
            for phone in (guest, tester):
                await tell(hub, iiko(phone))
            await hub.call()
            assert await states(hub) == [("cancelled", "not_on_allow_list"), ("accepted", None)]
            assert [len(sandbox.sent(phone)) for phone in (guest, tester)] == [0, 1]

    go(run)


# Rules of a day, texts of 500 → how many leave.
BUDGETS: list[tuple[dict[str, Any], int]] = [
    ({"messages_per_day": 2}, 2),
    ({"messages_per_day": 0}, 0),
    ({"budget_day_minor": 1499, "rates": {"sms": 500}}, 2),
    ({"budget_day_minor": 1500, "rates": {"sms:RU": 500}}, 3),
    ({"budget_day_minor": 1500, "messages_per_day": 2, "rates": {"sms": 500}}, 2),
    ({"budget_day_minor": 0, "rates": {"sms": 500}}, 0),
]


@pytest.mark.parametrize(("rules", "leave"), BUDGETS)
def test_what_the_day_cannot_pay_waits_for_the_next_one(
    module_dsn: str, sandbox: Sandbox, rules: dict[str, Any], leave: int
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, template=SHORT) as hub:
            await hub.set_rules(**rules)
            phones = [new_phone() for _ in range(4)]
            for phone in phones:
                await tell(hub, iiko(phone))
            await hub.call()
            await hub.hurry()
            await hub.call()
            assert len(sandbox.sent(*phones)) == leave
            held = [row for row in await hub.messages() if row["state"] == "planned"]
            assert len(held) == 4 - leave
            tomorrow = datetime.now(MOSCOW).date() + timedelta(days=1)
            for row in held:
                assert row["state_reason"] == "budget_spent"
                assert row["due_at"].astimezone(MOSCOW).date() == tomorrow

    go(run)


async def spent(hub: Hub) -> tuple[int, int]:
    """(minor units, messages) of today."""
    row = await hub.pool.fetchrow(
        "select spent_minor, messages from budget_day where business_id = $1", hub.business
    )
    return (row["spent_minor"], row["messages"]) if row else (0, 0)


def test_workers_that_race_for_the_last_of_the_budget_never_overspend(
    module_dsn: str, sandbox: Sandbox
) -> None:
    """While the spending is being reckoned again and again."""

    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, template=SHORT) as hub:
            await hub.set_rules(budget_day_minor=3500, rates={"sms": 500})
            phones = [new_phone() for _ in range(16)]
            for phone in phones:
                await hub.post(iiko(phone))
            await hub.process()
            others = [hub.new_runner() for _ in range(2)]
            for runner in others:
                await calls_store.beat(hub.pool, runner.worker, "test")

            async def call() -> None:
                await asyncio.gather(*(runner.pump(hub.smsru) for runner in others), hub.call())

            async def keep_books() -> None:
                for _ in range(40):
                    await reckon(hub.pool)

            await asyncio.gather(call(), keep_books())
            for runner in others:
                while running := runner._running():
                    await asyncio.wait(running)
            assert len(sandbox.sent(*phones)) == 7
            assert await spent(hub) == (3500, 7)

    go(run)


def test_reckoning_waits_for_who_is_reserving(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            today = datetime.now(MOSCOW).date()
            calls = [await hub.plan_text(new_phone()) for _ in range(2)]
            first, second = [row["id"] for row in await hub.messages()]
            assert len(calls) == 2
            async with hub.pool.acquire() as connection:
                # A little more than the books will say, so that there is something to reckon.
                await reserve(connection, first, hub.business, today, 7, None, 2)
                async with connection.transaction():
                    assert await reserve(connection, second, hub.business, today, 0, None, 2)
                    reckoning = asyncio.create_task(reckon(hub.pool))
                    await until(lambda: waits(hub))
                await reckoning
                assert await spent(hub) == (0, 2)
                assert not await reserve(connection, first, hub.business, today, 0, None, 2)

    async def waits(hub: Hub) -> bool:
        found = "select exists (select 1 from pg_locks where not granted)"
        return bool(await hub.pool.fetchval(found))

    go(run)


def test_what_it_really_cost_takes_the_place_of_the_estimate(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, template=SHORT) as hub:
            await hub.set_rules(budget_day_minor=1200, rates={"sms": 500})
            for _ in range(3):
                await tell(hub, iiko(new_phone()))
            await hub.call()
            assert await spent(hub) == (1000, 2)
            await hub.pool.execute(
                "update message set cost_minor = 310 where business_id = $1 and state = 'accepted'",
                hub.business,
            )
            await reckon(hub.pool)
            assert await spent(hub) == (620, 2)
            await hub.hurry()
            await hub.call()
            assert [state for state, _ in await states(hub)] == ["accepted"] * 3
            assert await spent(hub) == (1120, 3)

    go(run)


def test_what_was_refused_gives_its_money_back(module_dsn: str, sandbox: Sandbox) -> None:
    """Also where it was all that the day had spent."""

    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, template=SHORT) as hub:
            await hub.set_rules(messages_per_day=1)
            sandbox.http.post("/smsru/_settings", json={"refuse_with": 207}).raise_for_status()
            await tell(hub, iiko(new_phone()))
            await hub.call()
            assert await states(hub) == [("failed", "SMS.ru: " + NO_ROUTE)]
            assert await spent(hub) == (0, 1)
            await reckon(hub.pool)
            assert await spent(hub) == (0, 0)
            sandbox.reset()
            phone = new_phone()
            await tell(hub, iiko(phone))
            await hub.call()
            assert len(sandbox.sent(phone)) == 1

    go(run)


NO_ROUTE = (
    "у вашего аккаунта нет маршрута на этот номер; номера Казахстана (+7 7…) и других стран "
    "SMS.ru включает отдельно"
)


def test_what_is_tried_again_is_paid_for_once(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, template=SHORT) as hub:
            await hub.set_rules(messages_per_day=1)
            sandbox.http.post("/smsru/_settings", json={"refuse_with": 220}).raise_for_status()
            phone = new_phone()
            await tell(hub, iiko(phone))
            await hub.call()
            assert [state for state, _ in await states(hub)] == ["planned"]
            sandbox.reset()
            await hub.hurry()
            await hub.call()
            assert len(sandbox.sent(phone, effect=True)) == 1
            assert await spent(hub) == (0, 1)

    go(run)


async def begun(hub: Hub) -> Any:
    """The only call, in `sending`."""
    async with hub.pool.acquire() as connection:
        (row,) = await calls_store.begin(connection, hub.smsru, 1, 1e6, hub.worker)
    return row


async def turned_away(hub: Hub, row: Any) -> None:
    """The provider was down: nothing happened, so it is planned again."""
    send = hub.active(hub.smsru).connector.operations["send_sms"]
    now = datetime.now(UTC)
    result = failed(row["id"], hub.smsru, row["attempt"], send, Unavailable("down"), now)
    await hub.runner.closing.submit(result)


def test_a_visit_called_off_while_its_message_was_leaving_in_vain_stays_called_off(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone, order = new_phone(), str(uuid4())
            await tell(hub, iiko(phone, ago(60), order=order))
            row = await begun(hub)
            await tell(hub, iiko(phone, ago(30), order=order, status="Cancelled"))
            await turned_away(hub, row)
            await hub.hurry()
            await hub.call()
            assert not sandbox.sent(phone)
            assert await states(hub) == [("cancelled", "visit_cancelled")]

    go(run)


def test_nobody_sends_again_what_was_called_off_meanwhile(
    module_dsn: str, sandbox: Sandbox
) -> None:
    """An answer was lost, the visit was called off, and then a person says: once more."""

    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone, order = new_phone(), str(uuid4())
            await tell(hub, iiko(phone, ago(60), order=order))
            sandbox.arm("reset")
            await hub.call()
            await tell(hub, iiko(phone, ago(30), order=order, status="Cancelled"))
            await decide(hub, Choice.AGAIN)
            await hub.call()
            assert len(sandbox.sent(phone)) == 1
            assert await states(hub) == [("cancelled", "visit_cancelled")]

    go(run)


async def decide(hub: Hub, choice: Choice) -> None:
    (message,) = await hub.messages()
    owners = dict(hub.runner.closing._owners)
    async with hub.pool.acquire() as connection, connection.transaction():
        await recover.decide(connection, message["call_id"], choice, "olga", owners)


@pytest.mark.parametrize("state", ReceiptState)
def test_nobody_sends_again_what_a_receipt_has_settled_meanwhile(
    module_dsn: str, sandbox: Sandbox, state: ReceiptState
) -> None:
    """A person says: once more; before it leaves, a receipt tells what became of the first one."""

    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone = new_phone()
            await tell(hub, iiko(phone))
            sandbox.arm("reset")
            await hub.call()
            await decide(hub, Choice.AGAIN)
            (message,) = await hub.messages()
            async with hub.pool.acquire() as connection, connection.transaction():
                ours = f"{await installation(connection)}-{message['id']}"
                receipt = Receipt("202647-1", state, "0", state.value, ours=ours)
                element = Element("receipt.updated", data=receipt)
                await apply_receipts(connection, [(hub.smsru, element)])
            await hub.call()
            assert len(sandbox.sent(phone)) == 1
            told = {ReceiptState.PENDING: "accepted", ReceiptState.FAILED: "failed"}
            assert [row["state"] for row in await hub.messages()] == [told.get(state, "delivered")]

    go(run)


def test_a_message_to_ourselves_minds_neither_the_hour_nor_the_stop_list(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone = new_phone()
            await hub.set_rules(**closed())
            await hub.pool.execute(
                "insert into stop_list (business_id, address, reason, source) "
                "values ($1, $2, 'manual', 'olga')",
                hub.business,
                phone,
            )
            await hub.plan_text(phone)
            await hub.pool.execute(
                "update message set purpose = 'low_rating' where business_id = $1", hub.business
            )
            await hub.call()
            assert len(sandbox.sent(phone)) == 1

    go(run)


def test_the_unreachable_provider_is_not_asked_at_all_at_night(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            await tell(hub, iiko(new_phone()))
            await hub.set_rules(**closed())
            await hub.call()
            (message,) = await hub.messages()
            assert (message["call_state"], message["error_class"]) == ("planned", None)
            assert (message["state_reason"], message["detail"]) == ("quiet_hours", "quiet_hours")

    go(run)
