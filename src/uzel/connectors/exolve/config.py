"""Settings of one Exolve application."""

import re
from typing import Any

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from uzel.connector import Config
from uzel.model.address import HttpAddress

# What stands in a header must be printable ASCII; Exolve's keys are JWTs.
_KEY = re.compile(r"[\x21-\x7e]+")
_PHONE_LIKE = re.compile(r"\+?[0-9 ()-]+")
# A path and nothing else: `//host` or `https://host` would carry the key to another server.
_PATH = r"^(/[A-Za-z0-9._~-]+)+$"


class ExolveConfig(Config):
    """One application at MTS Exolve. All is optional so that a connection may serve WhatsApp
    alone; the settings of what is switched on are demanded.
    """

    api_key: SecretStr | None = Field(
        default=None,
        title="API-ключ приложения",
        description="Личный кабинет exolve.ru → «Приложения» → приложение → «API-ключи».",
    )
    sms: bool = Field(
        default=True,
        title="Отправлять SMS",
        description="Нужны API-ключ и отправитель. Выключите, если нужен только WhatsApp.",
    )
    sender: str | None = Field(
        default=None,
        max_length=11,
        validate_default=True,
        title="Отправитель SMS",
        description=(
            "Купленный мобильный номер (79XXXXXXXXX) или согласованное имя. Доставку с обычного "
            "номера операторы не гарантируют."
        ),
    )
    base_url: HttpAddress = Field(
        default="https://api.exolve.ru",
        title="Адрес API",
        description="Меняют только для песочницы.",
    )
    whatsapp_unverified: bool = Field(
        default=False,
        title="Включить непроверенный WhatsApp",
        description=(
            "Осторожно: открытого описания WhatsApp у Exolve нет, запросы Узла угаданы и ни разу "
            "не проверены. Включайте, только если менеджер Exolve подтвердил адреса и поля ниже."
        ),
    )
    whatsapp_api_key: SecretStr | None = Field(
        default=None,
        title="API-ключ для WhatsApp",
        description="Если он другой. Пусто: тот же, что для SMS.",
    )
    whatsapp_sender_id: str | None = Field(
        default=None,
        max_length=64,
        title="Отправитель WhatsApp",
        description="sender_id, который выдал менеджер Exolve.",
    )
    whatsapp_send_path: str = Field(
        default="/messaging/v1/whatsapp/send",
        pattern=_PATH,
        max_length=200,
        title="Путь отправки текста в WhatsApp",
        description="Угадан. Часть адреса после имени сервера, с косой чертой в начале.",
    )
    whatsapp_template_path: str = Field(
        default="/messaging/v1/whatsapp/template",
        pattern=_PATH,
        max_length=200,
        title="Путь отправки шаблона в WhatsApp",
        description="Угадан. Часть адреса после имени сервера, с косой чертой в начале.",
    )

    @model_validator(mode="before")
    @classmethod
    def _sms_where_there_is_a_key(cls, values: Any) -> Any:
        """Who gives the WhatsApp variables only gets a connection that no SMS is sent through."""
        if isinstance(values, dict) and "sms" not in values:
            return {**values, "sms": bool(values.get("api_key"))}
        return values

    @field_validator("api_key", "whatsapp_api_key", mode="after")
    @classmethod
    def _printable(cls, value: SecretStr | None) -> SecretStr | None:
        key = value.get_secret_value().strip() if value else ""
        if key and not _KEY.fullmatch(key):
            raise PydanticCustomError("key_characters", "В ключе бывают только латиница и цифры.")
        return SecretStr(key) if key else None

    @field_validator("sms", mode="after")
    @classmethod
    def _with_a_key(cls, value: bool, info: ValidationInfo) -> bool:
        if value and "api_key" in info.data and info.data["api_key"] is None:
            raise PydanticCustomError("sms_without_key", "Для SMS нужен API-ключ приложения.")
        return value

    @field_validator("sender", mode="before")
    @classmethod
    def _digits_of_a_number(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        text = value.strip()
        if not _PHONE_LIKE.fullmatch(text):
            return text or None
        digits = re.sub(r"[^0-9]", "", text)
        return f"7{digits[1:]}" if len(digits) == 11 and digits.startswith("8") else digits

    @field_validator("sender", mode="after")
    @classmethod
    def _with_a_sender(cls, value: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("sms") and not value:
            raise PydanticCustomError("sms_without_sender", "Для SMS нужен отправитель.")
        return value

    @field_validator("whatsapp_sender_id", mode="after")
    @classmethod
    def _empty_is_none(cls, value: str | None) -> str | None:
        return (value or "").strip() or None
