"""What is answered at the old address: JSON with `status`, as partners' programs read it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from uzel.web.partner.codes import CODES


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: a status, JSON, and headers beside the usual ones."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """Not done. `message`: what partners' programs show; `more`: further fields."""

    def __init__(
        self,
        code: str,
        message: str,
        more: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.more = more or {}
        self.headers = headers or {}

    def reply(self) -> Reply:
        """It as an answer. `status` is a word of its own where there is too little money."""
        said = self.code if self.code == "insufficient_funds" else "error"
        content = {"status": said, "message": self.message, **self.more, "error_code": self.code}
        return Reply(CODES[self.code].status, orjson.dumps(content), self.headers)


def ok(**content: Any) -> Reply:
    """Done."""
    return Reply(200, orjson.dumps({"status": "success", **content}))


def retry_after(seconds: int) -> dict[str, str]:
    return {"retry-after": str(seconds)}


def clock(at: datetime) -> str:
    """`2026-11-20 22:49:21`, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
