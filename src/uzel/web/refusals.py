"""Answers that are ready before anything was asked: for requests nobody will look into."""

import re

from uzel.events.door import BUSY, RETRY_AFTER_S
from uzel.web.hooks import PREFIX


def rendered(status: str, body: bytes, *more: str) -> bytes:
    """A whole answer with a JSON body."""
    lines = [f"HTTP/1.1 {status}", "content-type: application/json", *more]
    lines += [f"content-length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


# After these the connection ends: where the next request would begin is not known for sure.
CLOSING = {
    status: rendered(f"{status} {phrase}", b'{"error":"%s"}' % said, "connection: close")
    for status, phrase, said in (
        (400, "Bad Request", b"this is no request that can be read without doubt"),
        (408, "Request Timeout", b"the request did not arrive in time"),
        (413, "Content Too Large", b"the body is too large"),
        (431, "Request Header Fields Too Large", b"headers, trailers or chunk extensions"),
    )
}
BUSY_ANSWER = rendered("503 Service Unavailable", BUSY.body, f"retry-after: {RETRY_AFTER_S}")

# With another `connection` than keep-alive, and with the others of these at all, the message may
# not end where its length says, or the connection after it.
_LINE = (
    rb"(?:(?!content-length|transfer-encoding|connection:(?! ?keep-alive\r)|expect|upgrade)"
    rb"[!#$%&'*+.^_`|~0-9a-z-]+:[^\r\n\0]*\r\n)*"
)
_WEBHOOK = re.compile(
    rb"(?-i:POST %s[!-~]* HTTP/1\.1)\r\n%scontent-length: ?(\d{1,7})\r\n%s\r\n"
    % (re.escape(PREFIX.encode()), _LINE, _LINE),
    re.IGNORECASE,
)


def is_whole_webhook(data: bytes) -> bool:
    """Whether `data` is exactly one webhook request, with nothing missing and nothing after it."""
    head = _WEBHOOK.match(data)
    return head is not None and len(data) == head.end() + int(head[1])
