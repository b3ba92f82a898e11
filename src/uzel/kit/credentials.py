"""Names that look like a credential's: one rule for what is stored of a request and for log fields.

Better one field too many left out than one key in a backup. A signature proves one message and
opens nothing, so it is no credential here.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

HIDDEN = "***"
_PARTS = re.compile(
    r"token|secret|passw|passphrase|pwd|credential|cookie|bearer|jwt|sess(?:ion|id)|apiid|apilogin"
    # authorization, x-auth, oauth; not author
    r"|auth(?!or(?!i[sz]))"
)
_ENDS = ("key", "keys", "pass")
_REST = re.compile(r"[^a-z0-9]+")


# Longer names are not worth remembering, and whoever sends them is not to decide what is.
MOST_REMEMBERED = 64


def is_credential(name: str) -> bool:
    """Whether a header, parameter or field of this name may hold a credential: `Key`, `api_key`,
    `X-Access-Token`, `clientSecret`. Case and separators make no difference.
    """
    return remembered(name) if len(name) <= MOST_REMEMBERED else looks_like_one(name)


def looks_like_one(name: str) -> bool:
    """The rule."""
    bare = _REST.sub("", name.lower())
    if bare.endswith("idempotencykey"):
        return False
    return bare.endswith(_ENDS) or _PARTS.search(bare) is not None


remembered = lru_cache(maxsize=1024)(looks_like_one)


def without_credentials(path: str, params: Mapping[str, Any]) -> str:
    """A path with those of its parameters hidden that may be credentials: Telegram wants the token
    of a bot there.
    """
    for name, value in params.items():
        if value and is_credential(name):
            path = path.replace(str(value), HIDDEN)
    return path
