"""Which connection carries a message, and what is said where none can."""

from collections.abc import Sequence

import pytest

from direct_messages import messaging
from parts import Sandbox, go, new_phone
from uzel.errors import ConfigError
from uzel.messaging import Messaging, content

PHONE = "+77010000001"


async def refusal(sender: Messaging, channel: str = "sms", via: str | None = None) -> str:
    """What is said instead of sending."""
    messages = {
        "sms": content.sms(PHONE, "Привет"),
        "whatsapp": content.whatsapp(PHONE, "Привет"),
        "email": content.email("a@kafe.example", "Тема", text="Текст"),
    }
    with pytest.raises(ConfigError) as refused:
        await sender.send(messages[channel], via=via)
    return str(refused.value)


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ("sms", ["SMS is off: nothing was sent.", "set SMSRU_API_KEY", "connection add smsru"]),
        (
            "whatsapp",
            ["set META_WHATSAPP_ACCESS_TOKEN and META_WHATSAPP_PHONE_NUMBER_ID", "`uzel migrate`"],
        ),
        ("email", ["set RESEND_API_KEY and RESEND_FROM"]),
    ],
)
def test_a_channel_without_keys_says_what_to_set(
    dsn: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, channel: str, said: Sequence[str]
) -> None:
    for variable in ("SMSRU_API_KEY", "META_WHATSAPP_ACCESS_TOKEN", "RESEND_API_KEY"):
        monkeypatch.delenv(variable, raising=False)

    async def run() -> None:
        async with messaging(dsn, sandbox) as (here, sender):
            words = await refusal(sender, channel)
            assert all(part in words for part in said), words
            assert "Exolve" not in words or channel == "sms"
            assert await here.pool.fetchval("select count(*) from message") == 0

    go(run)


def test_variables_set_by_halves_are_named(
    dsn: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESEND_API_KEY", "re_canary")
    monkeypatch.setenv("SMSRU_API_KEY", "canary")

    async def run() -> None:
        async with messaging(dsn, sandbox) as (_, sender):
            words = await refusal(sender, "email")
            assert "RESEND_FROM is not set" in words and "canary" not in words
            assert "its variables are set; run `uzel migrate`" in await refusal(sender)

    go(run)


def test_a_connection_that_does_not_work_is_named(dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with messaging(dsn, sandbox) as (here, sender):
            await here.connect("smsru")
            await here.pool.execute("update connection set state = 'paused', state_reason = 'долг'")
            assert "SMS.ru · main is paused (долг)." in await refusal(sender)
            await here.connect("smsru", "spare")
            assert (await sender.send_sms(new_phone(), "Код")).connection == "SMS.ru · spare"
            assert "is paused" in await refusal(sender, via="smsru/main")

    go(run)


def test_the_unverified_channel_says_that_it_is_off(dsn: str, sandbox: Sandbox) -> None:
    """With nothing but EXOLVE_WHATSAPP_*, as some have it."""

    async def run() -> None:
        async with messaging(dsn, sandbox) as (here, sender):
            await here.connect(
                "exolve",
                api_key=None,
                sender=None,
                whatsapp_unverified=None,
                whatsapp_api_key="key",
                whatsapp_sender_id="sender",
            )
            for via in (None, "exolve"):
                words = await refusal(sender, "whatsapp", via)
                assert "whatsapp_unverified («Включить непроверенный WhatsApp»)" in words
            assert await sender.is_whatsapp_configured() == {"exolve": False, "meta": False}
            assert "SMS is off" in await refusal(sender)
            await here.connect("meta")
            assert await sender.is_whatsapp_configured() == {"exolve": False, "meta": True}

    go(run)


def test_connections_go_by_many_names(dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with messaging(dsn, sandbox) as (here, sender):
            await here.connect("smsru")
            number = await here.connect("smsru", "second")
            for via in ("second", "smsru/second", str(number)):
                sent = await sender.send_sms(new_phone(), "Код", via=via)
                assert sent.connection == "SMS.ru · second"
            assert (await sender.send_sms(new_phone(), "К", via="smsru")).connection.endswith(
                "main"
            )
            words = await refusal(sender, via="telegram")
            assert "there is no connection telegram; there are: smsru/main, smsru/second" in words
            assert "SMS is off" not in words

    go(run)


def test_what_a_provider_has_no_place_for_is_refused(dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with messaging(dsn, sandbox) as (here, sender):
            await here.connect("exolve")
            with pytest.raises(ConfigError, match="takes no components"):
                await sender.send_whatsapp_template(PHONE, "t", components=[{"type": "body"}])
            assert await here.pool.fetchval("select count(*) from message") == 0

    go(run)
