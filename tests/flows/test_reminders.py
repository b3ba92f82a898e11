"""The one reminder: only to who got a request and did nothing about it, and never a second one."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from guests import ago, iiko, request_of, rkeeper, states, tell
from parts import OUR_URL, Hub, Sandbox, go, new_phone, open_hub
from uzel.flows.review_requests import feedback
from uzel.flows.review_requests.remind import remind
from uzel.messages.stop_list import stop
from uzel.messages.store import add_template

AFTER_S = 7200
TEXT = "Напоминаем, {name}: {link}"


async def asked(hub: Hub, phone: str, **order: Any) -> None:
    """A guest got a request, and the time of the reminder has come."""
    await hub.set_rules(remind_after_s=AFTER_S)
    await add_template(hub.pool, hub.business, "review_reminder", "sms", TEXT)
    await tell(hub, iiko(phone, ago(60), **order))
    await hub.call()
    await pass_time(hub, AFTER_S + 60)


async def pass_time(hub: Hub, seconds: float) -> None:
    by = timedelta(seconds=seconds)
    for statement in (
        "update review_request set remind_at = remind_at - $2::interval, "
        "created_at = created_at - $2::interval, due_at = due_at - $2::interval "
        "where business_id = $1",
        "update message set accepted_at = accepted_at - $2::interval where business_id = $1",
    ):
        await hub.pool.execute(statement, hub.business, by)


async def reminded(hub: Hub) -> list[tuple[str, str | None]]:
    """Have reminders planned and sent; (state, why) of those of this business."""
    await remind(hub.pool, hub.registry, OUR_URL)
    await hub.call()
    rows = await hub.messages()
    return [
        (row["state"], row["state_reason"]) for row in rows if row["purpose"] == "review_reminder"
    ]


async def visit_page(hub: Hub, what: str) -> None:
    """The guest does something behind the link."""
    code = (await request_of(hub))["code"]
    async with hub.pool.acquire() as connection, connection.transaction():
        page = await feedback.see(connection, code)
        assert page is not None
        if what == "click":
            await feedback.click(connection, page)
        elif what == "rate":
            await feedback.rate(connection, hub.registry, page, 5, OUR_URL)
        elif what == "tell":
            await feedback.tell(connection, hub.registry, page, "спасибо", OUR_URL)
        else:
            await feedback.want_no_more(connection, page)


def test_one_reminder_with_the_same_link(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone = new_phone()
            await asked(hub, phone)
            assert await reminded(hub) == [("accepted", None)]
            for _ in range(3):
                await pass_time(hub, AFTER_S)
                assert await reminded(hub) == [("accepted", None)]
            first, second = (entry["request"]["text"] for entry in sandbox.sent(phone))
            assert second == f"Напоминаем, Айгуль: {first.rpartition(' ')[2]}"

    go(run)


def test_workers_that_remind_at_the_same_time_do_it_once(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone = new_phone()
            await asked(hub, phone)
            await asyncio.gather(*(remind(hub.pool, hub.registry, OUR_URL) for _ in range(5)))
            await hub.call()
            assert len(sandbox.sent(phone)) == 2

    go(run)


def test_nobody_is_reminded_before_the_time(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            await asked(hub, new_phone())
            await pass_time(hub, -120)
            assert await reminded(hub) == []
            await pass_time(hub, 120)
            assert len(await reminded(hub)) == 1

    go(run)


def test_a_request_that_was_held_back_is_given_its_time(module_dsn: str, sandbox: Sandbox) -> None:
    """It left a day later than it was due: the budget was spent, the provider was down."""

    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            await asked(hub, new_phone())
            await hub.pool.execute(
                "update message set accepted_at = now() where business_id = $1", hub.business
            )
            assert await reminded(hub) == []
            await pass_time(hub, AFTER_S + 1)
            assert len(await reminded(hub)) == 1

    go(run)


@pytest.mark.parametrize("what", ["click", "rate", "tell", "stop"])
@pytest.mark.parametrize("planned", [False, True])
def test_who_did_something_is_not_reminded(
    module_dsn: str, sandbox: Sandbox, what: str, planned: bool
) -> None:
    """Nor where the reminder waits already."""

    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone = new_phone()
            await asked(hub, phone)
            if planned:
                assert await remind(hub.pool, hub.registry, OUR_URL) == 1
            await visit_page(hub, what)
            ends = [("cancelled", "stopped" if what == "stop" else "clicked")]
            # Who said stop is planned for and then kept from being written to.
            assert await reminded(hub) == (ends if planned or what == "stop" else [])
            assert len(sandbox.sent(phone)) == 1

    go(run)


@pytest.mark.parametrize("planned", [False, True])
def test_a_visit_called_off_is_not_reminded_of(
    module_dsn: str, sandbox: Sandbox, planned: bool
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone, order = new_phone(), str(uuid4())
            await asked(hub, phone, order=order)
            if planned:
                assert await remind(hub.pool, hub.registry, OUR_URL) == 1
            await tell(hub, iiko(phone, ago(30), order=order, status="Cancelled"))
            assert await reminded(hub) == [("cancelled", "visit_cancelled")] * planned
            assert len(sandbox.sent(phone)) == 1

    go(run)


@pytest.mark.parametrize("state", ["planned", "unknown", "failed", "cancelled"])
def test_only_a_request_that_certainly_arrived_at_the_provider_is_reminded_of(
    module_dsn: str, sandbox: Sandbox, state: str
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            await asked(hub, new_phone())
            await hub.pool.execute(
                "update message set state = $2 where business_id = $1", hub.business, state
            )
            assert await reminded(hub) == []
            await hub.pool.execute(
                "update message set state = 'delivered' where business_id = $1", hub.business
            )
            assert len(await reminded(hub)) == 1

    go(run)


def test_a_reminder_follows_a_request_that_went_another_way(
    module_dsn: str, sandbox: Sandbox
) -> None:
    """The text was refused, the e-mail accepted; and while a way still waits nobody is reminded."""

    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, also=("rkeeper", "resend")) as hub:
            route = [{"channel": "sms"}, {"channel": "email"}]
            await hub.set_rules(route=route, remind_after_s=AFTER_S)
            for purpose in ("review_request", "review_reminder"):
                await add_template(hub.pool, hub.business, purpose, "email", "{link}", subject="?")
            sandbox.http.post("/smsru/_settings", json={"refuse_with": 207}).raise_for_status()
            body = rkeeper(new_phone(), ago(60), email=f"{uuid4()}@mail.example")
            await tell(hub, body, "rkeeper")
            for _ in range(2):
                await hub.call()
            sandbox.reset()
            assert [state for state, _ in await states(hub)] == ["failed", "accepted"]
            await pass_time(hub, AFTER_S + 60)
            await set_state(hub, "planned")
            assert await remind(hub.pool, hub.registry, OUR_URL) == 0
            await set_state(hub, "accepted")
            assert await remind(hub.pool, hub.registry, OUR_URL) == 1
            assert (await hub.messages())[-1]["channel"] == "email"

    async def set_state(hub: Hub, state: str) -> None:
        await hub.pool.execute(
            "update message set state = $2 where business_id = $1 and channel = 'email'",
            hub.business,
            state,
        )

    go(run)


@pytest.mark.parametrize("missing", ["text", "rule", "link of another place"])
def test_a_reminder_needs_a_rule_and_a_text(
    module_dsn: str, sandbox: Sandbox, missing: str
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            await asked(hub, new_phone())
            if missing == "text":
                await hub.pool.execute(
                    "delete from template where business_id = $1 and purpose = 'review_reminder'",
                    hub.business,
                )
            elif missing == "rule":
                await hub.set_rules()
            else:
                await hub.pool.execute(
                    "update review_request set place_id = null where business_id = $1",
                    hub.business,
                )
            assert await reminded(hub) == []
            # It is not made up for later.
            await add_template(hub.pool, hub.business, "review_reminder", "sms", TEXT)
            await hub.set_rules(remind_after_s=AFTER_S)
            assert await reminded(hub) == []

    go(run)


def test_a_reminder_keeps_to_the_hours_and_expires(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone = new_phone()
            await asked(hub, phone)
            now = datetime.now(UTC) + timedelta(hours=3)  # Moscow
            opens, closes = now + timedelta(hours=3), now + timedelta(hours=5)
            await hub.set_rules(
                remind_after_s=AFTER_S, opens=f"{opens:%H:%M}", closes=f"{closes:%H:%M}"
            )
            assert await reminded(hub) == [("planned", None)]
            reminder = (await hub.messages())[-1]
            wait = reminder["due_at"] - datetime.now(UTC)
            assert timedelta(hours=3) - timedelta(minutes=2) < wait <= timedelta(hours=3)
            assert reminder["not_after"] - reminder["due_at"] == timedelta(days=1)
            await hub.hurry()
            await hub.call()
            assert len(sandbox.sent(phone)) == 1

    go(run)


def test_a_stopped_guest_is_not_reminded(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone = new_phone()
            await asked(hub, phone)
            async with hub.pool.acquire() as connection, connection.transaction():
                await stop(connection, hub.business, [phone], "manual", "olga")
            assert await reminded(hub) == [("cancelled", "stopped")]
            assert len(sandbox.sent(phone)) == 1

    go(run)


def test_a_visit_restored_after_its_withdrawal_is_reminded_of_from_then_on(
    module_dsn: str, sandbox: Sandbox
) -> None:
    """It is a new request; the time of the old one does not count."""

    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone, order = new_phone(), str(uuid4())
            await hub.set_rules(remind_after_s=AFTER_S)
            await add_template(hub.pool, hub.business, "review_reminder", "sms", TEXT)
            await tell(hub, iiko(phone, ago(60), order=order))
            await tell(hub, iiko(phone, ago(50), order=order, status="Cancelled"))
            await pass_time(hub, AFTER_S * 5)
            await tell(hub, iiko(phone, ago(40), order=order))
            await hub.call()
            assert await reminded(hub) == []
            await pass_time(hub, AFTER_S + 60)
            assert await reminded(hub) == [("accepted", None)]

    go(run)
