"""Applications of the old addresses: whatever comes, the answer is JSON with a `status`."""

import logging
from abc import ABC, abstractmethod

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from uzel.kit import database
from uzel.kit.batch import Full
from uzel.web.partner.carriers import TooLarge
from uzel.web.partner.reply import Refusal, Reply, retry_after

log = logging.getLogger("uzel.partner")

METHODS = ("GET", "HEAD", "POST")
RETRY_AFTER_S = 5
COME_AGAIN: tuple[type[BaseException], ...] = (Full, *database.PASSING)


class Answering(ABC):
    """An ASGI application of one address."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        try:
            reply = await self.answer(Request(scope, receive))
        except ClientDisconnect:
            return
        headers = {"content-type": "application/json", **reply.headers}
        await Response(reply.body, reply.status, headers)(scope, receive, send)

    async def answer(self, request: Request) -> Reply:
        """What is said to it, whatever goes wrong."""
        try:
            return await self.do(request)
        except Refusal as refused:
            return refused.reply()
        except TooLarge:
            return Refusal("body_too_large", "The body is larger than 1 MiB.").reply()
        except COME_AGAIN as error:
            log.warning("somebody was told to come again (%s)", type(error).__name__)
            text = "Not available now. Please try again later."
            return Refusal("unavailable", text, headers=retry_after(RETRY_AFTER_S)).reply()
        except ClientDisconnect:
            raise
        except Exception:
            log.exception("a request to an old address failed")
            return Refusal("internal_error", "An error of ours.").reply()

    @abstractmethod
    async def do(self, request: Request) -> Reply:
        """Do what is asked. Raises reply.Refusal, carriers.TooLarge, ClientDisconnect, and what the
        database raises.
        """


def demand_method(request: Request) -> None:
    """Raises Refusal for methods that nobody uses here."""
    if request.method not in METHODS:
        allowed = {"allow": ", ".join(METHODS)}
        raise Refusal("method_not_allowed", "Invalid request method.", headers=allowed)
