"""Codes from an SMS by which a person confirmed a phone: kept as keyed digests."""

import hashlib
import hmac

from uzel.crm import code_store as store
from uzel.kit.database import Connection


async def keep_code(connection: Connection, key: bytes, record_id: int, code: str) -> None:
    """The newest code of a record; the one before it is good no more."""
    await store.keep(connection, record_id, digest_of(key, record_id, code))


def is_code(key: bytes, record_id: int, code: str, digest: bytes) -> bool:
    """Whether this is a record's code."""
    return hmac.compare_digest(digest_of(key, record_id, code), digest)


def digest_of(key: bytes, record_id: int, code: str) -> bytes:
    """Of the code as people copy it: spaces around it do not count."""
    return hmac.digest(key, f"code:{record_id}:{code.strip()}".encode(), hashlib.sha256)
