"""Entering the address for delivery reports at SMS.ru ("callback", sms.ru/api/callback)."""

import httpx2

from uzel.connectors.smsru.client import call, callback_add, callback_del, registered
from uzel.connectors.smsru.config import SmsruConfig


async def register(http: httpx2.AsyncClient, config: SmsruConfig, url: str) -> None:
    """Have reports posted to `url`, and no longer to addresses that differ from it in their query
    only: those carry an earlier key of ours, and SMS.ru would repeat each report to them for days.
    The handlers of others stay. The new address comes first, so that no report is missed.
    """
    await callback_add(http, config, {"url": url})
    for address in registered(await call(http, config, "/callback/get", {})):
        if address != url and address.partition("?")[0] == url.partition("?")[0]:
            await callback_del(http, config, {"url": address})
