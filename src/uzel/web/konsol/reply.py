"""What is answered: `{"success", "data", "message"}`, and of a refusal its `code`."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

from uzel.web.konsol.words import CODES

JSON = "application/json"


class NotDone(Exception):
    """A refusal. `code`: one of `words.CODES`; `about`: further fields; `said`: in place of the
    usual words.
    """

    def __init__(
        self,
        code: str,
        said: str | None = None,
        about: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.said = said
        self.about = about or {}
        self.headers = headers or {}

    def response(self) -> Response:
        known = CODES[self.code]
        content = {
            "success": False,
            "data": None,
            "message": self.said or known.said,
            "code": self.code,
            **self.about,
        }
        return Response(orjson.dumps(content), known.status, dict(self.headers), JSON)


def done(data: Any, message: str) -> Response:
    return Response(content_of(data, message), 200, media_type=JSON)


def content_of(data: Any, message: str) -> bytes:
    """The body of a good answer."""
    return orjson.dumps({"success": True, "data": data, "message": message})
