"""Settings of one company at konsol.pro's payments service."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError

from uzel.connector import Config
from uzel.model.address import HttpAddress, origin_of

# What can stand in a header.
PRINTABLE = re.compile(r"[!-~]{1,4000}")
API = "https://api-payments.konsol.pro"
# Where the description of the API is shown; asked for a payment it answers with a page.
DOCUMENTATION_HOST = "swagger-payments.konsol.pro"
# Of the API; every path of ours begins with it.
PREFIX = "/api/v1"
LONGEST_PURPOSE = 100
DIGITS_IN_A_ROW = re.compile(r"\d{5}")


def _token(token: SecretStr) -> SecretStr:
    """Without what is copied along with it."""
    text = token.get_secret_value().strip().removeprefix("Bearer ").strip()
    if not PRINTABLE.fullmatch(text):
        raise PydanticCustomError(
            "token_characters", "Это не токен: он состоит из латинских букв, цифр и знаков."
        )
    return SecretStr(text)


class KonsolConfig(Config):
    """One company at the payments service of konsol.pro."""

    token: Annotated[SecretStr, AfterValidator(_token)] = Field(
        title="Токен API",
        description="Токен сервиса выплат; его выдаёт менеджер Консоли.",
    )
    base_url: HttpAddress = Field(
        default=API,
        title="Адрес API",
        description="Меняют только для песочницы. swagger-payments.konsol.pro — это документация.",
    )
    timeout_s: float = Field(
        default=30.0,
        ge=1,
        # A worker gives no call longer.
        le=30,
        title="Сколько секунд ждать ответа",
        description="Ответ, которого не дождались, ищут в списке выплат: второй раз не платят.",
    )
    purpose: str = Field(
        default="Выплата",
        min_length=1,
        max_length=LONGEST_PURPOSE,
        title="Слова назначения платежа",
        description=(
            "Стоят в назначении и в названии услуги перед номером выплаты. Их видит получатель: "
            "без имён, телефонов и номеров карт."
        ),
    )
    idempotency_key: bool = Field(
        default=False,
        title="Посылать заголовок Idempotency-Key",
        description=(
            "Номер выплаты в заголовке. Знает ли его Консоль, не известно; включайте, если она это "
            "подтвердила. Повторять платежи Узел не станет и тогда."
        ),
    )

    @field_validator("base_url", mode="after")
    @classmethod
    def _the_api_itself(cls, value: str) -> str:
        if origin_of(value).host == DOCUMENTATION_HOST:
            raise PydanticCustomError(
                "documentation_address",
                "Это адрес документации. Адрес API: https://api-payments.konsol.pro",
            )
        return value.removesuffix(PREFIX)

    @field_validator("purpose", mode="after")
    @classmethod
    def _without_numbers(cls, value: str) -> str:
        """A long number there is somebody's card or phone, or would look like a payout of ours."""
        words = " ".join(value.split())
        if not words.isprintable() or not words or DIGITS_IN_A_ROW.search(words):
            raise PydanticCustomError(
                "purpose_words", "Слова без длинных чисел: назначение видит получатель."
            )
        return words
