"""One request to the Bot API, and what became of it.

Its form and that of its answer: core.telegram.org/bots/api, "Making requests". The token stands in
the path, so neither a path nor a request may be put into an error or a log.
"""

import functools
import json
from typing import Any

import httpx2

from uzel.connectors.telegram.codes import failure
from uzel.connectors.telegram.config import TOKEN, TelegramConfig
from uzel.errors import AuthFailed, CallFailed, ConfigError, OutcomeUnknown, Unavailable
from uzel.kit.http import ask, json_of

Content = dict[str, Any]


async def call(
    http: httpx2.AsyncClient,
    config: TelegramConfig,
    method: str,
    body: Content | None = None,
    *,
    effect: bool,
) -> Any:
    """`result` of the answer to `method`. Raises CallFailed, ConfigError."""
    token = token_of(config)
    response = await ask(
        http,
        "POST",
        f"/bot{token}/{method}",
        effect=effect,
        json=body or {},
        refusal=functools.partial(refusal, token=token),
    )
    content = json_of(response, effect=effect)
    if content.get("ok") is True:
        return content.get("result")
    lost = OutcomeUnknown if effect else Unavailable
    refused = failure(content, response.status_code, token) if content.get("ok") is False else None
    raise refused or lost("Telegram: в ответе нет ok", http_status=response.status_code)


def token_of(config: TelegramConfig) -> str:
    """The token as a path can carry it. Raises ConfigError."""
    token = config.token.get_secret_value()
    if not TOKEN.fullmatch(token):
        raise ConfigError("Telegram: это не токен бота, вставьте его заново")
    return token


def refusal(response: httpx2.Response, *, token: str) -> CallFailed | None:
    """What the body of an answer outside 2xx says; None leaves the word to the status."""
    status = response.status_code
    try:
        content = json.loads(response.content)
    except (ValueError, RecursionError):
        content = None
    if isinstance(content, dict) and content.get("ok") is False:
        return failure(content, status, token)
    if status == 404:
        return AuthFailed("Telegram: по адресу из настроек нет Bot API", http_status=status)
    return None
