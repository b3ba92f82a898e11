"""Settings of an account, as a person types them."""

import pytest
from pydantic import ValidationError

from uzel.connections.config import split, validate
from uzel.connectors.amocrm import CONNECTOR
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.web.console.fields import fields_of
from uzel.web.console.fields import read as read_form


def config(**given: object) -> AmocrmConfig:
    return AmocrmConfig.model_validate(
        {"base_url": "https://example.amocrm.ru/", "access_token": " token\n", **given}
    )


def test_spaces_around_what_was_pasted_do_not_matter() -> None:
    made = config(won_stages=[" 7310001:61000005 ", "61000006"])
    assert made.access_token is not None
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


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("example", "https://example.amocrm.ru"),
        (" Example ", "https://example.amocrm.ru"),
        ("example.amocrm.ru", "https://example.amocrm.ru"),
        ("example.kommo.com", "https://example.kommo.com"),
        ("https://example.amocrm.com/", "https://example.amocrm.com"),
        ("https://example.amocrm.ru/leads/pipeline/7310001/?skip_filter=Y", None),
        ("http://127.0.0.1:8100/amocrm/", "http://127.0.0.1:8100/amocrm"),
        ("https://crm.example.com", "https://crm.example.com"),
    ],
)
def test_an_account_is_known_by_its_name_its_host_or_any_page_of_it(
    typed: str, address: str | None
) -> None:
    assert config(base_url=typed).base_url == (address or "https://example.amocrm.ru")


@pytest.mark.parametrize(
    "typed", ["", "crm.example.com", "https://example.amocrm.ru@evil.test", "пример", "-a", "a b"]
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        config(base_url=typed)


BY_TOKEN = {"access_token": "t"}
BY_OAUTH = {"access_token": "", "client_id": " id ", "client_secret": " s "}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"access_token": " "}, "Нужен доступ: либо долгосрочный токен, либо ID интеграции"),
        ({"access_token": None, "client_secret": "s"}, "нет её ID"),
        ({"access_token": None, "refresh_token": "r"}, "нет её ID"),
        ({"client_id": "id"}, "К ID интеграции нужен её секретный ключ"),
        ({"access_token": "токен"}, "только латиница"),
        ({"access_token": "two\nlines"}, "только латиница"),
    ],
)
def test_half_of_a_way_in_is_refused_in_words(given: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        config(**given)


def test_each_way_in_is_enough() -> None:
    assert config(**BY_TOKEN).client_id is None
    made = config(**BY_OAUTH)
    assert (made.client_id, made.access_token) == ("id", None)
    assert made.client_secret is not None
    assert made.client_secret.get_secret_value() == "s"


def test_secrets_of_the_other_way_may_stay_since_an_empty_field_keeps_them() -> None:
    config(**{**BY_OAUTH, **BY_TOKEN, "refresh_token": "r"})
    config(**BY_TOKEN, client_secret="s", refresh_token="r")


def test_settings_that_were_saved_before_are_valid_still() -> None:
    saved = {"base_url": "https://a.amocrm.ru", "won_stages": ["1:2"]}
    made = validate(AmocrmConfig, {**saved, "access_token": "t"})
    assert split(made) == ({**saved, "payment_links": False}, {"access_token": "t"})


def test_the_variables_of_the_environment_are_fields() -> None:
    assert set(CONNECTOR.environment.values()) <= set(AmocrmConfig.model_fields)
