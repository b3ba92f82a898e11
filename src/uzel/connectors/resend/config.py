"""Settings of one Resend team."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from uzel.connector import Config
from uzel.connectors.resend.signature import signing_key
from uzel.errors import SignatureInvalid
from uzel.model.address import HttpAddress

# Loose on purpose: what is an address is for the provider to say. A comma, a bracket or a line end
# would make it several addresses or another field.
ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@\\]{1,64}@[^\s<>()\[\],;:\"@\\]+\.[^\s<>()\[\],;:\"@\\]+")
LONGEST_ADDRESS = 254  # RFC 5321, 4.5.3.1.3
NAMED = re.compile(r"(?P<name>[^\r\n<>@\",;\\]+?)\s*<(?P<address>[^<>]*)>")
PRINTABLE = re.compile(r"[!-~]+")


def is_address(text: str) -> bool:
    """Whether this is one bare address, `a@b.c`."""
    return len(text) <= LONGEST_ADDRESS and ADDRESS.fullmatch(text) is not None


def bare(text: str) -> str:
    """The address in `Name <a@b.c>` or `a@b.c`."""
    named = NAMED.fullmatch(text)
    return named["address"].strip() if named else text


def _sender(text: str) -> str:
    text = text.strip()
    if not is_address(bare(text)):
        raise ValueError("Нужен адрес: hello@mail.kafe.ru или Кафе <hello@mail.kafe.ru>.")
    return text


def _reply_to(text: str | None) -> str | None:
    return _sender(text) if text and text.strip() else None


def _key(key: SecretStr) -> SecretStr:
    """Without what is copied along with it; what cannot stand in a header is no key."""
    text = key.get_secret_value().strip()
    if not PRINTABLE.fullmatch(text):
        raise ValueError("Это не ключ: он начинается с re_ и состоит из латиницы и цифр.")
    return SecretStr(text)


def _webhook_secret(secret: SecretStr | None) -> SecretStr | None:
    text = secret.get_secret_value().strip() if secret else ""
    if not text:
        return None
    try:
        signing_key(text)
    except SignatureInvalid:
        raise ValueError("Это не секрет вебхука: он начинается с whsec_.") from None
    return SecretStr(text)


class ResendConfig(Config):
    """One team at resend.com."""

    api_key: Annotated[SecretStr, AfterValidator(_key)] = Field(
        title="API-ключ",
        description=(
            "resend.com → «API Keys» → «Create API Key», начинается с re_. Доступ «Full access»; с "
            "«Sending access» Узел отправляет, но не может спросить, дошло ли."
        ),
    )
    sender: Annotated[str, AfterValidator(_sender)] = Field(
        max_length=320,
        title="Отправитель",
        description="Кафе <hello@mail.kafe.ru> или просто адрес; домен подтверждён в «Domains».",
    )
    reply_to: Annotated[str | None, AfterValidator(_reply_to)] = Field(
        default=None,
        max_length=320,
        title="Адрес для ответов",
        description="Куда придёт ответ гостя. Пусто: на адрес отправителя.",
    )
    webhook_secret: Annotated[SecretStr | None, AfterValidator(_webhook_secret)] = Field(
        default=None,
        title="Секрет вебхука",
        description=(
            "resend.com → «Webhooks» → ваш адрес → «Signing Secret», начинается с whsec_. Без него "
            "отчёты о доставке и жалобы не принимаются."
        ),
    )
    base_url: HttpAddress = Field(
        default="https://api.resend.com",
        title="Адрес API",
        description="Меняют только для песочницы.",
    )
