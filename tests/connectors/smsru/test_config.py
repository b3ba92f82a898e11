import pytest
from pydantic import ValidationError

from uzel.connectors.smsru import CONNECTOR
from uzel.connectors.smsru.config import SmsruConfig


def config(**settings: object) -> SmsruConfig:
    return SmsruConfig.model_validate({"api_id": "key", **settings})


def test_what_people_paste_is_trimmed() -> None:
    pasted = config(api_id=" key\n", sender=" ", base_url="https://sms.ru/")
    assert pasted.api_id.get_secret_value() == "key"
    assert pasted.sender is None
    assert pasted.base_url == "https://sms.ru"


@pytest.mark.parametrize("base_url", ["sms.ru", "ftp://sms.ru", "https://", "https://sms ru"])
def test_an_address_must_be_one(base_url: str) -> None:
    with pytest.raises(ValidationError):
        config(base_url=base_url)


def test_the_key_is_not_shown() -> None:
    shown = config(api_id="canary-77")
    assert "canary-77" not in repr(shown) + shown.model_dump_json()


def test_the_documented_variables_name_settings() -> None:
    assert set(CONNECTOR.environment.values()) <= set(SmsruConfig.model_fields)
    fields = SmsruConfig.model_fields.values()
    assert all(field.title and field.description for field in fields)
