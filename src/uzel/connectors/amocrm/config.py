"""Settings of one amoCRM account."""

from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints, field_validator

from uzel.connector import Config
from uzel.model.address import HttpAddress

LOST = "143"

Stage = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, pattern=r"^[1-9][0-9]{0,17}(:[1-9][0-9]{0,17})?$", max_length=40
    ),
]


class AmocrmConfig(Config):
    """One account at amoCRM (or Kommo)."""

    base_url: HttpAddress = Field(
        title="Адрес аккаунта",
        description="Начало адреса, под которым открывается amoCRM: https://example.amocrm.ru.",
    )
    access_token: SecretStr = Field(
        title="Долгосрочный токен",
        description=(
            "amoМаркет → ваша внешняя интеграция → «Ключи и доступы» → «Сгенерировать токен». "
            "amoCRM показывает его один раз."
        ),
    )
    won_stages: tuple[Stage, ...] = Field(
        default=(),
        max_length=500,
        title="Этапы, на которых сделка уже успешна",
        description=(
            "По одному в строке: «воронка:этап», номерами, например 7310001:61000005, или один "
            "номер этапа. Этап «Успешно реализовано» (142) считается успешным в каждой воронке и "
            "так."
        ),
    )

    @field_validator("access_token", mode="after")
    @classmethod
    def _without_spaces(cls, value: SecretStr) -> SecretStr:
        return SecretStr(value.get_secret_value().strip())

    @field_validator("won_stages", mode="after")
    @classmethod
    def _none_is_lost(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(stage.rpartition(":")[2] == LOST for stage in value):
            raise ValueError("143 — это «Закрыто и не реализовано», успешным оно не бывает.")
        return value
