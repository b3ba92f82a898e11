"""A form from any settings a connector may have."""

from enum import StrEnum
from typing import Literal

import pytest
from pydantic import Field, SecretStr, field_validator

from uzel.connector import Config
from uzel.connectors import connectors
from uzel.web.console import fields
from uzel.web.console.language import language


class Kind(StrEnum):
    NEAR = "near"
    FAR = "far"


class Everything(Config):
    """A field of each kind."""

    key: SecretStr = Field(title="Ключ")
    backup: SecretStr | None = None
    name: str = Field(min_length=2, max_length=5, title="Имя", description="Помощь")
    port: int = Field(default=80, gt=0, le=65535)
    share: float | None = None
    on: bool = True
    kind: Kind = Kind.NEAR
    size: Literal["small", "large"] | None = None
    hosts: list[str] = Field(default_factory=list)

    @field_validator("hosts")
    @classmethod
    def _few(cls, value: list[str]) -> list[str]:
        if len(value) > 2:
            raise ValueError("не больше двух")
        return value


STORED = Everything(
    key=SecretStr("CANARY"), name="abc", share=0.5, on=False, kind=Kind.FAR, hosts=["a", "b"]
)


def test_every_kind_of_setting_has_its_field() -> None:
    made = {field.name: field for field in fields.fields_of(Everything, STORED)}
    assert {name: field.kind for name, field in made.items()} == {
        **{"key": "secret", "backup": "secret", "name": "text", "port": "number"},
        **{"share": "number", "on": "switch", "kind": "choice", "size": "choice"},
        "hosts": "lines",
    }
    values = {name: field.value for name, field in made.items()}
    assert values["name"] == "abc"
    assert values["port"] == "80"
    assert values["on"] == ""
    assert values["kind"] == "far"
    assert values["hosts"] == "a\nb"
    assert made["key"].stored
    assert not made["key"].required
    assert not made["backup"].stored
    assert made["size"].choices == ("small", "large")
    assert "CANARY" not in repr(made)


def test_an_empty_form_asks_for_what_is_required() -> None:
    made = {field.name: field for field in fields.fields_of(Everything, None)}
    assert {name for name, field in made.items() if field.required} == {"key", "name"}
    assert made["port"].value == "80"
    assert made["on"].value == "on"


def test_what_was_typed_is_shown_again_but_for_secrets() -> None:
    form = {"key": "CANARY", "name": "x", "port": "many", "hosts": "a\nb"}
    made = {field.name: field for field in fields.fields_of(Everything, None, form)}
    assert made["port"].value == "many"
    assert made["on"].value == ""
    assert "CANARY" not in repr(made)


def test_a_form_is_read_back_into_settings() -> None:
    form = {"key": " k ", "name": "abc", "port": "443", "share": "", "hosts": " a \n\n b\n"}
    values = fields.read(Everything, form)
    made = Everything.model_validate(values)
    assert made.port == 443
    assert made.share is None
    assert made.on is False
    assert made.hosts == ["a", "b"]
    assert made.key.get_secret_value() == "k"
    assert fields.read(Everything, {**form, "on": "on"})["on"] is True


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({}, {}),
        ({"key": ""}, {"key": "Заполните это поле."}),
        ({"name": "x"}, {"name": "Не короче 2 знаков."}),
        ({"port": "0"}, {"port": "Нужно больше 0."}),
        ({"port": "99999"}, {"port": "Нужно не больше 65535."}),
        ({"port": "x"}, {"port": "Нужно целое число."}),
        ({"share": "x"}, {"share": "Нужно число."}),
        ({"kind": "over there"}, {"kind": "Выберите одно из списка."}),
        ({"hosts": "a\nb\nc"}, {"hosts": "не больше двух"}),
    ],
)
def test_errors_stand_at_their_field(changed: dict[str, str], wrong: dict[str, str]) -> None:
    values = fields.read(Everything, {"key": "k", "name": "abc", **changed})
    assert fields.errors_of(language("ru"), Everything, values, None) == wrong


def test_a_stored_secret_need_not_be_typed_again() -> None:
    values = fields.read(Everything, {"name": "abc"})
    assert fields.errors_of(language("ru"), Everything, values, STORED) == {}


@pytest.mark.parametrize("name", sorted(connectors()))
def test_every_connector_can_be_set_up_by_its_form(name: str) -> None:
    config = connectors()[name].config
    for field in fields.fields_of(config, None):
        assert field.title
        assert field.kind in {"text", "secret", "switch", "number", "lines", "choice"}
        assert "SecretStr" not in field.value
    for wrong in fields.errors_of(language("ru"), config, {}, None).values():
        assert wrong == "Заполните это поле."
