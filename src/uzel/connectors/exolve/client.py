"""What we may ask of MTS Exolve to send (docs.exolve.ru, SMS API), and WhatsApp by guesses.

Nothing guards against doubles: no key, no reference of ours. A lost answer is looked up in the list
of messages, see `listing`; none of the sends may be repeated.
"""

from collections.abc import Mapping
from typing import Any

import httpx2

from uzel.connector import Answer
from uzel.connectors.exolve.answers import Content, call, digits_of, message_id_of
from uzel.connectors.exolve.config import ExolveConfig
from uzel.errors import ConfigError, OutcomeUnknown, Rejected

Arguments = Mapping[str, Any]


async def send_sms(http: httpx2.AsyncClient, config: ExolveConfig, arguments: Arguments) -> Answer:
    """Text `text` to `phone` (E.164). Answer: reference = message_id.

    In the request `number` is the sender and `destination` the recipient (SendSMS). Raises
    ConfigError and every CallFailed but ContractBroken.
    """
    if not config.sms or config.api_key is None or config.sender is None:
        raise ConfigError("Exolve: для SMS включите их в настройках, введите ключ и отправителя")
    body = {
        "number": config.sender,
        "destination": digits_of(arguments["phone"]),
        "text": arguments["text"],
    }
    key = config.api_key.get_secret_value()
    content = await call(http, key, "/messaging/v1/SendSMS", body, effect=True)
    return accepted(content)


async def send_whatsapp(
    http: httpx2.AsyncClient, config: ExolveConfig, arguments: Arguments
) -> Answer:
    """UNVERIFIED. Text `text` to `phone` (E.164). Answer: reference = message_id.

    Path and fields are guesses: Exolve documents no WhatsApp. Raises ConfigError unless the setting
    `whatsapp_unverified` is on.
    """
    key, sender_id = whatsapp_account(config)
    body = {
        "sender_id": sender_id,
        "destination": digits_of(arguments["phone"]),
        "text": arguments["text"],
    }
    return accepted(await call(http, key, config.whatsapp_send_path, body, effect=True))


async def send_whatsapp_template(
    http: httpx2.AsyncClient, config: ExolveConfig, arguments: Arguments
) -> Answer:
    """UNVERIFIED, as `send_whatsapp`. The template `template` to `phone`; `language` has no place
    in the guessed request. `parameters` and `buttons` have none either, and a template without its
    values must not reach anybody, so they are refused.
    """
    key, sender_id = whatsapp_account(config)
    if arguments.get("parameters") or arguments.get("buttons"):
        raise Rejected(
            "Exolve: в угаданном запросе нет места для значений шаблона; нужен шаблон без них",
            code="parameters",
        )
    body = {
        "sender_id": sender_id,
        "destination": digits_of(arguments["phone"]),
        "template_name": arguments["template"],
    }
    return accepted(await call(http, key, config.whatsapp_template_path, body, effect=True))


def whatsapp_account(config: ExolveConfig) -> tuple[str, str]:
    """(key, sender_id). Raises ConfigError."""
    if not config.whatsapp_unverified:
        raise ConfigError(
            "Exolve: WhatsApp выключен, потому что не проверен; его включает настройка "
            "«Включить непроверенный WhatsApp»"
        )
    key = config.whatsapp_api_key or config.api_key
    if key is None or config.whatsapp_sender_id is None:
        raise ConfigError("Exolve: для WhatsApp нужны API-ключ и отправитель WhatsApp")
    return key.get_secret_value(), config.whatsapp_sender_id


def accepted(content: Content) -> Answer:
    """An answer without a readable id proves nothing: OutcomeUnknown."""
    reference = message_id_of(content.get("message_id"))
    if reference is None:
        raise OutcomeUnknown("Exolve: в ответе нет номера сообщения")
    return Answer(reference=reference)
