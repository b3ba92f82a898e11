"""The functions for scripts, with nothing but an environment."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from direct_messages import installed
from parts import Sandbox, go, new_phone
from sample_data import MASTER_KEY
from uzel.errors import ConfigError
from uzel.kit.secrets import read_key_ring
from uzel.kit.settings import read_settings
from uzel.messaging import (
    Outcome,
    get_sms_balance,
    is_whatsapp_configured,
    send_email,
    send_sms,
    send_whatsapp,
    send_whatsapp_template,
)
from uzel.messaging.scripts import one_of
from uzel.setup import migrate_and_set_up

Adopted = Callable[..., None]


@pytest.fixture
def adopted(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> Adopted:
    """adopted(NAME=value, …): an installation that was set up with these variables."""
    monkeypatch.setenv("UZEL_DATABASE_URL", dsn)
    monkeypatch.setenv("UZEL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("UZEL_MASTER_KEY", MASTER_KEY)
    read_key_ring(MASTER_KEY, tmp_path)

    def adopt(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        migrate_and_set_up(read_settings())

        async def to_sandbox() -> None:
            async with installed(dsn, sandbox) as here:
                await here.pool.execute(
                    "update connection set settings = settings "
                    "|| jsonb_build_object('base_url', $1 || '/' || connector)",
                    sandbox.url,
                )

        go(to_sandbox)

    return adopt


def test_each_channel_with_the_variables_of_today(adopted: Adopted, sandbox: Sandbox) -> None:
    adopted(
        SMSRU_API_KEY=f"sandbox-{uuid4()}",
        SMSRU_SENDER="Uzel",
        META_WHATSAPP_ACCESS_TOKEN="sandbox-meta-token",
        META_WHATSAPP_PHONE_NUMBER_ID="100000000000001",
        RESEND_API_KEY="re_SANDBOX0_uzel5a4db0c500000000",
        RESEND_FROM="hello@mail.kafe.example",
        EXOLVE_WHATSAPP_API_KEY="key",
        EXOLVE_WHATSAPP_SENDER_ID="sender",
    )
    phone, guest = new_phone(), f"+7701{new_phone()[-7:]}"
    assert is_whatsapp_configured() == {"meta": True, "exolve": False}
    first = send_sms(phone, "Ваш код: 1234", key="login-1")
    assert first.outcome is Outcome.ACCEPTED
    assert send_sms(phone, "Ваш код: 1234", key="login-1").repeated
    assert len(sandbox.sent(phone)) == 1
    assert send_email(f"{uuid4().hex}@kafe.example", "Тема", html="<p>1</p>").outcome == "accepted"
    assert send_whatsapp(guest, "Привет").outcome == "accepted"
    template = send_whatsapp_template(
        guest, "review_request", language="ru", parameters=["Мария", "Кафе"], buttons=["1a2b3c"]
    )
    assert template.outcome == "accepted"
    with pytest.raises(ConfigError, match="whatsapp_unverified"):
        send_whatsapp(guest, "Привет", provider="exolve")
    assert get_sms_balance().currency == "RUB"


def test_variables_set_by_halves_keep_nothing_else_from_working(
    adopted: Adopted, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    adopted(
        SMSRU_API_KEY=f"sandbox-{uuid4()}",
        META_WHATSAPP_ACCESS_TOKEN="canary",
        RESEND_API_KEY="re_canary",
        AMOCRM_ACCESS_TOKEN="canary",
    )
    assert send_sms(new_phone(), "Код").outcome is Outcome.ACCEPTED
    said = caplog.text
    for variable in ("META_WHATSAPP_PHONE_NUMBER_ID", "RESEND_FROM", "AMOCRM_BASE_URL"):
        assert f"{variable} is not set" in said
    assert "canary" not in said
    with pytest.raises(ConfigError, match="RESEND_FROM is not set"):
        send_email("a@kafe.example", "Тема", text="Текст")


def test_inside_a_loop_there_is_another_way() -> None:
    async def run() -> None:
        with pytest.raises(ConfigError, match="Messaging"):
            send_sms("+79990000001", "Код")

    asyncio.run(run())


def test_a_new_installation_is_made_and_callers_take_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    """Who starts the database does not stop it under another one."""
    monkeypatch.delenv("UZEL_DATABASE_URL", raising=False)
    monkeypatch.setenv("UZEL_DATA_DIR", str(tmp_path / "here"))
    monkeypatch.setenv("SMSRU_API_KEY", f"sandbox-{uuid4()}")
    monkeypatch.setenv("SMSRU_BASE_URL", f"{sandbox.url}/smsru")
    phones = [new_phone(), new_phone()]
    with ThreadPoolExecutor(2) as threads:
        every = list(threads.map(lambda phone: send_sms(phone, "Код"), phones))
    assert [sent.outcome for sent in every] == [Outcome.ACCEPTED] * 2
    assert len({sent.message_id for sent in every}) == 2
    assert len(sandbox.sent(*phones)) == 2


def test_the_connection_has_one_name_and_the_older_ones() -> None:
    assert [one_of("exolve", None), one_of(None, "exolve"), one_of(None, None)] == [
        *("exolve", "exolve", None)
    ]
    with pytest.raises(ConfigError, match="older names"):
        send_sms(new_phone(), "Код", via="exolve", connection="smsru")
    with pytest.raises(ConfigError, match="older names"):
        send_whatsapp(new_phone(), "Код", via="meta", provider="meta")
