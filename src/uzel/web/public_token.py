"""Who may use the addresses of the cron: whoever has its token."""

import hmac
import time
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request

from uzel.events.door import NOBODY, Door, Reply
from uzel.kit.secrets import fingerprint
from uzel.web.console.form import KIND, read_form

WRONG = Reply(403, b"", "cron")
MOST_WRONG = 10
WITHIN_S = 600.0
MOST_KEPT = 10_000


class Guesses:
    """Wrong tokens, by the address they came from. Each web process counts for itself."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: dict[str, tuple[float, int]] = {}

    def wait_s(self, address: str) -> int:
        """How long this address has to wait before it is listened to again; 0: not at all."""
        since, count = self._wrong.get(address, (0.0, 0))
        left = since + WITHIN_S - self._clock()
        return int(left) + 1 if count >= MOST_WRONG and left > 0 else 0

    def note(self, address: str) -> None:
        """Another wrong one."""
        now = self._clock()
        since, count = self._wrong.pop(address, (now, 0))
        if now - since >= WITHIN_S:
            since, count = now, 0
        self._wrong[address] = (since, count + 1)
        if len(self._wrong) > MOST_KEPT:
            del self._wrong[next(iter(self._wrong))]


async def demand(request: Request, secret: str, guesses: Guesses, door: Door) -> None:
    """Raises HTTPException 403 for a wrong token, counted among what was turned away, and 429 where
    too many came from the same address: no token is looked at then.
    """
    address = request.client.host if request.client else ""
    if wait_s := guesses.wait_s(address):
        again = {"retry-after": str(wait_s)}
        raise HTTPException(429, f"too many wrong tokens; again in {wait_s} s", again)
    given = await token_in(request)
    if not hmac.compare_digest(fingerprint(given), fingerprint(secret)):
        guesses.note(address)
        door.turn_away(NOBODY, WRONG)
        raise HTTPException(403, "the token is not the one in CRON_SECRET")


async def token_in(request: Request) -> str:
    """The parameter `token`, of the query or of a posted form; empty where there is none."""
    token = request.query_params.get("token", "")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not token and request.method == "POST" and kind == KIND:
        form = await read_form(request)
        request.state.form = form
        token = form.get("token", "")
    return token
