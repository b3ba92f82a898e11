"""A letter whose answer was lost is tried again under its key; until that is settled it may have
arrived, so nothing may take its place.
"""

from uuid import uuid4

import pytest

from guests import ago, rkeeper, tell
from parts import Hub, Sandbox, go, new_phone, open_hub
from uzel.messages.store import add_template


async def lost_letter(hub: Hub, sandbox: Sandbox, order: str, phone: str) -> None:
    """The first way is a letter; it is accepted, and nobody hears of it."""
    await hub.set_rules(route=[{"channel": "email"}, {"channel": "sms"}])
    await add_template(hub.pool, hub.business, "review_request", "email", "{link}", subject="?")
    sandbox.arm_at("resend", "send_email", "reset", times=1)
    body = rkeeper(phone, ago(60), order=order, email=f"{uuid4()}@mail.example")
    await tell(hub, body, "rkeeper")
    await hub.call()
    (message,) = await hub.messages()
    assert (message["state"], message["attempt"]) == ("planned", 1)


def test_a_visit_called_off_leaves_a_letter_in_doubt_unknown(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, also=("rkeeper", "resend")) as hub:
            order, phone = str(uuid4()), new_phone()
            await lost_letter(hub, sandbox, order, phone)
            gone = rkeeper(phone, ago(30), order=order)
            await tell(hub, {**gone, "orderStatusName": "Отменен"}, "rkeeper")
            (message,) = await hub.messages()
            assert (message["state"], message["withdrawn"]) == ("unknown", "visit_cancelled")
            await tell(hub, rkeeper(phone, ago(10), order=order), "rkeeper")
            await hub.hurry()
            await hub.call()
            assert len(await hub.messages()) == 1
            assert sandbox.sent(phone) == []

    go(run)


@pytest.mark.parametrize("end", ["nobody answers", "too late"])
def test_a_letter_in_doubt_gives_no_way_to_another(
    module_dsn: str, sandbox: Sandbox, end: str
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, also=("rkeeper", "resend")) as hub:
            phone = new_phone()
            await lost_letter(hub, sandbox, str(uuid4()), phone)
            if end == "too late":
                await hub.pool.execute(
                    "update message set not_after = now() - interval '1 second' "
                    "where business_id = $1",
                    hub.business,
                )
            else:
                await hub.pool.execute(
                    "update call set attempt = 11 where connection_id = any($1)", hub.connections
                )
                sandbox.arm_at("resend", "send_email", "429", rate=1)
                await hub.pool.execute(
                    "update connection set settings = settings || "
                    '\'{"base_url": "http://127.0.0.1:1"}\' where id = $1',
                    hub.others["resend"][0],
                )
                await hub.registry.refresh()
            await hub.hurry()
            await hub.call()
            messages = await hub.messages()
            assert [row["state"] for row in messages] == ["unknown"]
            assert sandbox.sent(phone) == []

    go(run)
