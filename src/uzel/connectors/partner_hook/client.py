"""One event to one receiver (Standard Webhooks, "Webhook delivery").

Whatever the receiver says, the event did not arrive as long as it was not a 2xx within 15 seconds:
a refusal of today may be a mistake that is mended tomorrow. Only 410 is an answer for good.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx2
import orjson

from uzel.connector import Answer
from uzel.connectors.partner_hook.config import PartnerHookConfig
from uzel.connectors.partner_hook.signing import sign, sign_within
from uzel.errors import CallFailed, RateLimited, Rejected, Unavailable
from uzel.kit.http import ask, retry_at
from uzel.kit.logs import HIDDEN, redact_text

GONE, TEST = "gone", "test"
# Of what a receiver says beside its status, so much is kept.
LONGEST_SAID = 200
LATER = (429, 503)
# A receiver that looks for its mistake may show what it compares with.
SECRET = re.compile(r"whsec_[\w+/=-]*")


async def deliver(
    http: httpx2.AsyncClient, config: PartnerHookConfig, arguments: Mapping[str, Any]
) -> Answer:
    """Post `body` (JSON text, byte for byte) as the event `id`, the same at every attempt; `type`
    and `subject` are for our journal. Without a body: an event of the type `test`.

    Answer: data {"status"}. Raises Rejected with the code `gone`, RateLimited where the receiver
    names a time, Unavailable.
    """
    now = datetime.now(UTC)
    event_id = str(arguments.get("id") or f"evt_{uuid4().hex}")
    body = str(arguments.get("body") or test_body(now)).encode()
    return await post(http, config, config.url, event_id, body, now)


async def notify(
    http: httpx2.AsyncClient, config: PartnerHookConfig, arguments: Mapping[str, Any]
) -> Answer:
    """Post `body` to `path` of the server, with a signature in it beside those in the headers: an
    object in the spelling of `signing.sign_within`, the same at every attempt. Answer and errors as
    `deliver`.
    """
    now = datetime.now(UTC)
    key = config.secret.get_secret_value()
    body = sign_within(key, str(arguments["body"]).encode())
    url = f"{config.base_url}{arguments['path']}"
    return await post(http, config, url, str(arguments["id"]), body, now)


async def post(
    http: httpx2.AsyncClient,
    config: PartnerHookConfig,
    url: str,
    event_id: str,
    body: bytes,
    now: datetime,
) -> Answer:
    timestamp = int(now.timestamp())
    headers = {
        "content-type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secrets_at(config, now), event_id, timestamp, body),
    }
    # Nothing here must not happen twice, so whatever was lost is simply not there.
    response = await ask(
        http, "POST", url, effect=False, content=body, headers=headers, refusal=refusal
    )
    return Answer(data={"status": response.status_code})


def test_body(now: datetime) -> str:
    """An event about nothing, to see whether the receiver takes it."""
    event = {"type": TEST, "timestamp": now, "data": {}}
    return orjson.dumps(event, option=orjson.OPT_UTC_Z).decode()


def secrets_at(config: PartnerHookConfig, now: datetime) -> list[str]:
    """What signs now: the secret, and for a while the one before it."""
    found = [config.secret.get_secret_value()]
    if config.old_secret and config.old_until and now < config.old_until:
        found.append(config.old_secret.get_secret_value())
    return found


def refusal(response: httpx2.Response) -> CallFailed:
    """What an answer outside 2xx means."""
    status = response.status_code
    detail = said_by(response)
    if status == 410:
        return Rejected(detail, code=GONE, http_status=status)
    if status in LATER and "retry-after" in response.headers:
        return RateLimited(detail, retry_at=retry_at(response), http_status=status)
    return Unavailable(detail, http_status=status)


def said_by(response: httpx2.Response) -> str:
    """The status, and the beginning of what came with it in one line."""
    text = response.content[: 4 * LONGEST_SAID].decode("utf-8", "replace")
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    said = SECRET.sub(HIDDEN, redact_text(line))[:LONGEST_SAID]
    return f"HTTP {response.status_code}: {said}" if said else f"HTTP {response.status_code}"
