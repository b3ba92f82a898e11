"""A dry run says what the real thing would: looks at keys, visits, guests, and writes nothing."""

from typing import Any
from uuid import uuid4

import orjson

from guests import NOWHERE, ago, iiko, request_of, tell
from parts import OUR_URL, Hub, go, new_phone, open_hub
from uzel.explain import elements_of
from uzel.flows.review_requests.preview import preview

TABLES = ("event", "review_request", "review_gap", "message", "call")


async def seen(hub: Hub, body: Any) -> list[dict[str, Any]]:
    """What a dry run of this body says."""
    active = hub.active(hub.iiko)
    assert active.config is not None
    elements = elements_of(active.connector, orjson.dumps(body), active.config)
    async with hub.pool.acquire() as connection:
        return await preview(connection, hub.registry, active, elements, OUR_URL)


async def rows(hub: Hub) -> tuple[Any, ...]:
    counts = ", ".join(f"(select count(*) from {table})" for table in TABLES)
    row = await hub.pool.fetchrow(f"select {counts}")
    assert row is not None
    return tuple(row)


def test_what_is_known_is_told_as_the_flow_tells_it(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            phone, order = new_phone(), str(uuid4())
            body = iiko(phone, ago(60), order=order)
            (fresh,) = await seen(hub, body)
            assert (fresh["decision"], "earlier" in fresh) == ("request", False)
            assert await tell(hub, body) == ("request", None)
            request, (event, *_) = await request_of(hub), await hub.events()
            before = await rows(hub)
            (again,) = await seen(hub, body)
            assert (again["decision"], again["reason"]) == ("skip", "duplicate")
            assert again["earlier"] == {"event": event["id"]}
            # The same guest, another visit: left alone within the gap.
            (other,) = await seen(hub, iiko(phone))
            assert (other["decision"], other["reason"]) == ("skip", "asked_recently")
            assert other["earlier"]["request"] == request["id"]
            assert other["earlier"]["event"] == event["id"]
            assert await rows(hub) == before
            assert await tell(hub, iiko(phone)) == ("skip", "asked_recently")
            await hub.pool.execute(
                "update review_gap set asked_at = now() - interval '31 days' where phone = $1",
                phone,
            )
            assert (await seen(hub, iiko(phone)))[0]["decision"] == "request"

    go(run)


def test_a_visit_that_was_called_off_meanwhile(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            phone, order = new_phone(), str(uuid4())
            assert await tell(hub, iiko(phone, ago(60), order=order)) == ("request", None)
            off = iiko(phone, ago(30), order=order, status="Cancelled")
            assert (await tell(hub, off))[0] == "cancel"
            request = await request_of(hub)
            # Its key is free again, but it happened before it was called off.
            late = iiko(phone, ago(60), order=order)
            (told,) = await seen(hub, late)
            assert (told["decision"], told["reason"]) == ("skip", "visit_known")
            assert told["earlier"] == {"request": request["id"], "event": request["event_id"]}
            assert await tell(hub, late) == ("skip", "visit_known")
            anew = iiko(phone, ago(5), order=order)
            assert (await seen(hub, anew))[0]["decision"] == "request"
            assert await tell(hub, anew) == ("request", None)

    go(run)


def test_a_payload_that_repeats_itself(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            phone = new_phone()
            body = iiko(phone)
            told = await seen(hub, [body, body, iiko(phone)])
            assert [(one["decision"], one["reason"]) for one in told] == [
                ("request", None),
                ("skip", "duplicate"),
                ("skip", "asked_recently"),
            ]
            assert [one["earlier"] for one in told[1:]] == [{"element": 0}, {"element": 0}]

    go(run)
