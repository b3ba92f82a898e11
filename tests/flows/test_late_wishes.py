"""Stops and their taking back, late, twice and in any order: only a wish that is known to be newer
lifts a stop, and only who said it, or the guest, takes it back.
"""

import itertools
from collections.abc import Sequence
from datetime import datetime

import pytest

from guests import NOWHERE, ago, say
from parts import Hub, go, new_phone, open_hub
from uzel.connector import Element
from uzel.events.event import Event
from uzel.flows.receipts import on_inbound, on_opt_outs
from uzel.messages import route_store
from uzel.messages.stop_list import stop
from uzel.model.inbound import Inbound
from uzel.model.opt_out import OptOut

MAIL = "guest@mail.example"
_ids = itertools.count(1)


def wrote(hub: Hub, phone: str, text: str, at: datetime | None) -> Event:
    data = Inbound("whatsapp", phone, text)
    element = Element("message.received", occurred_at=at, data=data)
    return Event(next(_ids), hub.active(hub.smsru), element, ago(0), "raw-0")


def told(hub: Hub, by: int, word: OptOut, at: datetime | None) -> Event:
    kind = "recipient.stopped" if word.stopped else "recipient.resumed"
    element = Element(kind, occurred_at=at, data=word)
    return Event(next(_ids), hub.active(by), element, ago(0), "raw-0")


async def hear(hub: Hub, *events: Event) -> Sequence[str | None]:
    """They come in one batch; gives the reasons, in the order of the events."""
    flow = on_inbound if isinstance(events[0].element.data, Inbound) else on_opt_outs
    async with hub.pool.acquire() as connection, connection.transaction():
        decisions = await flow(connection, events)
    return [decision.reason for decision in sorted(decisions, key=lambda d: d.event_id)]


async def listed(hub: Hub) -> dict[str, str]:
    """Address → reason."""
    rows = await hub.pool.fetch(
        "select address, reason from stop_list where business_id = $1", hub.business
    )
    return {row["address"]: row["reason"] for row in rows}


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(
    ("stop_at", "start_at", "stays"),
    [
        (ago(60), ago(120), True),
        (ago(60), ago(60), True),
        (ago(60), None, True),
        (None, ago(60), True),
        (None, None, True),
        (ago(120), ago(60), False),
    ],
)
def test_only_a_newer_wish_lifts_a_stop(
    module_dsn: str,
    stop_at: datetime | None,
    start_at: datetime | None,
    stays: bool,
    together: bool,
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            phone = new_phone()
            events = [wrote(hub, phone, "стоп", stop_at), wrote(hub, phone, "старт", start_at)]
            if together:
                await hear(hub, *events)
            else:
                assert await hear(hub, events[0]) == ["reply_stop"]
                reasons = await hear(hub, events[1])
                assert reasons == ["start_unheeded" if stays else "reply_start"]
            assert await listed(hub) == ({phone: "reply"} if stays else {})

    go(run)


def test_in_one_batch_what_was_said_last_counts(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            phone = new_phone()
            started, stopped = ago(60), ago(120)
            await hear(hub, wrote(hub, phone, "старт", started), wrote(hub, phone, "стоп", stopped))
            assert await listed(hub) == {}

    go(run)


def test_a_stop_that_is_said_again_has_to_be_outlived_again(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            phone = new_phone()
            first, between, second = ago(180), ago(120), ago(60)
            await hear(hub, wrote(hub, phone, "стоп", first))
            await hear(hub, wrote(hub, phone, "стоп", second))
            await hear(hub, wrote(hub, phone, "старт", between))
            assert await listed(hub) == {phone: "reply"}
            # An old one that is repeated does not make it younger.
            await hear(hub, wrote(hub, phone, "стоп", first))
            await hear(hub, wrote(hub, phone, "старт", ago(30)))
            assert await listed(hub) == {}

    go(run)


def test_a_clock_that_is_ahead_does_not_make_a_wish_newer(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            phone = new_phone()
            early = wrote(hub, phone, "старт", ago(-3600))
            async with hub.pool.acquire() as connection:
                await stop(connection, hub.business, [phone], "page", "request:1")
            assert await hear(hub, early) == ["start_unheeded"]
            assert await listed(hub) == {phone: "page"}

    go(run)


def test_an_old_answer_does_not_resume(module_dsn: str) -> None:
    """From the webhook on."""

    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE, also=("exolve",)) as hub:
            phone = new_phone()
            await say(hub, phone, "стоп")
            assert await say(hub, phone, "старт", ago(600)) == ("noted", "start_unheeded")
            assert await listed(hub) == {phone: "reply"}

    go(run)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("reason", ["reply", "page", "manual", "complaint"])
@pytest.mark.parametrize("why", ["bounce", "user_stopped", "complaint"])
def test_a_provider_takes_back_only_its_own_word(
    module_dsn: str, reason: str, why: str, first: bool
) -> None:
    """`first`: the guest spoke before the provider did."""

    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE, also=("resend",)) as hub:
            by = hub.others["resend"][0]

            async def guest() -> None:
                async with hub.pool.acquire() as connection:
                    await stop(connection, hub.business, [MAIL], reason, "x", said_at=ago(120))

            if first:
                await guest()
            await hear(hub, told(hub, by, OptOut(MAIL, True, why), ago(100)))
            if not first:
                await guest()
            assert await hear(hub, told(hub, by, OptOut(MAIL, False, why), ago(10))) == [
                "start_unheeded"
            ]
            assert MAIL in await listed(hub)

    go(run)


@pytest.mark.parametrize("why", ["bounce", "user_stopped"])
def test_the_word_of_one_provider_is_not_taken_back_by_another(module_dsn: str, why: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE, also=("resend", "meta")) as hub:
            one, other = hub.others["resend"][0], hub.others["meta"][0]
            then = ago(100)
            await hear(hub, told(hub, one, OptOut(MAIL, True, why), then))
            await hear(hub, told(hub, other, OptOut(MAIL, False, why), ago(10)))
            another = "user_stopped" if why == "bounce" else "bounce"
            await hear(hub, told(hub, one, OptOut(MAIL, False, another), ago(10)))
            await hear(hub, told(hub, one, OptOut(MAIL, False, why), None))
            await hear(hub, told(hub, one, OptOut(MAIL, False, why), then))
            assert await listed(hub) == {MAIL: why}
            assert await hear(hub, told(hub, one, OptOut(MAIL, False, why), ago(9))) == [why]
            assert await listed(hub) == {}

    go(run)


def test_a_message_that_comes_late_opens_no_window(module_dsn: str) -> None:
    """WhatsApp's day begins when the guest wrote, not when we heard it."""

    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            late, fresh, undated, ahead = (new_phone() for _ in range(4))
            await hear(
                hub,
                wrote(hub, late, "да", ago(3 * 86400)),
                wrote(hub, fresh, "да", ago(3 * 86400)),
                wrote(hub, fresh, "да", ago(60)),
                wrote(hub, undated, "да", None),
                wrote(hub, ahead, "да", ago(-86400)),
            )
            # An older one that is delivered again closes nothing.
            await hear(hub, wrote(hub, fresh, "да", ago(3 * 86400)))
            async with hub.pool.acquire() as connection:
                phones = [late, fresh, undated, ahead]
                open_now = await route_store.open_windows(connection, phones)
                last = await connection.fetchval("select max(last_at) <= now() from inbound_window")
            assert {address for _, address in open_now} == {fresh, undated, ahead}
            assert last

    go(run)
