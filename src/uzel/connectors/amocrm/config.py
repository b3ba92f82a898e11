"""Settings of one amoCRM account."""

import re
from typing import Annotated, Any, Self

from pydantic import Field, SecretStr, StringConstraints, field_validator, model_validator

from uzel.connector import Config
from uzel.model.address import HttpAddress

LOST = "143"

# Where accounts live: amocrm.ru, kommo.com, and amocrm.com, as Kommo's were called before.
ACCOUNT_HOST = re.compile(
    r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.(?:amocrm\.(?:ru|com)|kommo\.com)"
)
SUBDOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# What follows the name of the server in an address copied from the browser.
_PAGE = re.compile(r"[/?#].*", re.DOTALL)

Stage = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, pattern=r"^[1-9][0-9]{0,17}(:[1-9][0-9]{0,17})?$", max_length=40
    ),
]


class AmocrmConfig(Config):
    """One account at amoCRM (or Kommo).

    `client_id` alone decides the way in: with it, access is granted and renewed by OAuth; without
    it, the long-lived token is used. Secrets of the other way may stay: a form that is sent with an
    empty secret keeps the stored one, so nobody could switch over otherwise.
    """

    base_url: HttpAddress = Field(
        title="Адрес аккаунта",
        description=(
            "Начало адреса, под которым открывается amoCRM: https://example.amocrm.ru, "
            "example.amocrm.ru или просто example."
        ),
    )
    access_token: SecretStr | None = Field(
        default=None,
        title="Долгосрочный токен",
        description=(
            "Самый короткий путь: amoМаркет → ваша внешняя интеграция → «Ключи и доступы» → "
            "«Сгенерировать токен». amoCRM показывает его один раз. С ID интеграции не нужен."
        ),
    )
    client_id: str | None = Field(
        default=None,
        max_length=100,
        title="ID интеграции",
        description=(
            "Вместо токена: amoМаркет → ваша интеграция → «Ключи и доступы». Доступ тогда "
            "выдаётся кнопкой в карточке подключения, и Узел продлевает его сам."
        ),
    )
    client_secret: SecretStr | None = Field(
        default=None,
        title="Секретный ключ интеграции",
        description="Там же, рядом с ID интеграции.",
    )
    refresh_token: SecretStr | None = Field(
        default=None,
        title="Первый refresh token",
        description=(
            "Только если доступ уже выдан другой программе, которую Узел заменяет. Берётся один "
            "раз; дальше Узел хранит новые сам."
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

    payment_links: bool = Field(
        default=False,
        title="В сделках ссылки на оплату",
        description=(
            "Читать из уведомлений поля сделок: сделка со ссылкой на оплату становится заданием. "
            "Какие это поля, задаёт команда uzel leads crm; она же включает эту настройку."
        ),
    )

    @field_validator("base_url", mode="before")
    @classmethod
    def _of_a_name(cls, value: Any) -> Any:
        return address_of(value) if isinstance(value, str) else value

    @field_validator("access_token", "client_secret", "refresh_token", mode="after")
    @classmethod
    def _without_spaces(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value().strip() if value else ""
        if not text.isascii() or not text.isprintable():
            raise ValueError("В токенах и ключах бывают только латиница, цифры и знаки.")
        return SecretStr(text) if text else None

    @field_validator("client_id", mode="after")
    @classmethod
    def _empty_is_none(cls, value: str | None) -> str | None:
        return (value or "").strip() or None

    @field_validator("won_stages", mode="after")
    @classmethod
    def _none_is_lost(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(stage.rpartition(":")[2] == LOST for stage in value):
            raise ValueError("143 — это «Закрыто и не реализовано», успешным оно не бывает.")
        return value

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if self.client_id and not self.client_secret:
            raise ValueError("К ID интеграции нужен её секретный ключ.")
        if self.client_id or self.access_token:
            return self
        if self.client_secret or self.refresh_token:
            raise ValueError("Есть ключи интеграции, но нет её ID: впишите «ID интеграции».")
        raise ValueError(
            "Нужен доступ: либо долгосрочный токен, либо ID интеграции с секретным ключом."
        )


def address_of(text: str) -> str:
    """The address of an account from its name, its host, or any page of it; other texts as they
    are.
    """
    bare = text.strip()
    host = _PAGE.sub("", bare.removeprefix("https://")).lower()
    if ACCOUNT_HOST.fullmatch(host):
        return f"https://{host}"
    if SUBDOMAIN.fullmatch(bare.lower()):
        return f"https://{bare.lower()}.amocrm.ru"
    return bare


def account_host(address: str) -> str | None:
    """The host of an account at amoCRM or Kommo; None for every other address: a sandbox."""
    host = address.removeprefix("https://")
    return host if ACCOUNT_HOST.fullmatch(host) else None
