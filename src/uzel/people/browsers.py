"""Browsers from which somebody has signed in before.

Who guesses at a login makes it wait for everybody, its owner too. So a browser that has once proved
the password keeps a cookie that says so, and its attempts are counted apart: strangers cannot keep
the owner out, and a stolen cookie buys as few guesses as an address does (OWASP, "Slow Down Online
Guessing Attacks with Device Cookies").
"""

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass

from uzel.errors import ConfigError
from uzel.kit.secrets import KeyRing, fingerprint

LASTS_S = 365 * 24 * 3600
LONGEST_COOKIE = 300
_NUMBER, _MARK, _TIME = 16, 8, 8


@dataclass(frozen=True, slots=True)
class KnownBrowser:
    """What a cookie proves of the browser that sent it, for the login it was asked about."""

    number: bytes
    mark: bytes

    @property
    def bucket(self) -> str:
        """Where its failures are counted."""
        return f"browser:{fingerprint(self.number.hex()).hex()}"

    def fits(self, password_hash: str) -> bool:
        """Whether the password is still the one that was proved. A new one forgets all browsers, or
        who knew the old one could have made himself as many of them as he likes.
        """
        return secrets.compare_digest(self.mark, mark_of(password_hash))


def new_cookie(ring: KeyRing, login: str, password_hash: str) -> str:
    """A cookie for a browser that has just proved this password."""
    now = int(time.time()).to_bytes(_TIME)
    plain = secrets.token_bytes(_NUMBER) + mark_of(password_hash) + now
    return base64.urlsafe_b64encode(ring.seal(plain, place(login))).decode()


def read_cookie(ring: KeyRing, login: str, cookie: str) -> KnownBrowser | None:
    """What the cookie proves for this login (as `manage.plain` gives it); None if nothing: it is
    not ours, too old, or another login's.
    """
    if not cookie or len(cookie) > LONGEST_COOKIE:
        return None
    try:
        plain = ring.open(base64.b64decode(cookie, b"-_", validate=True), place(login))
    except (ConfigError, ValueError):
        return None
    number, mark, at = plain[:_NUMBER], plain[_NUMBER:-_TIME], int.from_bytes(plain[-_TIME:])
    return KnownBrowser(number, mark) if time.time() - at < LASTS_S else None


def mark_of(password_hash: str) -> bytes:
    """Tells two passwords of a person apart, and nothing about either."""
    return hashlib.sha256(b"uzel browser" + password_hash.encode()).digest()[:_MARK]


def place(login: str) -> str:
    """The associated data that binds a cookie to its login."""
    return f"browser/{login}"
