"""Settings of an account, as a person types them."""

import pytest
from pydantic import ValidationError

from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.web.console.fields import fields_of
from uzel.web.console.fields import read as read_form


def config(**given: object) -> AmocrmConfig:
    return AmocrmConfig.model_validate(
        {"base_url": "https://example.amocrm.ru/", "access_token": " token\n", **given}
    )


def test_spaces_around_what_was_pasted_do_not_matter() -> None:
    made = config(won_stages=[" 7310001:61000005 ", "61000006"])
    assert made.access_token.get_secret_value() == "token"
    assert made.base_url == "https://example.amocrm.ru"
    assert made.won_stages == ("7310001:61000005", "61000006")


@pytest.mark.parametrize("stage", ["", "Оплачено", "7310001:", ":5", "1:2:3", "-1", "0", "1" * 19])
def test_a_stage_is_written_in_numbers(stage: str) -> None:
    with pytest.raises(ValidationError):
        config(won_stages=[stage])


@pytest.mark.parametrize("stage", ["143", "7310001:143"])
def test_lost_is_never_won(stage: str) -> None:
    with pytest.raises(ValidationError, match="Закрыто и не реализовано"):
        config(won_stages=[stage])


def test_the_form_of_the_console_keeps_a_stage_in_a_line() -> None:
    shown = {
        field.name: field for field in fields_of(AmocrmConfig, config(won_stages=["1:2", "3"]))
    }
    assert (shown["won_stages"].kind, shown["won_stages"].value) == ("lines", "1:2\n3")
    assert (shown["access_token"].kind, shown["access_token"].value) == ("secret", "")
    form = {"base_url": "https://a.amocrm.ru", "won_stages": "1:2\r\n\r\n 3 \r\n"}
    assert read_form(AmocrmConfig, form)["won_stages"] == ["1:2", "3"]
