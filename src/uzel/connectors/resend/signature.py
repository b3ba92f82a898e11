"""The signature on Resend's webhooks: Svix's, which is also that of Standard Webhooks.

`v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`, with the secret that follows `whsec_` in
base64. While a secret is being replaced a request carries several, separated by spaces
(docs.svix.com/receiving/verifying-payloads/how-manual; standardwebhooks.com).
"""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

from uzel.errors import SignatureInvalid

PREFIX = "whsec_"
VERSION = "v1,"
TOLERANCE_S = 300.0
# Theirs have 24. A key of a few bytes, or of none, could be guessed.
SHORTEST_KEY = 16
MOST_SIGNATURES = 16
# Svix's names and those of Standard Webhooks.
FAMILIES = ("svix", "webhook")

ID = re.compile(r"[0-9A-Za-z_.-]{1,128}")
TIMESTAMP = re.compile(r"[0-9]{9,10}")


def signing_key(secret: str) -> bytes:
    """The bytes a `whsec_…` stands for. Raises SignatureInvalid."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureInvalid("the configured secret is not base64") from error
    if len(key) < SHORTEST_KEY:
        raise SignatureInvalid("the configured secret is too short")
    return key


def sign(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    """One entry of the signature header."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return VERSION + base64.b64encode(hmac.digest(key, signed, sha256)).decode()


def message_id(headers: Mapping[str, str]) -> str | None:
    """What a message is known by, however often it is sent."""
    found = _headers(headers)[0]
    return found if ID.fullmatch(found) else None


def check(headers: Mapping[str, str], body: bytes, key: bytes, received_at: datetime) -> None:
    """Raises SignatureInvalid unless the sender knows `key` and signed within five minutes of
    `received_at`: an old request could be somebody's replay.
    """
    sent_id, timestamp, signatures = _headers(headers)
    if not ID.fullmatch(sent_id) or not TIMESTAMP.fullmatch(timestamp):
        raise SignatureInvalid("no svix-id and svix-timestamp in the headers")
    sent_at = datetime.fromtimestamp(int(timestamp), UTC)
    if abs((received_at - sent_at).total_seconds()) > TOLERANCE_S:
        raise SignatureInvalid("the timestamp is more than five minutes off")
    expected = sign(key, sent_id, timestamp, body).encode()
    given = signatures.split(" ", MOST_SIGNATURES)[:MOST_SIGNATURES]
    # All are compared, so that the time taken tells nothing.
    matches = [hmac.compare_digest(one.encode("utf-8", "replace"), expected) for one in given]
    if not any(matches):
        raise SignatureInvalid("the signature does not match")


def _headers(headers: Mapping[str, str]) -> tuple[str, str, str]:
    """id, timestamp and signatures, all of one family; empty where they are missing."""
    family = next((name for name in FAMILIES if f"{name}-id" in headers), FAMILIES[0])
    part = (headers.get(f"{family}-{name}", "") for name in ("id", "timestamp", "signature"))
    return next(part), next(part), next(part)
