"""Settings of one WhatsApp number at Meta, and how long its version of the API will live."""

from collections.abc import Mapping
from datetime import date

from pydantic import Field, SecretStr, field_validator

from uzel.connector import Config
from uzel.model.address import HttpAddress

# The last day of each version (Graph API changelog, read 2026-11). Newer ones have none yet.
VERSION_ENDS: Mapping[str, date] = {
    "v19.0": date(2026, 5, 21),
    "v20.0": date(2026, 9, 24),
    "v21.0": date(2027, 1, 21),
    "v22.0": date(2027, 5, 20),
    "v23.0": date(2027, 10, 8),
    "v24.0": date(2028, 2, 18),
    "v25.0": date(2028, 7, 29),
}
WARN_BEFORE_DAYS = 90


class MetaConfig(Config):
    """One phone number of a WhatsApp Business account."""

    phone_number_id: str = Field(
        pattern=r"^[1-9][0-9]{4,19}$",
        title="Phone number ID",
        description=(
            "developers.facebook.com → ваше приложение → WhatsApp → API Setup: «Phone number ID». "
            "Это не сам номер телефона."
        ),
    )
    access_token: SecretStr = Field(
        title="Токен доступа",
        description=(
            "Постоянный токен системного пользователя с правами whatsapp_business_messaging и "
            "whatsapp_business_management. Временный токен со страницы API Setup живёт сутки."
        ),
    )
    app_secret: SecretStr | None = Field(
        default=None,
        title="Секрет приложения",
        description=(
            "App settings → Basic → App secret. Им подписаны отчёты о доставке и входящие "
            "сообщения; пока поле пусто, Узел их не принимает."
        ),
    )
    verify_token: SecretStr | None = Field(
        default=None,
        title="Verify token",
        description=(
            "Слово, которое вы придумали сами и вписали рядом с адресом в WhatsApp → "
            "Configuration. Нужно один раз, чтобы Meta приняла адрес."
        ),
    )
    business_account_id: str | None = Field(
        default=None,
        pattern=r"^[1-9][0-9]{4,19}$",
        title="WhatsApp Business Account ID",
        description="API Setup: «WhatsApp Business Account ID». Нужен для списка шаблонов.",
    )
    version: str = Field(
        default="v25.0",
        pattern=r"^v[1-9][0-9]\.0$",
        title="Версия API",
        description="Каждая версия Graph API живёт около двух лет; v25.0 служит до 29.07.2028.",
    )
    base_url: HttpAddress = Field(
        default="https://graph.facebook.com",
        title="Адрес API",
        description="Меняют только для песочницы.",
    )

    @field_validator("phone_number_id", "version", mode="before")
    @classmethod
    def _trimmed(cls, value: object) -> object:
        return value.strip() if isinstance(value, str) else value

    @field_validator("business_account_id", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return value.strip() or None if isinstance(value, str) else value

    @field_validator("access_token", mode="after")
    @classmethod
    def _without_spaces(cls, value: SecretStr) -> SecretStr:
        return SecretStr(value.get_secret_value().strip())

    @field_validator("app_secret", "verify_token", mode="after")
    @classmethod
    def _empty_secret_is_none(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value().strip() if value else ""
        return SecretStr(text) if text else None


def days_left(version: str, today: date) -> int | None:
    """Days until Meta switches `version` off, below zero once it has; None where no end is known
    yet. Versions older than the table have ended.
    """
    oldest = next(iter(VERSION_ENDS))
    end = VERSION_ENDS.get(version)
    if end is None and number(version) < number(oldest):
        end = VERSION_ENDS[oldest]
    return (end - today).days if end else None


def number(version: str) -> int:
    """25 for `v25.0`."""
    return int(version[1:].partition(".")[0])
