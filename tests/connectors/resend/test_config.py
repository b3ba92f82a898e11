import pytest
from pydantic import ValidationError

from uzel.connectors.resend import CONNECTOR
from uzel.connectors.resend.config import ResendConfig, bare, is_address
from uzel.connectors.resend.sandbox import SETTINGS


def config(**settings: object) -> ResendConfig:
    return ResendConfig.model_validate({**SETTINGS, **settings})


def test_what_people_paste_is_trimmed() -> None:
    pasted = config(
        api_key=" re_key\n",
        sender=" Кафе <hello@mail.kafe.example> ",
        reply_to=" ",
        webhook_secret=" ",
        base_url="https://api.resend.com/",
    )
    assert pasted.api_key.get_secret_value() == "re_key"
    assert pasted.sender == "Кафе <hello@mail.kafe.example>"
    assert (pasted.reply_to, pasted.webhook_secret) == (None, None)
    assert pasted.base_url == "https://api.resend.com"


@pytest.mark.parametrize(
    "sender",
    [
        *("hello@mail.kafe.example", "Кафе «Юность» <hello@mail.kafe.example>", "А<a@b.example>"),
        *("Кафе & Ко. <hello+reviews@mail.kafe.example>", "привет@почта.example"),
    ],
)
def test_a_sender_is_an_address_with_or_without_a_name(sender: str) -> None:
    assert config(sender=sender, reply_to=sender).sender == sender


@pytest.mark.parametrize(
    "sender",
    [
        *("", "Кафе", "hello@mail", "@mail.kafe.example", "a@b.example, c@d.example"),
        *("Кафе, бар <a@b.example>", "Кафе <>", "Кафе <a@b.example> ещё", "a b@c.example"),
        *("Кафе\r\nBcc: x@y.example <a@b.example>", '"Кафе" <a@b.example>', "a@b.example>"),
        "a" * 65 + "@b.example",
    ],
)
def test_anything_else_is_no_sender(sender: str) -> None:
    with pytest.raises(ValidationError):
        config(sender=sender)


@pytest.mark.parametrize("key", ["", "  ", "ключ", "re key", "re_\x00", "re_\r\nx: y"])
def test_what_cannot_stand_in_a_header_is_no_key(key: str) -> None:
    with pytest.raises(ValidationError):
        config(api_key=key)


@pytest.mark.parametrize("secret", ["whsec_", "whsec_c2hvcnQ=", "whsec_не-он", "re_key", "x" * 33])
def test_what_is_no_secret_of_a_webhook_is_told_at_once(secret: str) -> None:
    with pytest.raises(ValidationError):
        config(webhook_secret=secret)


def test_no_secret_is_shown() -> None:
    shown = config(api_key="re_canary77")
    text = repr(shown) + shown.model_dump_json()
    assert "re_canary77" not in text
    assert str(SETTINGS["webhook_secret"]) not in text


def test_the_documented_variables_name_settings() -> None:
    assert set(CONNECTOR.environment.values()) <= set(ResendConfig.model_fields)
    fields = ResendConfig.model_fields.values()
    assert all(field.title and field.description for field in fields)


def test_the_address_in_a_name() -> None:
    assert bare("Кафе <a@b.example>") == "a@b.example"
    assert bare("a@b.example") == "a@b.example"
    assert is_address("a@b.example")
    assert not is_address("Кафе <a@b.example>")
    assert not is_address("a@" + "b" * 250 + ".example")
