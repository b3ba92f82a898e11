"""Answers of the protocol: HTTP 200 whether done or refused, in JSON as PHP writes it.

Source: konsol-and-vtiger, B1 (`json_encode` escapes all that is not ASCII, and slashes).
"""

import json
from typing import Any

from starlette.responses import Response

from uzel.crm.refusal import Refused

UNKNOWN_ERROR = Refused("INTERNAL_SERVER_ERROR", "Unknown Error while processing request")


def done(result: Any) -> Response:
    """What an operation gave."""
    return answer({"success": True, "result": result})


def refused(error: Refused, status: int = 200) -> Response:
    """Why it did not. Another status than the protocol's: at addresses that are none of its own."""
    said = {"code": error.code, "message": error.message}
    return answer({"success": False, "error": said}, status)


def answer(envelope: Any, status: int = 200) -> Response:
    """With the header that clients know."""
    text = json.dumps(envelope, separators=(",", ":")).replace("/", "\\/")
    return Response(text, status, headers={"content-type": "application/json"})


def busy() -> Response:
    """The same again, a little later, will do."""
    return Response(status_code=503, headers={"retry-after": "5"})
