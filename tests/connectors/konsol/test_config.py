import pytest
from pydantic import ValidationError

from uzel.connections.config import validate
from uzel.connectors.konsol import CONNECTOR
from uzel.connectors.konsol.config import API, KonsolConfig
from uzel.errors import ConfigError


def config(**settings: object) -> KonsolConfig:
    return KonsolConfig.model_validate({"token": "secret-token", **settings})


def test_the_api_is_where_payments_are_made() -> None:
    assert config().base_url == API == "https://api-payments.konsol.pro"
    assert config().timeout_s == 30
    assert config().idempotency_key is False


@pytest.mark.parametrize(
    "address",
    [
        "https://swagger-payments.konsol.pro",
        "http://SWAGGER-payments.konsol.pro/",
        "https://swagger-payments.konsol.pro:443/api/v1",
    ],
)
def test_the_documentation_is_refused_with_the_right_address(address: str) -> None:
    with pytest.raises(ConfigError, match=r"https://api-payments\.konsol\.pro") as caught:
        validate(KonsolConfig, {"token": "secret-token", "base_url": address})
    assert "secret-token" not in str(caught.value)


@pytest.mark.parametrize("typed", [f"{API}/api/v1", f"{API}/api/v1/", f"{API}/"])
def test_the_prefix_of_the_paths_may_be_typed_or_not(typed: str) -> None:
    assert config(base_url=typed).base_url == API


@pytest.mark.parametrize("typed", [" secret \n", "Bearer secret"])
def test_a_pasted_token_is_trimmed(typed: str) -> None:
    assert config(token=typed).token.get_secret_value() == "secret"


@pytest.mark.parametrize("typed", ["", "  ", "токен", "a\nb"])
def test_what_cannot_stand_in_a_header_is_no_token(typed: str) -> None:
    with pytest.raises(ValidationError):
        config(token=typed)


@pytest.mark.parametrize("typed", ["", " ", "Карта 2200000000000004", "79990000001", "а\x00б"])
def test_the_purpose_names_nobodys_number(typed: str) -> None:
    with pytest.raises(ValidationError):
        config(purpose=typed)
    assert config(purpose=" Оплата  услуг ").purpose == "Оплата услуг"


@pytest.mark.parametrize("timeout_s", [0, 31, "soon"])
def test_no_call_waits_longer_than_a_worker_lets_it(timeout_s: object) -> None:
    with pytest.raises(ValidationError):
        config(timeout_s=timeout_s)


def test_the_documented_variables_name_settings() -> None:
    assert CONNECTOR.environment == {
        "KONSOL_API_TOKEN": "token",
        "KONSOL_BASE_URL": "base_url",
        "KONSOL_TIMEOUT": "timeout_s",
    }
    assert config(timeout_s="12").timeout_s == 12
    fields = KonsolConfig.model_fields.values()
    assert all(field.title and field.description for field in fields)


def test_the_token_is_not_shown() -> None:
    assert "secret-token" not in repr(config()) + config().model_dump_json()
