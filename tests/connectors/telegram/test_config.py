"""Settings of a bot."""

from typing import Any

import pytest
from pydantic import ValidationError

from uzel.connections.config import secret_fields, validate
from uzel.connectors.telegram.config import TelegramConfig
from uzel.errors import ConfigError

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"


def config(**settings: Any) -> TelegramConfig:
    return TelegramConfig.model_validate({"token": TOKEN, **settings})


def test_a_token_is_all_it_takes() -> None:
    made = config(token=f"  {TOKEN}\n")
    assert made.token.get_secret_value() == TOKEN
    assert made.base_url == "https://api.telegram.org"
    assert (made.webhook_secret, made.approvers) == (None, None)
    assert secret_fields(TelegramConfig) == {"token", "webhook_secret"}


@pytest.mark.parametrize(
    "token",
    [
        "",
        "110201543",
        f"{TOKEN}/getMe",
        f"{TOKEN}?a=b",
        f"../{TOKEN}",
        "1:short",
        f"{TOKEN} {TOKEN}",
    ],
)
def test_what_would_change_the_path_is_no_token(token: str) -> None:
    with pytest.raises(ValidationError, match="не токен"):
        config(token=token)


def test_a_wrong_token_is_not_told() -> None:
    wrong = f"bot{TOKEN}"
    with pytest.raises(ConfigError) as caught:
        validate(TelegramConfig, {"token": wrong, "webhook_secret": "short-secret"})
    assert wrong not in str(caught.value) and "short-secret" not in str(caught.value)


@pytest.mark.parametrize("secret", ["short", "с" * 20, "a b" * 10, "x" * 257, "x" * 15])
def test_a_secret_is_what_telegram_takes_and_nobody_guesses(secret: str) -> None:
    with pytest.raises(ValidationError, match="от 16 до 256"):
        config(webhook_secret=secret)


def test_empty_fields_of_a_form_are_none() -> None:
    made = config(webhook_secret=" ", approvers="")
    assert (made.webhook_secret, made.approvers) == (None, None)


def test_groups_are_below_zero() -> None:
    assert config(approvers="-1001000000001").approvers == -1_001_000_000_001
    for wrong in (0, 2**53 + 1, -(2**60), "@group"):
        with pytest.raises(ValidationError):
            config(approvers=wrong)


def test_what_a_claim_is_for_is_an_amount_in_roubles() -> None:
    assert config(claims_amount=" 1 500,50 ₽ ").claims_amount == "1 500,50 ₽"
    assert config(claims_amount=" ", claims_through="").claims_amount is None
    for wrong in ("много", "10 USD", "0", "-5"):
        with pytest.raises(ValidationError, match="не сумма"):
            config(claims_amount=wrong)
