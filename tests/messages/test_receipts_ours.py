"""Receipts that echo our own reference find their message although the answer was lost; hints are
asked about and never believed; what a receipt says of a recipient has its consequences.
"""

import asyncio
import itertools
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guests import NOWHERE, iiko, states, tell
from parts import Hub, Sandbox, go, new_phone, open_hub
from uzel.calls import store as calls_store
from uzel.calls.outcome import failed, succeeded
from uzel.connector import Answer, Element
from uzel.connectors.meta.doors import Settings
from uzel.connectors.meta.sandbox import SETTINGS as META
from uzel.connectors.meta.webhook import signature
from uzel.errors import OutcomeUnknown
from uzel.messages.receipts import apply_receipts, match_early, poll_receipts
from uzel.messages.store import add_template, installation
from uzel.model.receipt import Receipt, ReceiptState

LONG = "--long" in sys.argv
EXAMPLES = 120 if LONG else 25
APPROVED = {"name": "visit_thanks", "language": "ru", "parameters": ["place"]}
RANK = {"sent": 1, "failed": 2, "delivered": 3, "read": 3}
STATE = {1: "accepted", 2: "failed", 3: "delivered"}
_wamids = itertools.count(1)


@pytest.fixture
def meta(sandbox: Sandbox) -> Iterator[httpx2.Client]:
    """The sandbox's Meta without moods."""
    sandbox.http.post("/meta/_settings", json=Settings().model_dump()).raise_for_status()
    yield sandbox.http
    sandbox.http.post("/meta/_settings", json=Settings().model_dump()).raise_for_status()


async def by_whatsapp(hub: Hub, *then: str) -> None:
    """The business writes by WhatsApp, and if that fails by these."""
    route = [{"channel": channel} for channel in ("whatsapp", *then)]
    await hub.set_rules(route=route, whatsapp_russia=True)
    await add_template(
        hub.pool, hub.business, "review_request", "whatsapp", "{link}", approved=APPROVED
    )


def status(word: str, wamid: str, ours: str | None, code: int | None = None) -> dict[str, Any]:
    """One status of Meta's ("Webhooks", statuses)."""
    told: dict[str, Any] = {
        "id": wamid,
        "status": word,
        "timestamp": str(int(datetime.now(UTC).timestamp())),
        "recipient_id": "79990000001",
    }
    if ours is not None:
        told["biz_opaque_callback_data"] = ours
    if code is not None:
        told["errors"] = [{"code": code, "title": "x"}]
    return told


async def told(hub: Hub, statuses: Sequence[dict[str, Any]]) -> None:
    """Meta posts these, signed, and they are processed."""
    config: Any = hub.active(hub.others["meta"][0]).config
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"phone_number_id": config.phone_number_id},
        "statuses": list(statuses),
    }
    entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
    body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
    signed = signature(META["app_secret"], body).encode()
    reply = await hub.post(body, "meta", [(b"x-hub-signature-256", signed)])
    assert reply.status == 200
    await hub.process()


async def ours_of(hub: Hub, message: int) -> str:
    async with hub.pool.acquire() as connection:
        return f"{await installation(connection)}-{message}"


async def end(hub: Hub, how: str, wamid: str) -> None:
    """The answer to the send that is under way: it came, or it was lost."""
    meta = hub.others["meta"][0]
    (row,) = await hub.pool.fetch(
        "select id, attempt, operation from call where connection_id = $1", meta
    )
    if how == "answered":
        answer = Answer(reference=wamid)
        await hub.runner.closing.submit(succeeded(row["id"], meta, row["attempt"], answer))
        return
    send = hub.active(meta).connector.operations[row["operation"]]
    lost = OutcomeUnknown("lost")
    now = datetime.now(UTC)
    await hub.runner.closing.submit(failed(row["id"], meta, row["attempt"], send, lost, now))


words = st.lists(st.sampled_from(sorted(RANK)), min_size=1, max_size=5)


@given(words, st.integers(0, 5), st.sampled_from(["answered", "lost"]), st.booleans())
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_the_order_the_message_and_its_call_end_as_meta_says(
    module_dsn: str, said: list[str], before: int, how: str, together: bool
) -> None:
    """`before`: how many of the statuses come before the send has ended for us."""

    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE, also=("meta",)) as hub:
            await by_whatsapp(hub)
            await tell(hub, iiko(new_phone()))
            async with hub.pool.acquire() as connection:
                await calls_store.begin(connection, hub.others["meta"][0], 1, 1e6, hub.worker)
            wamid = f"wamid.TEST{next(_wamids):08d}"
            (message,) = await hub.messages()
            ours = await ours_of(hub, message["id"])
            statuses = [status(word, wamid, ours) for word in said]
            for part in (statuses[:before], statuses[before:]):
                for posted in [part] if together else [[it] for it in part]:
                    if posted:
                        await told(hub, posted)
                if (await hub.messages())[0]["call_state"] == "sending":
                    await end(hub, how, wamid)
            await match_early(hub.pool)
            (message,) = await hub.messages()
            assert message["state"] == STATE[max(RANK[word] for word in said)]
            assert (message["call_state"], message["reference"]) == ("accepted", wamid)
            assert message["accepted_at"] is not None

    go(run)


def test_a_lost_answer_stays_unknown_until_a_status_with_our_reference(
    module_dsn: str, sandbox: Sandbox, meta: httpx2.Client
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, also=("meta",)) as hub:
            await by_whatsapp(hub, "sms")
            phone = new_phone()
            await tell(hub, iiko(phone))
            sandbox.arm_at("meta", "send_whatsapp_template", "reset")
            await hub.call()
            assert [state for state, _ in await states(hub)] == ["unknown"]
            (message,) = await hub.messages()
            ours = await ours_of(hub, message["id"])
            strangers = [None, "other-1", ours + "9", ours.replace("-", "-0"), f"{ours} "]
            await told(hub, [status("delivered", "wamid.OTHER0001", it) for it in strangers])
            assert [state for state, _ in await states(hub)] == ["unknown"]
            assert not sandbox.sent(phone)
            await told(hub, [status("failed", "wamid.LOST00001", ours, 131026)])
            await hub.call()
            assert [state for state, _ in await states(hub)] == ["failed", "accepted"]
            assert len(sandbox.sent(phone)) == 1

    go(run)


def test_a_status_at_one_number_says_nothing_of_a_message_at_another(module_dsn: str) -> None:
    async def run() -> None:
        async with (
            open_hub(module_dsn, NOWHERE, also=("meta",)) as one,
            open_hub(module_dsn, NOWHERE, pool=one.pool, also=("meta",)) as two,
        ):
            await by_whatsapp(one)
            await tell(one, iiko(new_phone()))
            async with one.pool.acquire() as connection:
                await calls_store.begin(connection, one.others["meta"][0], 1, 1e6, one.worker)
            await end(one, "lost", "")
            (message,) = await one.messages()
            ours = await ours_of(one, message["id"])
            await two.registry.refresh()
            await told(two, [status("delivered", "wamid.OTHER0002", ours)])
            assert [state for state, _ in await states(one)] == ["unknown"]

    go(run)


@pytest.mark.parametrize(
    ("code", "then", "listed", "unreachable"),
    [
        (131026, ["whatsapp", "sms"], False, True),  # has no WhatsApp
        (131050, ["whatsapp"], True, False),  # stopped advertising
        (131000, ["whatsapp", "sms"], False, False),  # something went wrong
    ],
)
def test_what_a_failure_says_of_the_recipient(
    module_dsn: str,
    sandbox: Sandbox,
    meta: httpx2.Client,
    code: int,
    then: list[str],
    listed: bool,
    unreachable: bool,
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, gap_days=0, also=("meta",)) as hub:
            await by_whatsapp(hub, "sms")
            phone = new_phone()
            await tell(hub, iiko(phone))
            await hub.call()
            (message,) = await hub.messages()
            failure = status("failed", message["reference"], None, code)
            # Twice, as Meta may.
            for _ in range(2):
                await told(hub, [failure, failure])
            await hub.call()
            assert [row["channel"] for row in await hub.messages()] == then
            found = await hub.pool.fetchval(
                "select count(*) from stop_list where business_id = $1", hub.business
            )
            assert found == listed
            again = await tell(hub, iiko(phone))
            assert again == (("skip", "stopped") if listed else ("request", None))
            if not listed:
                # Who has no WhatsApp is not tried there for a while.
                channel = (await hub.messages())[-1]["channel"]
                assert channel == ("sms" if unreachable else "whatsapp")

    go(run)


def hint(reference: str, word: str) -> dict[str, Any]:
    """A change of an outgoing text, as Exolve posts it: unsigned."""
    return {
        "message_id": reference,
        "direction": "DIRECTION_OUTGOING",
        "delivery_status": f"DELIVERY_STATUS_{word}",
    }


@pytest.mark.parametrize("lie", ["UNDELIVERED", "DELIVERED", "PENDING"])
def test_a_hint_is_asked_about_and_never_believed(
    module_dsn: str, sandbox: Sandbox, lie: str
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, also=("exolve", "resend")) as hub:
            at_once = {"receipt_delay_s": 0}
            sandbox.http.post("/exolve/_settings", json=at_once).raise_for_status()
            exolve = hub.others["exolve"][0]
            route = [{"channel": "sms", "connection_id": exolve}, {"channel": "sms"}]
            await hub.set_rules(route=route)
            phone = new_phone()
            await tell(hub, iiko(phone))
            await hub.call()
            (message,) = await hub.messages()
            assert (message["state"], message["connection_id"]) == ("accepted", exolve)
            await age(hub, 20)
            asked = questions(sandbox)
            await poll_receipts(hub.pool, hub.registry, hub.runner)
            assert questions(sandbox) == asked
            await tell(hub, hint(message["reference"], lie), "exolve")
            assert await states(hub) == [("accepted", None)]
            await poll_receipts(hub.pool, hub.registry, hub.runner)
            assert questions(sandbox) > asked
            # Exolve's own word counts, whatever the hint said.
            assert [row["state"] for row in await hub.messages()] == ["delivered"]
            assert not sandbox.sent(phone)

    go(run)


def questions(sandbox: Sandbox) -> int:
    """How often Exolve was asked what became of messages."""
    params = {"connector": "exolve", "operation": "sms_status"}
    return len(sandbox.http.get("/_journal", params=params).json())


async def age(hub: Hub, seconds: float) -> None:
    """The messages were accepted so much earlier."""
    await hub.pool.execute(
        "update message set accepted_at = accepted_at - make_interval(secs => $2) "
        "where business_id = $1",
        hub.business,
        seconds,
    )


@pytest.mark.parametrize("kind", ["garbage", "500", "reset", "401", "nonsense"])
def test_a_provider_that_cannot_answer_keeps_no_other_waiting(
    module_dsn: str, sandbox: Sandbox, kind: str
) -> None:
    """Nor one whose answer we cannot read because of an error of ours."""

    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, also=("exolve",)) as hub:
            for provider in ("smsru", "exolve"):
                at_once = {"receipt_delay_s": 0}
                sandbox.http.post(f"/{provider}/_settings", json=at_once).raise_for_status()
            exolve = hub.others["exolve"][0]
            for connection in (hub.smsru, exolve):
                route = [{"channel": "sms", "connection_id": connection}]
                await hub.set_rules(route=route)
                await tell(hub, iiko(new_phone()))
            await hub.call()
            await age(hub, 600)
            if kind == "nonsense":
                # A reference that is none of theirs makes our own reading of it fail.
                await hub.pool.execute(
                    "update message set reference = 'x' || id where connection_id = $1", hub.smsru
                )
            else:
                sandbox.arm_at("smsru", "sms_status", kind, rate=1.0)
            await poll_receipts(hub.pool, hub.registry, hub.runner)
            by_connection = {row["connection_id"]: row["state"] for row in await hub.messages()}
            assert by_connection == {hub.smsru: "accepted", exolve: "delivered"}
            if kind != "nonsense":
                sandbox.reset()
                await poll_receipts(hub.pool, hub.registry, hub.runner)
                assert {row["state"] for row in await hub.messages()} == {"delivered"}

    go(run)


def test_a_failure_that_was_asked_for_gives_way(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, also=("exolve",)) as hub:
            moods = {"receipt_delay_s": 0, "outcome": "failed"}
            sandbox.http.post("/smsru/_settings", json=moods).raise_for_status()
            exolve = hub.others["exolve"][0]
            route = [
                {"channel": "sms", "connection_id": hub.smsru},
                {"channel": "sms", "connection_id": exolve},
            ]
            await hub.set_rules(route=route)
            await tell(hub, iiko(new_phone()))
            await hub.call()
            await age(hub, 600)
            polls = [poll_receipts(hub.pool, hub.registry, hub.runner) for _ in range(2)]
            await asyncio.gather(*polls)
            await hub.call()
            by_connection = [(row["connection_id"], row["state"]) for row in await hub.messages()]
            assert by_connection == [(hub.smsru, "failed"), (exolve, "accepted")]

    go(run)


def test_a_stop_that_comes_before_the_answer_counts(module_dsn: str) -> None:
    """Without our reference in it: it waits for the answer to be written down."""

    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE, also=("meta",)) as hub:
            await by_whatsapp(hub, "sms")
            phone, wamid = new_phone(), f"wamid.TEST{next(_wamids):08d}"
            await tell(hub, iiko(phone))
            meta = hub.others["meta"][0]
            async with hub.pool.acquire() as connection:
                await calls_store.begin(connection, meta, 1, 1e6, hub.worker)
                receipt = Receipt(wamid, ReceiptState.FAILED, "x", "x", suppress="user_stopped")
                async with connection.transaction():
                    element = Element("receipt.updated", data=receipt)
                    await apply_receipts(connection, [(meta, element)])
            await end(hub, "answered", wamid)
            assert [row["state"] for row in await hub.messages()] == ["failed"]
            assert await tell(hub, iiko(phone)) == ("skip", "stopped")

    go(run)
