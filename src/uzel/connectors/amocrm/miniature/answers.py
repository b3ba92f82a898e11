"""How amoCRM answers: HAL, problems, and the pages of the server before it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from starlette.responses import Response

Json = dict[str, Any]

NO_MORE: Mapping[str, Any] = {}
# Codes and words of a refused value (amoCRM, "Error codes"; recorded answers of 2020 to 2025).
FAULTS: Mapping[str, str] = {
    "NotSupportedChoice": "The value you selected is not a valid choice.",
    "InvalidType": "This value should be of type {}.",
    "FieldMissing": "This field is missing.",
    "NotBlank": "This value should not be blank.",
    "NotNullable": "This value should not be null.",
    "NotValidUrl": "This value is not a valid URL.",
    "TooLong": "This value is too long.",
}


class Reply(NamedTuple):
    """An answer. A problem's media type has no charset: clients in use compare it as a whole."""

    status: int
    body: bytes = b""
    media_type: str = "application/hal+json"


class Refused(Exception):
    """A request that is answered by `reply` and changes nothing."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class Faults(list[Json]):
    """What is wrong with one item of a body."""

    def add(self, code: str, path: str, kind: str = "") -> None:
        """`kind`: the type that `InvalidType` asks for."""
        self.append({"code": code, "path": path, "detail": FAULTS[code].format(kind)})


NOTHING_FOUND = Reply(204)


def hal(content: Any, status: int = 200) -> Reply:
    return Reply(status, orjson.dumps(content))


def problem(status: int, title: str, detail: str, more: Mapping[str, Any] = NO_MORE) -> Reply:
    content = {
        **more,
        "title": title,
        "type": f"https://httpstatus.es/{status}",
        "status": status,
        "detail": detail,
    }
    return Reply(status, orjson.dumps(content), "application/problem+json")


def invalid(found: Sequence[tuple[Any, Faults]]) -> Reply:
    """(request id, what is wrong) of each item that is refused, and with it the whole body."""
    errors = [{"request_id": request_id, "errors": faults} for request_id, faults in found]
    more = {"validation-errors": errors}
    return problem(400, "Bad Request", "Request validation failed", more)


def invalid_value(code: str, path: str) -> Reply:
    """One wrong value in a body that is one object."""
    faults = Faults()
    faults.add(code, path)
    return invalid([("0", faults)])


def not_found(detail: str) -> Reply:
    return problem(404, "Not Found", detail)


def invalid_token() -> Reply:
    return problem(401, "Unauthorized", "Invalid user name or password")


def page(status: int, title: str) -> Reply:
    """What nginx answers before amoCRM has seen the request."""
    heading = f"{status} {title}"
    html = (
        f"<html>\r\n<head><title>{heading}</title></head>\r\n<body>\r\n"
        f"<center><h1>{heading}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>"
    )
    return Reply(status, html.encode(), "text/html")


def response(reply: Reply, more: Mapping[str, str] | None = None) -> Response:
    """`more`: further headers."""
    headers = {"content-type": reply.media_type} if reply.body else {}
    return Response(reply.body, reply.status, {**headers, **(more or {})})
