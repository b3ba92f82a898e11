"""The key of fingerprints: made once, sealed, and the same after the master key was changed."""

import os

from uzel.kit.database import Connection
from uzel.kit.secrets import KEY_BYTES, KeyRing
from uzel.payouts import key_store as store

PLACE = "payouts/fingerprints"


async def fingerprint_key(connection: Connection, ring: KeyRing) -> bytes:
    """32 bytes. Raises ConfigError where the master key it was sealed with is gone."""
    sealed = await store.read(connection)
    if sealed is None:
        sealed = await store.keep(connection, ring.seal(os.urandom(KEY_BYTES), PLACE))
    return ring.open(sealed, PLACE)
