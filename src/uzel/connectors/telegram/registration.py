"""Having Telegram post to us (core.telegram.org/bots/api, "setWebhook")."""

import httpx2

from uzel.connectors.telegram.api import call
from uzel.connectors.telegram.config import TelegramConfig
from uzel.errors import Rejected

# What `webhook.parse` reads; the others are not even sent.
UPDATES = ("message", "callback_query")


async def register(http: httpx2.AsyncClient, config: TelegramConfig, url: str) -> None:
    """Have updates of this bot posted to `url`, with the secret of the settings, and nowhere else:
    a bot has one address. What waited for the former one comes here. Raises CallFailed; Rejected
    without a secret, since nothing that came would be taken.
    """
    if config.webhook_secret is None:
        raise Rejected("Telegram: сначала впишите «Секрет вебхука»", code="webhook_secret")
    body = {
        "url": url,
        "secret_token": config.webhook_secret.get_secret_value(),
        "allowed_updates": list(UPDATES),
    }
    await call(http, config, "setWebhook", body, effect=True)
