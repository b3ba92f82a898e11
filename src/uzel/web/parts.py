"""Forms in parts, their texts always in UTF-8.

A request may name any coding that Python knows, and some of those (`punycode`) take a time that
grows with the square of the text: a form of two megabytes would hold a process for minutes.
Browsers and PHP name none.
"""

from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException


def in_utf8(headers: Headers) -> Headers:
    """What the parser of a form is to know of it: where its parts end, and nothing else. Raises
    MultiPartException: it does not say.
    """
    kind, options = parse_options_header(headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if not boundary or b'"' in boundary or b"\\" in boundary:
        raise MultiPartException("Missing boundary in multipart.")
    return Headers(raw=[(b"content-type", kind + b'; boundary="' + boundary + b'"')])
