import pytest
from pydantic import ValidationError

from uzel.connectors.yclients import CONNECTOR
from uzel.connectors.yclients.config import YclientsConfig


def config(**settings: object) -> YclientsConfig:
    return YclientsConfig.model_validate(settings)


def test_nothing_has_to_be_set_to_receive() -> None:
    empty = config(partner_token=" ", user_token="")
    assert (empty.partner_token, empty.user_token, empty.company_id) == (None, None, None)
    assert empty.base_url == "https://api.yclients.com"


def test_what_people_paste_is_trimmed() -> None:
    pasted = config(partner_token=" abc\n", company_id="120001")
    assert pasted.partner_token is not None
    assert (pasted.partner_token.get_secret_value(), pasted.company_id) == ("abc", 120001)


@pytest.mark.parametrize(
    "wrong",
    [
        {"user_token": "токен"},
        {"user_token": "a\r\nX-Evil: 1"},
        {"company_id": 0},
        {"company_id": "салон"},
        {"base_url": "api.yclients.com"},
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        config(**wrong)


def test_the_tokens_are_not_shown() -> None:
    shown = config(partner_token="canary-77", user_token="canary-78")
    assert "canary" not in repr(shown) + shown.model_dump_json()


def test_the_documented_variables_name_settings() -> None:
    assert set(CONNECTOR.environment.values()) <= set(YclientsConfig.model_fields)
