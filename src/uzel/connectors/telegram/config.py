"""Settings of one bot in Telegram."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_core import PydanticCustomError

from uzel.connector import Config
from uzel.connectors.telegram.values import LARGEST_ID
from uzel.model.address import HttpAddress
from uzel.model.sums import read_sum

# It stands in the path of each request, so nothing that means something there may be in it.
TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{20,120}")
# Bot API, setWebhook: 1 to 256 characters, of these. Shorter ones can be guessed.
SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")


def _token(token: SecretStr) -> SecretStr:
    text = token.get_secret_value().strip()
    if not TOKEN.fullmatch(text):
        raise PydanticCustomError(
            "bot_token",
            "Это не токен бота: он выглядит как 110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PA.",
        )
    return SecretStr(text)


def _secret(secret: SecretStr | None) -> SecretStr | None:
    text = secret.get_secret_value().strip() if secret else ""
    if text and not SECRET.fullmatch(text):
        raise PydanticCustomError(
            "webhook_secret", "Нужно от 16 до 256 латинских букв, цифр, дефисов и подчёркиваний."
        )
    return SecretStr(text) if text else None


def _empty_is_none(value: object) -> object:
    return value.strip() or None if isinstance(value, str) else value


def _chat(chat_id: int | None) -> int | None:
    if chat_id is not None and not 0 < abs(chat_id) <= LARGEST_ID:
        raise PydanticCustomError("chat_id", "Это не номер чата.")
    return chat_id


def _sum(text: str | None) -> str | None:
    found = read_sum(text) if text else None
    if text and (found is None or found.currency not in (None, "RUB") or found.amount <= 0):
        raise PydanticCustomError("amount", "Это не сумма в рублях.")
    return text


class TelegramConfig(Config):
    """One bot."""

    token: Annotated[SecretStr, AfterValidator(_token)] = Field(
        title="Токен бота",
        description=(
            "Telegram → @BotFather → /newbot или /mybots → бот → «API Token». Кто его знает, тот "
            "пишет от имени бота."
        ),
    )
    webhook_secret: Annotated[SecretStr | None, AfterValidator(_secret)] = Field(
        default=None,
        title="Секрет вебхука",
        description=(
            "Придумайте сами: от 16 латинских букв и цифр. Узел передаст его Telegram вместе с "
            "адресом; пока поле пусто, сообщения боту не принимаются."
        ),
    )
    approvers: Annotated[int | None, BeforeValidator(_empty_is_none), AfterValidator(_chat)] = (
        Field(
            default=None,
            title="Чат согласующих",
            description=(
                "Номер чата, где люди утверждают выплаты. У групп он начинается с минуса; бот "
                "должен быть в группе. Можно не заполнять."
            ),
        )
    )
    claims_through: Annotated[str | None, BeforeValidator(_empty_is_none)] = Field(
        default=None,
        max_length=60,
        title="Заявки на выплату: через какое подключение платить",
        description=("Название подключения konsol.pro. Пока поле пусто, бот заявок не принимает."),
    )
    claims_amount: Annotated[str | None, BeforeValidator(_empty_is_none), AfterValidator(_sum)] = (
        Field(
            default=None,
            title="Заявки: сумма",
            description="В рублях, одна для всех: 100. Пусто: человек называет сумму сам.",
        )
    )
    claims_purpose: str = Field(
        default="Выплата по заявке {number}",
        min_length=1,
        max_length=150,
        title="Заявки: за что платится",
        description="{number} станет номером заявки.",
    )
    claims_greeting: Annotated[str | None, BeforeValidator(_empty_is_none)] = Field(
        default=None,
        max_length=1000,
        title="Заявки: приветствие",
        description="Что человек прочтёт после «Начать».",
    )
    claims_photo: bool = Field(
        default=False,
        title="Заявки: без фото или документа не принимать",
        description="Чек, скриншот или PDF.",
    )
    claims_per_day: int = Field(
        default=3,
        ge=1,
        le=100,
        title="Заявки: сколько за сутки от одного человека",
        description="Считаются отправленные.",
    )
    base_url: HttpAddress = Field(
        default="https://api.telegram.org",
        title="Адрес API",
        description="Меняют только для песочницы.",
    )
