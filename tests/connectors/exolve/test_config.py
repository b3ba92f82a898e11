import pytest
from pydantic import ValidationError

from uzel.connectors.exolve import CONNECTOR
from uzel.connectors.exolve.config import ExolveConfig

JWT = "eyJhbGciOiJub25lIn0.eyJleHAiOjIwMDB9.c2FuZGJveA"


def config(**settings: object) -> ExolveConfig:
    return ExolveConfig.model_validate({"api_key": "key", "sender": "Kafe", **settings})


def wrong_fields(**settings: object) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        ExolveConfig.model_validate(settings)
    return [str(error["loc"][0]) for error in caught.value.errors(include_input=False)]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Kafe ", "Kafe"),
        ("+7 999 000-00-01", "79990000001"),
        ("8 (999) 000-00-01", "79990000001"),
        ("79990000001", "79990000001"),
    ],
)
def test_a_sender_is_a_name_or_the_digits_of_a_number(typed: str, kept: str) -> None:
    assert config(sender=typed).sender == kept


def test_a_pasted_key_is_trimmed_and_must_fit_into_a_header() -> None:
    pasted = config(api_key=f" {JWT}\n", whatsapp_api_key=" ").api_key
    assert pasted is not None
    assert pasted.get_secret_value() == JWT
    assert config(whatsapp_api_key=" ").whatsapp_api_key is None
    assert wrong_fields(api_key="ключ", sender="Kafe") == ["api_key"]
    assert wrong_fields(api_key="a\nb", sender="Kafe") == ["api_key"]


def test_texts_need_a_key_and_a_sender() -> None:
    assert wrong_fields(api_key="key") == ["sender"]
    assert "sms" in wrong_fields(sms=True, sender="Kafe")
    assert config().sms
    assert not ExolveConfig.model_validate({"api_key": "key", "sms": False}).sms


def test_who_gave_the_whatsapp_variables_only_gets_a_connection_without_texts() -> None:
    variables = {
        "EXOLVE_WHATSAPP_API_KEY": "key",
        "EXOLVE_WHATSAPP_SENDER_ID": "sender",
    }
    given = {CONNECTOR.environment[name]: value for name, value in variables.items()}
    adopted = ExolveConfig.model_validate(given)
    assert (adopted.sms, adopted.whatsapp_unverified) == (False, False)


def test_channels_are_switched_by_settings_there_are() -> None:
    assert set(CONNECTOR.channels) == {"sms", "whatsapp", "whatsapp_template"}
    for channel in CONNECTOR.channels.values():
        assert channel.operation in CONNECTOR.operations
        assert isinstance(getattr(config(), channel.needs or ""), bool)
    assert ExolveConfig.model_fields["whatsapp_unverified"].default is False


@pytest.mark.parametrize("name", ["whatsapp_send_path", "whatsapp_template_path"])
@pytest.mark.parametrize("path", ["//evil.example/x", "https://evil.example/x", "x", "/a b", "/"])
def test_a_path_cannot_lead_to_another_server(name: str, path: str) -> None:
    assert wrong_fields(**{"api_key": "key", "sender": "Kafe", name: path}) == [name]


def test_keys_are_not_shown() -> None:
    shown = config(api_key=JWT, whatsapp_api_key=JWT)
    assert "eyJ" not in repr(shown) + shown.model_dump_json()


def test_the_documented_variables_name_settings() -> None:
    assert set(CONNECTOR.environment.values()) <= set(ExolveConfig.model_fields)
    fields = ExolveConfig.model_fields.values()
    assert all(field.title and field.description for field in fields)
