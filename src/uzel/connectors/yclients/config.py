"""Settings of one YCLIENTS or Altegio location."""

from pydantic import Field, SecretStr, field_validator

from uzel.connector import Config
from uzel.model.address import HttpAddress


class YclientsConfig(Config):
    """One location. Records arrive without any of this; what is asked of the API needs all three of
    tokens and number.
    """

    partner_token: SecretStr | None = Field(
        default=None,
        title="Токен партнёра",
        description=(
            "Кабинет разработчика → карточка приложения → токен партнёра. Чтобы принимать записи, "
            "не нужен."
        ),
    )
    user_token: SecretStr | None = Field(
        default=None,
        title="Токен пользователя",
        description=(
            "Пользователь с доступом к настройкам филиала. Меняется вместе с его паролем."
        ),
    )
    company_id: int | None = Field(
        default=None,
        gt=0,
        lt=10**18,
        title="Номер филиала",
        description="Число в адресе страниц филиала. Нужен вместе с токенами.",
    )
    base_url: HttpAddress = Field(
        default="https://api.yclients.com",
        title="Адрес API",
        description="Для Altegio: https://api.alteg.io.",
    )

    @field_validator("partner_token", "user_token", mode="after")
    @classmethod
    def _stripped(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value().strip() if value is not None else ""
        if not text.isascii() or not text.isprintable():
            raise ValueError("a token has Latin letters and digits only")
        return SecretStr(text) if text else None
