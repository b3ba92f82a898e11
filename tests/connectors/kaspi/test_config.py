"""Settings of a shop, as a person types them."""

import pytest
from pydantic import ValidationError

from uzel.connectors.kaspi import CONNECTOR
from uzel.connectors.kaspi.config import KaspiConfig


def test_what_was_pasted_along_with_the_token_does_not_matter() -> None:
    made = KaspiConfig.model_validate({"token": " dG9rZW4vc2FtcGxl+w==\n"})
    assert made.token.get_secret_value() == "dG9rZW4vc2FtcGxl+w=="
    assert made.base_url == "https://kaspi.kz/shop/api/v2"
    assert "dG9r" not in repr(made)


@pytest.mark.parametrize("token", ["", "  ", "токен", "a b", "a\nb", "x" * 1001])
def test_what_cannot_stand_in_a_header_is_no_token(token: str) -> None:
    with pytest.raises(ValidationError):
        KaspiConfig.model_validate({"token": token})


def test_the_environment_names_fields_that_are_there() -> None:
    assert CONNECTOR.environment == {"KASPI_API_TOKEN": "token", "KASPI_API_BASE": "base_url"}
    assert set(CONNECTOR.environment.values()) <= set(KaspiConfig.model_fields)
