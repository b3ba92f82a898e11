"""Settings of one account of a vtiger."""

import re
from typing import Any, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError

from uzel.connector import Config
from uzel.model.address import HttpAddress

# What stands behind the address of the CRM in what people copy.
PAGE = re.compile(r"/(?:webservice|index)\.php.*|/modules/.*|[?#].*", re.DOTALL)
PUBLIC_ID = re.compile(r"[0-9a-f]{32}")
LONGEST_LOGIN, LONGEST_KEY = 255, 200


class VtigerConfig(Config):
    """One account of a CRM that speaks vtiger's web service."""

    base_url: HttpAddress = Field(
        title="Адрес CRM",
        description="Как в браузере, без /webservice.php и /index.php: https://crm.example.ru",
    )
    login: str = Field(
        min_length=1,
        max_length=LONGEST_LOGIN,
        title="Логин",
        description=(
            "Заведите в CRM отдельного пользователя для Узла: программы с одной учётной записью "
            "мешают друг другу входить."
        ),
    )
    access_key: SecretStr = Field(
        title="Ключ доступа",
        description="В CRM: карточка этого пользователя → «Access Key» («Ключ доступа»).",
    )
    checks: Literal["warn", "strict"] = Field(
        default="warn",
        title="Неверные ИНН, ОГРН, телефоны и даты",
        description=(
            "warn — отправлять и указывать на них; strict — не отправлять. Без обязательных полей "
            "ничего не отправляется никогда."
        ),
    )
    timeout_s: float = Field(
        default=25.0,
        ge=1,
        # A worker gives no call longer than 30 s, and a session may have to be opened before.
        le=28,
        title="Сколько секунд ждать ответа",
        description="Что стало с записью, ответа на которую не дождались, Узел ищет в CRM.",
    )
    public_id: str | None = Field(
        default=None,
        title="publicid веб-формы",
        description=(
            "Только для отправки форм (capture.php): 32 знака из скрытого поля publicid формы."
        ),
    )
    session: SecretStr | None = Field(
        default=None,
        exclude=True,
        title="Сессия",
        description="Её открывает и хранит Узел; вписывать ничего не нужно.",
    )

    @field_validator("base_url", mode="before")
    @classmethod
    def _of_a_page(cls, value: Any) -> Any:
        return PAGE.sub("", value.strip()) if isinstance(value, str) else value

    @field_validator("login", mode="after")
    @classmethod
    def _one_line(cls, value: str) -> str:
        text = value.strip()
        if not text or not text.isprintable():
            raise PydanticCustomError("login_signs", "Это не логин.")
        return text

    @field_validator("access_key", mode="after")
    @classmethod
    def _a_key(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value().strip()
        if not 0 < len(text) <= LONGEST_KEY or not text.isascii() or not text.isprintable():
            raise PydanticCustomError(
                "key_signs", "Это не ключ доступа: он из латинских букв и цифр."
            )
        return SecretStr(text)

    @field_validator("public_id", mode="after")
    @classmethod
    def _an_id(cls, value: str | None) -> str | None:
        text = (value or "").strip().lower()
        if text and not PUBLIC_ID.fullmatch(text):
            raise PydanticCustomError("public_id_signs", "publicid — это 32 знака 0–9 и a–f.")
        return text or None
