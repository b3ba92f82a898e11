"""Settings of one SMS.ru account."""

from pydantic import Field, SecretStr, field_validator

from uzel.connector import Config
from uzel.model.address import HttpAddress


class SmsruConfig(Config):
    """One account at sms.ru."""

    api_id: SecretStr = Field(
        title="API-ключ",
        description="Личный кабинет sms.ru → «Разработчикам» → «API»: поле api_id.",
    )
    sender: str | None = Field(
        default=None,
        max_length=11,
        title="Отправитель",
        description=(
            "Буквенное имя, согласованное в разделе «Отправители». Пусто: отправитель по умолчанию."
        ),
    )
    base_url: HttpAddress = Field(
        default="https://sms.ru",
        title="Адрес API",
        description="Меняют только для песочницы.",
    )
    test: bool = Field(
        default=False,
        title="Тестовый режим",
        description="SMS.ru проверяет запрос, но ничего не отправляет и не списывает.",
    )

    @field_validator("api_id", mode="after")
    @classmethod
    def _without_spaces(cls, value: SecretStr) -> SecretStr:
        return SecretStr(value.get_secret_value().strip())

    @field_validator("sender", mode="after")
    @classmethod
    def _empty_is_none(cls, value: str | None) -> str | None:
        return (value or "").strip() or None
