"""Who said stop, by whatever way, is written to no more by any channel; what is no such word does
nothing, and only who said it can take it back.
"""

import json
from typing import Any

import pytest

from guests import NOWHERE, ago, iiko, rkeeper, say, states, tell
from parts import OUR_URL, Hub, Sandbox, go, new_phone, open_hub
from uzel.connector import Element
from uzel.events.event import Event
from uzel.flows.receipts import on_opt_outs
from uzel.flows.review_requests.feedback import see, want_no_more
from uzel.messages.receipts import apply_receipts
from uzel.messages.stop_list import resume, stop
from uzel.messages.store import add_template
from uzel.model.opt_out import OptOut
from uzel.model.receipt import Receipt, ReceiptState

PERSON, MAIL = "olga", "guest@mail.example"


async def listed(hub: Hub) -> dict[str, str]:
    """Address → reason."""
    rows = await hub.pool.fetch(
        "select address, reason from stop_list where business_id = $1", hub.business
    )
    return {row["address"]: row["reason"] for row in rows}


async def put(hub: Hub, *addresses: str, reason: str = "manual") -> None:
    async with hub.pool.acquire() as connection, connection.transaction():
        await stop(connection, hub.business, addresses, reason, PERSON)


async def opt_out(hub: Hub, word: OptOut) -> None:
    """A provider says that somebody was stopped, or let in again."""
    event = Event(
        0, hub.active(hub.smsru), Element("recipient.stopped", data=word), ago(0), "raw-0"
    )
    async with hub.pool.acquire() as connection, connection.transaction():
        await on_opt_outs(connection, [event])


def test_who_is_listed_is_not_asked_nor_by_another_source(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE, also=("rkeeper",)) as hub:
            phone = new_phone()
            await put(hub, phone)
            assert await tell(hub, iiko(phone)) == ("skip", "stopped")
            assert await tell(hub, rkeeper(phone), "rkeeper") == ("skip", "stopped")
            # The list is the business's own.
            async with open_hub(module_dsn, NOWHERE, pool=hub.pool) as other:
                assert await tell(other, iiko(phone)) == ("request", None)

    go(run)


def test_a_stop_between_planning_and_sending_counts(module_dsn: str, sandbox: Sandbox) -> None:
    """What waits is withdrawn where everybody can see it; what is being planned at that very moment
    meets the guard.
    """

    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            seen, unseen = new_phone(), new_phone()
            await tell(hub, iiko(seen))
            await put(hub, seen)
            assert await states(hub) == [("cancelled", "stopped")]
            await tell(hub, iiko(unseen))
            await hub.pool.execute(
                "insert into stop_list (business_id, address, reason, source) "
                "values ($1, $2, 'manual', $3)",
                hub.business,
                unseen,
                PERSON,
            )
            await hub.call()
            assert await states(hub) == [("cancelled", "stopped")] * 2
            assert not sandbox.sent(seen, unseen)

    go(run)


def test_an_answer_stops_and_another_one_resumes(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, gap_days=0, also=("exolve",)) as hub:
            phone = new_phone()
            await tell(hub, iiko(phone))
            assert await say(hub, phone, "СТОП!") == ("noted", "reply_stop")
            await hub.call()
            assert await states(hub) == [("cancelled", "stopped")]
            assert await tell(hub, iiko(phone)) == ("skip", "stopped")
            assert await say(hub, phone, "Спасибо, всё было вкусно") == ("noted", None)
            assert await tell(hub, iiko(phone)) == ("skip", "stopped")
            assert await say(hub, phone, "старт") == ("noted", "reply_start")
            assert await tell(hub, iiko(phone)) == ("request", None)

    go(run)


@pytest.mark.parametrize("reason", ["manual", "complaint", "provider"])
@pytest.mark.parametrize("said_before", [False, True])
def test_a_guest_cannot_take_back_what_others_said(
    module_dsn: str, reason: str, said_before: bool
) -> None:
    """Nor by having said stop first."""

    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE, also=("exolve",)) as hub:
            phone = new_phone()
            if said_before:
                await say(hub, phone, "стоп")
            await put(hub, phone, reason=reason)
            await say(hub, phone, "старт")
            assert await listed(hub) == {phone: reason}
            async with hub.pool.acquire() as connection:
                assert await resume(connection, hub.business, phone, by_guest=False)
            assert await listed(hub) == {}

    go(run)


@pytest.mark.parametrize("code", [209, 215])
def test_the_stop_list_of_sms_ru_is_ours_too(module_dsn: str, sandbox: Sandbox, code: int) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone = new_phone()
            sandbox.http.post("/smsru/_settings", json={"refuse_with": code}).raise_for_status()
            await tell(hub, iiko(phone))
            await hub.call()
            sandbox.reset()
            assert [state for state, _ in await states(hub)] == ["failed"]
            assert await listed(hub) == {phone: "provider"}
            assert await tell(hub, iiko(phone)) == ("skip", "stopped")

    go(run)


async def with_mail(hub: Hub, route: list[str]) -> None:
    """The business sends by SMS and e-mail, in this order."""
    await hub.set_rules(route=[{"channel": channel} for channel in route])
    for purpose in ("review_request",):
        await add_template(
            hub.pool, hub.business, purpose, "email", "Как вам? {link}", subject="Отзыв"
        )


def test_a_number_on_their_stop_list_is_not_tried_by_mail_either(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, also=("rkeeper", "resend")) as hub:
            await with_mail(hub, ["sms", "email"])
            sandbox.http.post("/smsru/_settings", json={"refuse_with": 209}).raise_for_status()
            body = rkeeper(new_phone(), email=MAIL)
            assert await tell(hub, body, "rkeeper") == ("request", None)
            await hub.call()
            await hub.call()
            sandbox.reset()
            assert [row["channel"] for row in await hub.messages()] == ["sms"]

    go(run)


async def receipt(hub: Hub, **said: Any) -> None:
    """Resend reports on the only e-mail."""
    (message,) = [row for row in await hub.messages() if row["channel"] == "email"]
    told = Receipt(message["reference"], ReceiptState.FAILED, "x", "x", **said)
    element = Element("receipt.updated", data=told)
    async with hub.pool.acquire() as connection, connection.transaction():
        await apply_receipts(connection, [(message["connection_id"], element)])


@pytest.mark.parametrize(("why", "then"), [("bounce", ["email", "sms"]), ("complaint", ["email"])])
def test_a_bounce_stops_the_mailbox_and_a_complaint_the_guest(
    module_dsn: str, sandbox: Sandbox, why: str, then: list[str]
) -> None:
    async def run() -> None:
        also = ("rkeeper", "resend")
        async with open_hub(module_dsn, sandbox.url, gap_days=0, also=also) as hub:
            await with_mail(hub, ["email", "sms"])
            phone = new_phone()
            await tell(hub, rkeeper(phone, email=MAIL), "rkeeper")
            await hub.call()
            await receipt(hub, suppress=why)
            await hub.call()
            assert [row["channel"] for row in await hub.messages()] == then
            again = await tell(hub, rkeeper(phone, email=MAIL), "rkeeper")
            if why == "complaint":
                assert await listed(hub) == {phone: why, MAIL: why}
                assert again == ("skip", "stopped")
            else:
                assert await listed(hub) == {MAIL: why}
                assert again == ("request", None)
                assert (await hub.messages())[-1]["channel"] == "sms"

    go(run)


@pytest.mark.parametrize("withdrawn", [True, False])
def test_a_mailbox_that_turns_out_not_to_exist_gives_way_to_the_phone(
    module_dsn: str, sandbox: Sandbox, withdrawn: bool
) -> None:
    """The provider says so while the e-mail still waits; by a word about the address, or by one
    that the guard alone meets.
    """

    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, also=("rkeeper", "resend")) as hub:
            await with_mail(hub, ["email", "sms"])
            phone = new_phone()
            await tell(hub, rkeeper(phone, email=MAIL), "rkeeper")
            if withdrawn:
                await opt_out(hub, OptOut(MAIL, stopped=True, why="bounce"))
            else:
                await hub.pool.execute(
                    "insert into stop_list (business_id, address, reason, source) "
                    "values ($1, $2, 'bounce', 'x')",
                    hub.business,
                    MAIL,
                )
            await hub.call()
            await hub.call()
            assert [(row["channel"], row["state"]) for row in await hub.messages()] == [
                ("email", "cancelled"),
                ("sms", "accepted"),
            ]
            assert len(sandbox.sent(phone)) == 1

    go(run)


@pytest.mark.parametrize("reason", ["manual", "complaint", "user_stopped", "reply"])
def test_more_than_a_bounce_counts_for_the_guest_even_after_one(
    module_dsn: str, reason: str
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE, also=("rkeeper",)) as hub:
            await opt_out(hub, OptOut(MAIL, stopped=True, why="bounce"))
            assert await tell(hub, rkeeper(new_phone(), email=MAIL), "rkeeper") == ("request", None)
            await put(hub, MAIL, reason=reason)
            # And a bounce after that takes nothing away.
            await opt_out(hub, OptOut(MAIL, stopped=True, why="bounce"))
            body = rkeeper(new_phone(), email=MAIL.upper())
            assert await tell(hub, body, "rkeeper") == ("skip", "stopped")
            assert await listed(hub) == {MAIL: reason}

    go(run)


def test_who_says_no_on_the_page_is_stopped_by_phone_and_mail(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE, also=("rkeeper",)) as hub:
            phone = new_phone()
            await tell(hub, rkeeper(phone, email=MAIL), "rkeeper")
            code = await hub.pool.fetchval(
                "select code from review_request where business_id = $1", hub.business
            )
            async with hub.pool.acquire() as connection, connection.transaction():
                page = await see(connection, code)
                assert page is not None
                await want_no_more(connection, page)
            assert await listed(hub) == {phone: "page", MAIL: "page"}
            assert await states(hub) == [("cancelled", "stopped")]

    go(run)


def test_meta_says_that_a_guest_stopped_advertising(module_dsn: str, sandbox: Sandbox) -> None:
    """131050, at once or in a report: the guest is stopped, by all channels."""

    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, gap_days=0, also=("meta",)) as hub:
            await hub.set_rules(
                route=[{"channel": "whatsapp"}, {"channel": "sms"}], whatsapp_russia=True
            )
            approved = {"name": "visit_thanks", "language": "ru", "parameters": ["place"]}
            await add_template(
                hub.pool, hub.business, "review_request", "whatsapp", "{link}", approved=approved
            )
            phone = new_phone()
            meta = {"refuse_with": 131050}
            sandbox.http.post("/meta/_settings", json=meta).raise_for_status()
            try:
                await tell(hub, iiko(phone))
                await hub.call()
                await hub.call()
            finally:
                sandbox.http.post("/meta/_settings", json={"refuse_with": None}).raise_for_status()
            (message,) = await hub.messages()
            assert (message["channel"], message["state"]) == ("whatsapp", "failed")
            assert await listed(hub) == {phone: "provider"}
            assert not sandbox.sent(phone)
            assert json.loads(json.dumps(message["next_hops"])) is None
            assert OUR_URL in message["body"]

    go(run)
