"""Signatures of Standard Webhooks (standard-webhooks.md, "Signature scheme").

    webhook-signature: v1,<base64 of HMAC-SHA256(secret, "{id}.{timestamp}.{body}")>

Several signatures stand side by side, separated by spaces, while one secret takes the place of
another. A secret is written as `whsec_` and base64 of 24 to 64 bytes.

Who cannot read headers finds a signature inside the body, too, see `sign_within`.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable

PREFIX, VERSION = "whsec_", "v1"
SHORTEST, LONGEST, USUAL = 24, 64, 32


class SecretInvalid(ValueError):
    """A text is no secret of this scheme. Its message never shows the text."""


def new_secret() -> str:
    """A secret nobody can guess."""
    return PREFIX + base64.b64encode(secrets.token_bytes(USUAL)).decode()


def secret_bytes(secret: str) -> bytes:
    """The key within a secret. Raises SecretInvalid."""
    if not secret.startswith(PREFIX):
        raise SecretInvalid("a secret begins with whsec_")
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise SecretInvalid("what follows whsec_ is base64") from None
    if not SHORTEST <= len(key) <= LONGEST:
        raise SecretInvalid(f"a secret has {SHORTEST} to {LONGEST} bytes")
    return key


def sign(keys: Iterable[str], event_id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`, by each of the secrets `keys`; `timestamp` in seconds."""
    signed = f"{event_id}.{timestamp}.".encode() + body
    parts = []
    for key in keys:
        digest = hmac.new(secret_bytes(key), signed, hashlib.sha256).digest()
        parts.append(f"{VERSION},{base64.b64encode(digest).decode()}")
    return " ".join(parts)


def sign_within(key: str, body: bytes) -> bytes:
    """The JSON object `body` with one field more, `signature`: HMAC-SHA256, in hex, of `body` as it
    is without it. That has its names in order at every depth and no spaces, so a receiver that
    takes the field out and writes the rest down in that way has the same bytes.
    """
    digest = hmac.new(secret_bytes(key), body, hashlib.sha256).hexdigest()
    return body.removesuffix(b"}") + f',"signature":"{digest}"}}'.encode()
