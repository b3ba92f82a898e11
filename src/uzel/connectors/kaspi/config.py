"""Settings of one Kaspi shop."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from uzel.connector import Config
from uzel.model.address import HttpAddress

PRINTABLE = re.compile(r"[!-~]{1,1000}")


def _token(token: SecretStr) -> SecretStr:
    """Without what is copied along with it; what cannot stand in a header is no token."""
    text = token.get_secret_value().strip()
    if not PRINTABLE.fullmatch(text):
        raise ValueError("Это не токен: он состоит из латинских букв, цифр и знаков, без пробелов.")
    return SecretStr(text)


class KaspiConfig(Config):
    """One shop at Kaspi."""

    token: Annotated[SecretStr, AfterValidator(_token)] = Field(
        title="Токен API",
        description=(
            "Кабинет продавца на kaspi.kz (веб-версия) → «Настройки» → «Токен API» → "
            "«Сформировать». Раздел виден только руководителю компании; при повторном нажатии "
            "токен не меняется."
        ),
    )
    base_url: HttpAddress = Field(
        default="https://kaspi.kz/shop/api/v2",
        title="Адрес API",
        description="Меняют только для песочницы.",
    )
