"""Having Meta post the messages of one number to us (Meta, "Webhook overrides", 2026-06).

The address of the whole app can be entered by a person only. A number may have an address of its
own besides: Meta then posts what concerns its messages there, and all else to the app's.
"""

import httpx2

from uzel.connectors.meta.api import call
from uzel.connectors.meta.config import MetaConfig
from uzel.errors import Rejected


async def register(http: httpx2.AsyncClient, config: MetaConfig, url: str) -> None:
    """Have statuses and messages of this number posted to `url`, and no longer to where they went
    before. Meta asks `url` for its challenge before it agrees.
    """
    if config.verify_token is None or config.app_secret is None:
        raise Rejected(
            "WhatsApp: сначала впишите «Verify token» и «Секрет приложения»", code="verify_token"
        )
    override = {
        "override_callback_uri": url,
        "verify_token": config.verify_token.get_secret_value(),
    }
    body = {"webhook_configuration": override}
    await call(http, config, "POST", config.phone_number_id, effect=True, body=body)
