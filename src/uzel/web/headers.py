"""What every answer but the hooks' carries: a request id, and headers that keep browsers careful.

A handler that sets one of these headers itself has the last word.
"""

import secrets

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from uzel.kit import logs

# No script or style in the page itself, nothing from elsewhere, no frames.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
SECURITY = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # With `no-referrer` browsers would send `Origin: null` along with our own forms.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    # Answers hold phones and texts; what may be kept says so itself.
    "cache-control": "no-store",
}
# Only where the installation's public address is https: a year.
HTTPS_ONLY = {"strict-transport-security": "max-age=31536000"}


class Headers:
    """ASGI middleware. `https`: people reach this installation over https only.

    Handlers find the request id in `request.state.request_id`; log lines of the request carry it.
    """

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._headers = SECURITY | HTTPS_ONLY if https else SECURITY

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and complete the head of the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = f"req-{secrets.token_hex(8)}"
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        token = logs.request_id.set(request_id)
        try:
            await self._app(scope, receive, send_complete)
        finally:
            logs.request_id.reset(token)
