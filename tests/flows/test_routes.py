"""Every further way of a route is accounted for: taken, or skipped and why."""

from typing import Any

from guests import NOWHERE, rkeeper, tell
from parts import Hub, Sandbox, go, new_phone, open_hub
from uzel.messages.store import add_template
from uzel.views.message_store import messages_by_id
from uzel.views.ways import Route, routes_of

ALSO = ("rkeeper", "resend", "meta")
ROUTE = [{"channel": "sms"}, {"channel": "whatsapp"}, {"channel": "email"}]


async def ready(hub: Hub, **rules: Any) -> None:
    """A text for each way."""
    await hub.set_rules(**rules)
    await add_template(hub.pool, hub.business, "review_request", "email", "{link}", subject="?")
    approved = {"name": "review_request", "parameters": [], "buttons": []}
    await add_template(
        hub.pool, hub.business, "review_request", "whatsapp", "{link}", approved=approved
    )


async def route(hub: Hub) -> Route:
    """Of the newest message's chain."""
    *_, row = await hub.messages()
    (found,) = await routes_of(hub.pool, await messages_by_id(hub.pool, [row["id"]]))
    return found


def told(found: Route) -> list[tuple[str, str, str | None]]:
    return [(way.channel, way.fate, way.reason) for way in found.ways]


def test_why_a_way_was_none_for_this_guest(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE, also=ALSO) as hub:
            await ready(hub, route=ROUTE)
            await tell(hub, rkeeper(new_phone()), "rkeeper")
            assert told(await route(hub)) == [
                ("whatsapp", "closed", "whatsapp_russia"),
                ("email", "closed", "no_email"),
            ]
            await ready(hub, route=ROUTE, whatsapp_russia=True)
            phone = new_phone()
            await hub.pool.execute(
                "insert into unreachable values ('whatsapp', $1, now() + interval '1 day')", phone
            )
            await tell(hub, rkeeper(phone, email="guest@mail.example"), "rkeeper")
            assert told(await route(hub)) == [
                ("whatsapp", "closed", "unreachable"),
                ("email", "next", None),
            ]
            await hub.pool.execute(
                "update connection set state = 'off' where business_id = $1 "
                "and connector in ('resend', 'meta')",
                hub.business,
            )
            await hub.registry.refresh()
            await tell(hub, rkeeper(new_phone(), email="other@mail.example"), "rkeeper")
            assert {reason for _, _, reason in told(await route(hub))} == {"no_channel"}

    go(run)


def test_ways_a_business_does_not_use_are_not_told(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE, also=("rkeeper",)) as hub:
            await tell(hub, rkeeper(new_phone()), "rkeeper")
            (row,) = await hub.messages()
            assert await routes_of(hub.pool, await messages_by_id(hub.pool, [row["id"]])) == []

    go(run)


def test_a_route_that_runs_out_says_so(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, also=ALSO) as hub:
            await ready(hub, route=ROUTE)
            sandbox.http.post("/smsru/_settings", json={"refuse_with": 207}).raise_for_status()
            await tell(hub, rkeeper(new_phone()), "rkeeper")
            await hub.call()
            assert (await route(hub)).ran_out
            await tell(hub, rkeeper(new_phone(), email="third@mail.example"), "rkeeper")
            await hub.call()
            found = await route(hub)
            first, second = (await hub.messages())[-2:]
            assert told(found)[1] == ("email", "taken", None)
            assert (found.ways[1].message_id, found.message_id) == (second["id"], first["id"])
            assert not found.ran_out
            sandbox.reset()

    go(run)
