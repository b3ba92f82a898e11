"""One call, whoever makes it: other workers, other messages, and processes that are killed."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from direct_messages import Installation, installed, messaging
from parts import Sandbox, go, new_phone, until
from uzel.calls.plan import gathered
from uzel.kit import addresses
from uzel.messages.draft import Draft
from uzel.messages.send import plan_messages
from uzel.messaging import Messaging, Outcome, content
from uzel.messaging.choice import letter_via
from uzel.model.rules import Rules

# Sends one message and is killed while the provider thinks.
SENDER = """
import asyncio, sys
from direct_messages import installed
from parts import Sandbox
from uzel.kit import addresses
from uzel.messaging import Messaging
import httpx2

addresses.permit("127.0.0.1")

async def run(dsn, url, phone):
    async with installed(dsn, Sandbox(url, httpx2.Client(base_url=url))) as here:
        async with Messaging(here.parts) as sender:
            await sender.send_sms(phone, "Код", key="killed")

asyncio.run(run(*sys.argv[1:]))
"""


async def planned(here: Installation, connection: int, phone: str, origin: str) -> None:
    """A message of somebody else's that is due, and of which no worker has heard."""
    active = here.parts.registry.get(connection)
    assert active is not None
    letter = letter_via(active, content.sms(phone, "Не моё"), Rules())
    draft = Draft(here.business, "direct", origin, [letter], phone)
    with gathered():
        async with here.pool.acquire() as db, db.transaction():
            assert await plan_messages(db, [draft])


def test_a_shell_that_may_not_reach_the_address_pauses_nothing(dsn: str, sandbox: Sandbox) -> None:
    """Its settings are not those of the service, which goes on sending."""

    async def run() -> None:
        async with messaging(dsn, sandbox) as (here, sender):
            connection = await here.connect("smsru")
            addresses.permit("")
            try:
                sent = await sender.send_sms(new_phone(), "Код")
            finally:
                addresses.permit("127.0.0.1")
            assert sent.outcome is Outcome.NOT_SENT
            assert sent.detail is not None and "UZEL_ALLOW_PRIVATE_ADDRESSES" in sent.detail
            await here.parts.registry.refresh()
            active = here.parts.registry.get(connection)
            assert active is not None and active.state == "active"
            again = await sender.send_sms(new_phone(), "Код")
            assert again.outcome is Outcome.ACCEPTED

    go(run)


def test_only_the_message_itself_is_sent(dsn: str, sandbox: Sandbox) -> None:
    """What waits for workers that somebody stopped does not leave with a message sent by hand."""

    async def run() -> None:
        mine, waiting = new_phone(), new_phone()
        async with messaging(dsn, sandbox) as (here, sender):
            connection = await here.connect("smsru")
            await planned(here, connection, waiting, "test:waiting")
            sent = await sender.send_sms(mine, "Код")
            assert sent.outcome is Outcome.ACCEPTED
            assert here.asked("smsru", waiting) == []
            await here.work(connection)
            assert len(here.asked("smsru", waiting)) == 1

    go(run)


def test_a_worker_that_was_quicker_is_waited_for(dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        phone = new_phone()
        async with messaging(dsn, sandbox) as (here, sender):
            connection = await here.connect("smsru")
            here.arm("smsru", "send_sms", "slow")
            await planned(here, connection, phone, "direct:quick")
            worker = await here.worker()
            pump = asyncio.create_task(worker.pump(connection))

            async def is_sending() -> bool:
                return bool(await here.pool.fetchval("select 1 from call where state = 'sending'"))

            await until(is_sending)
            sent = await sender.send_sms(phone, "Не моё", key="quick")
            assert (sent.outcome, sent.repeated) == (Outcome.ACCEPTED, True)
            assert len(here.asked("smsru", phone)) == 1
            await pump
            await worker.stop()

    go(run)


def test_a_message_whose_sender_died_before_it_left_is_sent_by_who_asks_again(
    dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        phone = new_phone()
        async with messaging(dsn, sandbox) as (here, sender):
            connection = await here.connect("smsru")
            await planned(here, connection, phone, "direct:left")
            sent = await sender.send_sms(phone, "Не моё", key="left")
            assert (sent.outcome, sent.repeated) == (Outcome.ACCEPTED, True)
            assert len(here.asked("smsru", phone)) == 1

    go(run)


def test_a_message_whose_sender_was_killed_in_the_middle_is_unknown(
    dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        phone = new_phone()
        async with installed(dsn, sandbox) as here:
            connection = await here.connect("smsru")
            here.arm("smsru", "send_sms", "timeout_after_accept")
            process = start(dsn, sandbox.url, phone)

            async def has_asked() -> bool:
                return bool(await asyncio.to_thread(here.asked, "smsru", phone))

            try:
                await until(has_asked)
            finally:
                process.send_signal(signal.SIGKILL)
                process.wait()
            # As if the time had passed after which a silent worker counts as gone.
            await here.pool.execute("update worker set seen_at = now() - interval '1 hour'")
            await here.pool.execute("update call set started_at = now() - interval '1 minute'")
            async with Messaging(here.parts) as sender:
                sent = await sender.send_sms(phone, "Код", key="killed")
                assert (sent.outcome, sent.repeated) == (Outcome.UNKNOWN, True)
            await here.work(connection)
            assert len(here.asked("smsru", phone)) == 1

    go(run)


def start(dsn: str, sandbox_url: str, phone: str) -> "subprocess.Popen[bytes]":
    """The sender in a process of its own."""
    paths = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, sys.path)])
    return subprocess.Popen(
        [sys.executable, "-c", SENDER, dsn, sandbox_url, phone],
        env={**os.environ, "PYTHONPATH": paths},
    )


def test_a_call_in_flight_is_not_taken_for_abandoned(dsn: str, sandbox: Sandbox) -> None:
    """However long the provider takes, there are signs of life."""

    async def run() -> None:
        phone = new_phone()
        async with messaging(dsn, sandbox) as (here, sender):
            await here.connect("smsru")
            here.arm("smsru", "send_sms", "slow")
            sending = asyncio.create_task(sender.send_sms(phone, "Код"))

            async def seen() -> bool:
                return bool(
                    await here.pool.fetchval(
                        "select 1 from worker w join call c on c.worker = w.id "
                        "where c.state = 'sending' and w.seen_at > now() - interval '5 seconds'"
                    )
                )

            await until(seen)
            assert (await sending).outcome is Outcome.ACCEPTED

    go(run)


def test_nothing_is_left_of_a_messenger_that_ended(dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with installed(dsn, sandbox) as here:
            await here.connect("smsru")
            async with Messaging(here.parts) as sender:
                await sender.send_sms(new_phone(), "Код")
                assert await here.pool.fetchval("select count(*) from worker") == 1
            assert await here.pool.fetchval("select count(*) from worker") == 0

    go(run)


def test_a_pause_in_the_middle_gives_up_at_once(dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        phone = new_phone()
        async with messaging(dsn, sandbox, within_s=1e6) as (here, sender):
            connection = await here.connect("smsru")
            await planned(here, connection, phone, "direct:paused")
            await here.pool.execute("update connection set state = 'paused', state_reason = 'долг'")
            sent = await sender.send_sms(phone, "Не моё", key="paused")
            assert sent.outcome is Outcome.NOT_SENT
            assert sent.detail == "the connection is paused: долг"
            assert here.asked("smsru", phone) == []

    go(run)


def test_a_lost_answer_is_looked_up_by_who_asks_again(dsn: str, sandbox: Sandbox) -> None:
    """Exolve lists what it took; see its README."""

    async def run() -> None:
        phone = new_phone()
        async with messaging(dsn, sandbox) as (here, sender):
            await here.connect("exolve")
            here.arm("exolve", "send_sms", "reset")
            first = await sender.send_sms(phone, "Код", key="lost")
            assert first.outcome is Outcome.UNKNOWN
            await here.pool.execute(
                "update call set finished_at = finished_at - interval '1 minute'"
            )
            again = await sender.send_sms(phone, "Код", key="lost")
            assert again.message_id == first.message_id
            assert (again.outcome, bool(again.reference)) == (Outcome.ACCEPTED, True)
            assert len(here.asked("exolve", phone)) == 1

    go(run)


def test_what_nobody_waits_for_any_longer_is_taken_back(dsn: str, sandbox: Sandbox) -> None:
    """Somebody who pressed Ctrl-C does not expect it to go out later."""

    async def run() -> None:
        phone = new_phone()
        async with messaging(dsn, sandbox, within_s=1e6) as (here, sender):
            connection = await here.connect("smsru", base_url="http://127.0.0.1:9")
            sending = asyncio.create_task(sender.send_sms(phone, "Код"))

            async def was_tried() -> bool:
                statement = "select 1 from call where attempt > 0 and state = 'planned'"
                return bool(await here.pool.fetchval(statement))

            await until(was_tried)
            sending.cancel()
            await asyncio.wait([sending])
            assert sending.cancelled()
            state = await here.pool.fetchval("select state from message")
            assert state == "cancelled"
            await here.work(connection)
            assert await here.pool.fetchval("select state from call") == "cancelled"

    go(run)
