"""Rules that change: what waits by the old ones is counted, and reckoned anew when asked."""

from datetime import UTC, datetime, timedelta
from typing import Any

from guests import NOWHERE, ago, iiko, request_of, tell
from parts import Hub, Sandbox, go, new_phone, open_hub
from uzel.flows.review_requests.reckon import outdated, reckon_anew
from uzel.messages.store import add_template

HOUR = 3600


async def count(hub: Hub) -> int:
    async with hub.pool.acquire() as connection:
        return await outdated(connection, hub.business)


async def reckon(hub: Hub) -> int:
    async with hub.pool.acquire() as connection, connection.transaction():
        return await reckon_anew(connection, hub.business)


async def waits_s(hub: Hub) -> float:
    """How long the newest message waits."""
    *_, row = await hub.messages()
    found: timedelta = row["due_at"] - datetime.now(UTC)
    return found.total_seconds()


def near(seconds: float, meant: float) -> bool:
    return abs(seconds - meant) < 30


def test_a_shorter_delay_holds_for_what_waits_once_reckoned(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            rules: dict[str, Any] = {"expires_after_s": 24 * HOUR}
            await hub.set_rules(delay_s={"iiko": 4 * HOUR}, **rules)
            await tell(hub, iiko(new_phone(), ago(0)))
            assert near(await waits_s(hub), 4 * HOUR)
            assert await count(hub) == 0
            await hub.set_rules(delay_s={"iiko": HOUR}, remind_after_s=72 * HOUR, **rules)
            assert await count(hub) == 1
            assert near(await waits_s(hub), 4 * HOUR)
            assert await reckon(hub) == 1
            assert near(await waits_s(hub), HOUR)
            assert (await count(hub), await reckon(hub)) == (0, 0)
            (message,), request = await hub.messages(), await request_of(hub)
            until = (message["not_after"] - datetime.now(UTC)).total_seconds()
            assert near(until, 25 * HOUR)
            assert (request["due_at"], request["not_after"]) == (
                message["due_at"],
                message["not_after"],
            )
            assert request["remind_at"] - request["due_at"] == timedelta(hours=72)

    go(run)


def test_no_delay_lets_it_go_at_once(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, also=("resend",)) as hub:
            await add_template(hub.pool, hub.business, "review_request", "email", "?", subject="?")
            route = [{"channel": "sms", "wait_s": 600}, {"channel": "email"}]
            await hub.set_rules(delay_s={"iiko": 4 * HOUR}, route=route)
            phone = new_phone()
            await tell(hub, iiko(phone, ago(0)))
            await hub.set_rules(route=route)
            assert await reckon(hub) == 1
            await hub.call()
            assert len(sandbox.sent(phone)) == 1

    go(run)


def test_what_waits_for_a_budget_or_another_try_keeps_its_time(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            await hub.set_rules(delay_s={"iiko": 4 * HOUR})
            for _ in range(2):
                await tell(hub, iiko(new_phone(), ago(0)))
            first, second = await hub.messages()
            change = "update call set {} where id = $1"
            await hub.pool.execute(change.format("detail = 'budget_spent'"), first["call_id"])
            await hub.pool.execute(change.format("error_class = 'X'"), second["call_id"])
            await hub.set_rules()
            assert (await count(hub), await reckon(hub)) == (0, 0)

    go(run)


def test_hours_that_open_earlier(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            now = datetime.now(UTC) + timedelta(hours=3)  # in Moscow
            opens, closes = now + timedelta(hours=3), now + timedelta(hours=6)
            await hub.set_rules(opens=f"{opens:%H:%M}", closes=f"{closes:%H:%M}")
            await tell(hub, iiko(new_phone(), ago(0)))
            assert await waits_s(hub) > 2 * HOUR
            await hub.set_rules()
            assert (await count(hub), await reckon(hub)) == (1, 1)
            assert await waits_s(hub) < 30

    go(run)
