"""Single messages by every channel, over HTTP to the providers in miniature."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from direct_messages import messaging
from parts import Sandbox, go, new_phone
from uzel.connections.business_store import add_business
from uzel.errors import ConfigError
from uzel.kit.settings import Settings as OfInstallation
from uzel.messages import stop_list
from uzel.messaging import Messaging, Outcome
from uzel.messaging.messenger import origin_of


def kazakh() -> str:
    """A phone no other test uses, where WhatsApp works."""
    return f"+7701{new_phone()[-7:]}"


def mailbox() -> str:
    """A mailbox no other test uses."""
    return f"{uuid4().hex}@kafe.example"


def test_a_text_goes_out_once_and_is_in_the_journal(dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        phone = new_phone()
        async with messaging(dsn, sandbox) as (here, sender):
            await here.connect("smsru")
            sent = await sender.send_sms(f"8{phone[2:]}", "Ваш код: 1234")
            (entry,) = here.asked("smsru", phone)
            assert entry["effect"] and entry["request"]["text"] == "Ваш код: 1234"
            assert (sent.outcome, sent.repeated) == (Outcome.ACCEPTED, False)
            row = await here.message(sent.message_id)
            assert row["reference"] == sent.reference is not None
            assert (row["purpose"], row["channel"], row["address"]) == ("direct", "sms", phone)
            assert (row["state"], row["call_state"]) == ("accepted", "accepted")
            assert sent.connection == "SMS.ru · main"

    go(run)


def test_every_other_channel(dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with messaging(dsn, sandbox) as (here, sender):
            for connector in ("meta", "exolve", "resend"):
                await here.connect(connector)
            phone, guest, address = new_phone(), kazakh(), mailbox()
            by_exolve = await sender.send_sms(phone, "Привет", via="exolve")
            assert len(here.asked("exolve", phone, effect=True)) == 1
            text = await sender.send_whatsapp(guest, "Привет")
            filled = await sender.send_whatsapp_template(
                guest,
                "review_request",
                parameters=["Мария", "Кафе"],
                buttons=["1a2b3c"],
                via="meta",
            )
            whole = await sender.send_whatsapp_template(
                guest, "review_request", components=COMPONENTS
            )
            asked = [entry["request"] for entry in here.asked("meta", guest, effect=True)]
            assert [a.get("text") for a in asked] == ["Привет", None, None]
            assert asked[1]["parameters"] == asked[2]["parameters"] == ["Мария", "Кафе"]
            assert asked[1]["buttons"] == asked[2]["buttons"] == ["1a2b3c"]
            letter = await sender.send_email(address, "Тема", html="<p>Текст</p>", text="Текст")
            assert len(here.asked("resend", address, effect=True)) == 1
            for sent in (by_exolve, text, filled, whole, letter):
                assert (sent.outcome, sent.reference is not None) == (Outcome.ACCEPTED, True)
            row = await here.message(letter.message_id)
            assert (row["channel"], row["phone"], row["subject"]) == ("email", None, "Тема")
            row = await here.message(filled.message_id)
            assert (row["channel"], row["body"]) == (
                "whatsapp",
                "review_request (ru): Мария, Кафе",
            )

    go(run)


COMPONENTS: list[dict[str, Any]] = [
    {
        "type": "body",
        "parameters": [{"type": "text", "text": "Мария"}, {"type": "text", "text": "Кафе"}],
    },
    {
        "type": "button",
        "sub_type": "url",
        "index": "0",
        "parameters": [{"type": "text", "text": "1a2b3c"}],
    },
]


def test_a_lost_answer_is_unknown_and_never_sent_again(dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        phone = new_phone()
        async with messaging(dsn, sandbox) as (here, sender):
            connection = await here.connect("smsru")
            here.arm("smsru", "send_sms", "reset")
            first = await sender.send_sms(phone, "Код", key="login")
            assert (first.outcome, first.repeated) == (Outcome.UNKNOWN, False)
            again = await sender.send_sms(phone, "Код", key="login")
            assert (again.outcome, again.repeated) == (Outcome.UNKNOWN, True)
            assert again.message_id == first.message_id
            await here.work(connection)
            assert len(here.asked("smsru", phone)) == 1

    go(run)


def test_where_asking_twice_is_asking_once_a_lost_answer_is_asked_for(
    dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        address = mailbox()
        async with messaging(dsn, sandbox) as (here, sender):
            await here.connect("resend")
            here.arm("resend", "send_email", "reset")
            sent = await sender.send_email(address, "Тема", text="Текст")
            assert sent.outcome is Outcome.ACCEPTED
            asked = here.asked("resend", address)
            assert [entry["effect"] for entry in asked] == [True, False]

    go(run)


def test_an_attempt_that_may_have_arrived_is_never_called_not_sent(
    dsn: str, sandbox: Sandbox
) -> None:
    """Taking it back would claim what nobody knows; a worker asks again later."""

    async def run() -> None:
        address = mailbox()
        async with messaging(dsn, sandbox, within_s=0) as (here, sender):
            connection = await here.connect("resend")
            here.arm("resend", "send_email", "reset")
            sent = await sender.send_email(address, "Тема", text="Текст", key="k")
            assert sent.outcome is Outcome.UNKNOWN
            await here.work(connection)
            again = await sender.send_email(address, "Тема", text="Текст", key="k")
            assert (again.outcome, again.repeated) == (Outcome.ACCEPTED, True)
            assert len(here.asked("resend", address, effect=True)) == 1

    go(run)


def test_a_refusal_is_said_in_words(dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        phone = new_phone()
        async with messaging(dsn, sandbox) as (here, sender):
            await here.connect("smsru")
            sandbox.http.post("/smsru/_settings", json={"refuse_with": 207}).raise_for_status()
            sent = await sender.send_sms(phone, "Код")
            sandbox.http.post("/smsru/_settings", json={"refuse_with": None}).raise_for_status()
            assert sent.outcome is Outcome.REJECTED
            assert sent.detail

    go(run)


@pytest.mark.parametrize("kind", ["401", "429"])
def test_what_did_not_go_out_in_time_is_taken_back(dsn: str, sandbox: Sandbox, kind: str) -> None:
    """`not_sent` is a promise: nobody sends it later either."""

    async def run() -> None:
        phone = new_phone()
        async with messaging(dsn, sandbox, within_s=1) as (here, sender):
            connection = await here.connect("smsru")
            here.arm("smsru", "send_sms", kind)
            sent = await sender.send_sms(phone, "Код", key="k")
            assert (sent.outcome, bool(sent.detail)) == (Outcome.NOT_SENT, True)
            await here.work(connection)
            again = await sender.send_sms(phone, "Код", key="k")
            assert (again.outcome, again.detail) == (Outcome.NOT_SENT, sent.detail)
            assert here.asked("smsru", phone, effect=True) == []
            assert (await here.message(sent.message_id))["state"] == "cancelled"

    go(run)


def test_a_provider_that_cannot_be_reached_is_tried_again_within_the_time(
    dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with messaging(dsn, sandbox, within_s=3) as (here, sender):
            await here.connect("smsru", base_url="http://127.0.0.1:9")
            sent = await sender.send_sms(new_phone(), "Код")
            row = await here.message(sent.message_id)
            assert (sent.outcome, row["call_state"]) == (Outcome.NOT_SENT, "cancelled")
            assert row["attempt"] > 1
            assert "no connection" in (sent.detail or "")

    go(run)


@pytest.mark.parametrize("reason", ["manual", "complaint", "bounce", "provider"])
def test_a_hard_entry_of_the_stop_list_holds_every_message(
    dsn: str, sandbox: Sandbox, reason: str
) -> None:
    async def run() -> None:
        phone = new_phone()
        async with messaging(dsn, sandbox) as (here, sender):
            connection = await here.connect("smsru")
            async with here.pool.acquire() as db, db.transaction():
                await stop_list.stop(db, here.business, [phone], reason, "test")
            for transactional in (False, True):
                sent = await sender.send_sms(phone, "Код", transactional=transactional)
                assert sent.outcome is Outcome.HELD
                assert "stop-list" in (sent.detail or "")
            await here.work(connection)
            assert here.asked("smsru", phone) == []

    go(run)


@pytest.mark.parametrize("reason", ["reply", "page", "user_stopped"])
def test_what_a_guest_refused_does_not_hold_what_he_asked_for(
    dsn: str, sandbox: Sandbox, reason: str
) -> None:
    async def run() -> None:
        phone = new_phone()
        async with messaging(dsn, sandbox) as (here, sender):
            await here.connect("smsru")
            async with here.pool.acquire() as db, db.transaction():
                await stop_list.stop(db, here.business, [phone], reason, "test")
            assert (await sender.send_sms(phone, "Акция")).outcome is Outcome.HELD
            sent = await sender.send_sms(phone, "Ваш код: 1234", transactional=True)
            assert sent.outcome is Outcome.ACCEPTED
            (entry,) = here.asked("smsru", phone)
            assert entry["request"]["text"] == "Ваш код: 1234"

    go(run)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"sending": "record"}, "records messages"),
        ({"sending": "allow_list", "allowed": ["+79990000000"]}, "listed addresses only"),
        ({"messages_per_day": 0}, "budget"),
    ],
)
def test_what_the_business_decided_holds(
    dsn: str, sandbox: Sandbox, rules: dict[str, Any], said: str
) -> None:
    async def run() -> None:
        phone = new_phone()
        async with messaging(dsn, sandbox) as (here, sender):
            connection = await here.connect("smsru")
            await here.rules(**rules)
            sent = await sender.send_sms(phone, "Код", key="k")
            assert sent.outcome is Outcome.HELD
            assert said in (sent.detail or "")
            await here.rules()
            await here.work(connection)
            again = await sender.send_sms(phone, "Код", key="k")
            assert (again.outcome, again.detail) == (Outcome.HELD, sent.detail)
            assert here.asked("smsru", phone) == []

    go(run)


def test_a_key_stands_for_one_message(dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        phone = new_phone()
        async with messaging(dsn, sandbox) as (here, sender):
            await here.connect("smsru")
            first = await sender.send_sms(phone, "Код 1", key="a")
            await here.connect("exolve")
            again = await sender.send_sms(phone, "Код 1", key="a", via="exolve")
            assert (again.message_id, again.repeated) == (first.message_id, True)
            assert again.reference == first.reference
            for other in (
                sender.send_sms(phone, "Код 2", key="a"),
                sender.send_sms(new_phone(), "Код 1", key="a"),
            ):
                with pytest.raises(ConfigError, match="stands for another message"):
                    await other
            assert len(here.asked("smsru", phone)) == 1

    go(run)


def test_one_key_at_the_same_moment_sends_once(dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        phone = new_phone()
        async with messaging(dsn, sandbox) as (here, sender):
            await here.connect("smsru")
            async with Messaging(here.parts) as second:
                every = await asyncio.gather(
                    *(
                        who.send_sms(phone, "Код", key="same")
                        for who in (sender, second, sender, second, sender)
                    )
                )
            assert {sent.outcome for sent in every} == {Outcome.ACCEPTED}
            assert len({sent.message_id for sent in every}) == 1
            assert sorted(sent.repeated for sent in every) == [False, True, True, True, True]
            assert len(here.asked("smsru", phone)) == 1

    go(run)


KEYS = st.sampled_from(["a", "a#1", "a%231", "a#", "b", "ключ"])
TEXTS = st.sampled_from(["один", "два"])


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(wishes=st.lists(st.tuples(KEYS, TEXTS), max_size=8))
def test_however_keys_and_texts_are_mixed_each_key_sends_its_first_text(
    shared_dsn: str, sandbox: Sandbox, wishes: list[tuple[str, str]]
) -> None:
    async def run() -> None:
        phone, mine = new_phone(), uuid4().hex
        first: dict[str, str] = {}
        async with messaging(shared_dsn, sandbox) as (here, sender):
            await here.connect("smsru", uuid4().hex)
            for key, text in wishes:
                if first.setdefault(key, text) == text:
                    sent = await sender.send_sms(phone, text, key=f"{mine}{key}")
                    assert sent.outcome is Outcome.ACCEPTED
                else:
                    with pytest.raises(ConfigError):
                        await sender.send_sms(phone, text, key=f"{mine}{key}")
            sent_texts = [entry["request"]["text"] for entry in here.asked("smsru", phone)]
            assert sorted(sent_texts) == sorted(first.values())

    go(run)


@given(first=st.text(min_size=1, max_size=20), second=st.text(min_size=1, max_size=20))
def test_two_keys_are_never_one(first: str, second: str) -> None:
    origins = []
    for key in (first, second):
        if key.isprintable():
            origins.append(origin_of(key))
        else:
            with pytest.raises(ConfigError):
                origin_of(key)
    assert all("#" not in origin for origin in origins)
    assert len(origins) < 2 or (origins[0] == origins[1]) is (first == second)


@pytest.mark.parametrize("key", ["", "x" * 201, "a\nb", "a\x00"])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(ConfigError, match="a key has"):
        origin_of(key)


def test_another_business_is_reached_by_naming_its_connection(dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        phone = new_phone()
        async with messaging(dsn, sandbox) as (here, sender):
            async with here.pool.acquire() as db:
                other = await add_business(db, "Вторая", "Asia/Almaty")
            await here.connect("smsru", "second", other)
            with pytest.raises(ConfigError, match="SMS is off"):
                await sender.send_sms(phone, "Код")
            sent = await sender.send_sms(phone, "Код", via="second")
            assert sent.outcome is Outcome.ACCEPTED
            assert (await here.message(sent.message_id))["business_id"] == other

    go(run)


def test_the_balance_is_that_of_the_account(dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with messaging(dsn, sandbox) as (here, sender):
            await here.connect("smsru")
            sandbox.http.post("/smsru/_settings", json={"balance_minor": 12345}).raise_for_status()
            balance = await sender.get_sms_balance()
            assert (balance.amount_minor, balance.currency) == (12345, "RUB")
            await here.connect("exolve")
            with pytest.raises(ConfigError, match="does not tell its balance"):
                await sender.get_sms_balance(via="exolve")

    go(run)


def test_nothing_can_be_sent_without_an_installation_of_the_right_age(
    server_dsn: str, tmp_path: Path
) -> None:
    async def run() -> None:
        settings = OfInstallation(
            tmp_path, database_url=server_dsn, allow_private_addresses="127.0.0.1"
        )
        with pytest.raises(ConfigError, match="uzel migrate"):
            async with Messaging(settings):
                pass

    go(run)
