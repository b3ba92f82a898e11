"""Answers and refusals in the words of Meta's Graph API, for the sandbox."""

import base64
import secrets
from collections.abc import Mapping
from typing import Any

Content = dict[str, Any]

# code → HTTP status, title, details (Meta, "Error codes"; recorded answers).
REFUSALS: Mapping[int, tuple[int, str, str | None]] = {
    2: (500, "An unexpected error occurred. Please retry your request", None),
    4: (429, "Application request limit reached", None),
    100: (400, "Invalid parameter", None),
    190: (401, "Invalid OAuth access token - Cannot parse access token", None),
    200: (403, "Your app does not have permission to access this resource", None),
    2500: (400, "Unknown path components", None),
    80007: (400, "There have been too many calls to this WhatsApp Business account", None),
    130429: (429, "Rate limit hit", "Cloud API message throughput has been reached."),
    131000: (500, "Something went wrong", "Message failed to send because of an unknown error."),
    131008: (400, "Required parameter is missing", None),
    131009: (400, "Parameter value is not valid", None),
    131016: (500, "Service unavailable", "Temporarily unavailable. Please try again later."),
    131026: (400, "Message undeliverable", "Message Undeliverable."),
    131030: (400, "Recipient phone number not in allowed list", None),
    131047: (400, "Re-engagement message", "More than 24 hours have passed since the last reply."),
    131048: (400, "Spam rate limit hit", "There are restrictions on this phone number."),
    131049: (400, "This message was not delivered to maintain healthy ecosystem engagement.", None),
    131050: (400, "User has stopped marketing messages", None),
    131056: (
        400,
        "(Business Account, Consumer Account) pair rate limit hit",
        "Too many messages from this number to the same number in a short period of time.",
    ),
    131057: (500, "Account in maintenance mode", None),
    132000: (400, "Number of parameters does not match the expected number of params", None),
    132001: (404, "Template name does not exist in the translation", None),
    132012: (400, "Parameter format does not match format in the created template", None),
    132015: (400, "Template is paused", None),
    132016: (400, "Template is disabled", None),
}
UNLISTED = (400, "Error", None)


class Refused(Exception):
    """A request that is refused. `subcode` stands beside codes of Graph itself."""

    def __init__(self, code: int, details: str | None = None, subcode: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.details = details
        self.subcode = subcode

    @property
    def status(self) -> int:
        return REFUSALS.get(self.code, UNLISTED)[0]

    @property
    def content(self) -> Content:
        """The body, as Graph words it."""
        _, title, details = REFUSALS.get(self.code, UNLISTED)
        error: Content = {
            "message": f"(#{self.code}) {title}",
            "type": "OAuthException",
            "code": self.code,
            "fbtrace_id": f"A{secrets.token_urlsafe(16)}",
        }
        if shown := self.details or details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": shown}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.code in (2, 4):
            error["is_transient"] = True
        return {"error": error}


def error_in_status(code: int) -> Content:
    """An entry of `statuses[].errors`."""
    _, title, details = REFUSALS.get(code, UNLISTED)
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": details or title},
        "href": "https://developers.facebook.com/documentation/business-messaging/whatsapp/",
    }


def new_wamid() -> str:
    """An id of the shape and length of Meta's."""
    return f"wamid.HBgL{base64.b64encode(secrets.token_bytes(36)).decode()}"
