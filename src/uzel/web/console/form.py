"""Reading a posted form, and nothing larger than one."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from fastapi import HTTPException
from starlette.requests import ClientDisconnect, Request

MOST_BYTES = 64 * 1024
MOST_FIELDS = 200
KIND = "application/x-www-form-urlencoded"


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields of a form; of a repeated one the last. Raises HTTPException 400, 413, 415."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != KIND:
        raise HTTPException(415)
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > MOST_BYTES:
                raise HTTPException(413)
            parts.append(part)
    except ClientDisconnect:
        raise HTTPException(400) from None
    try:
        fields = parse_qsl(
            b"".join(parts).decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise HTTPException(400) from None
    # A browser sends line ends as CR LF; NUL is no text and no database takes it.
    return {name: value.replace("\r\n", "\n").replace("\0", "") for name, value in fields}


def local_path(text: str | None) -> str:
    """Where to go back to: a path of ours, or `/`. `//elsewhere` and `/\\elsewhere` are other
    sites to a browser, and so is anything behind a control character it drops.
    """
    text = text or ""
    inside = text.startswith("/") and not text.startswith(("//", "/\\"))
    return text if inside and text.isprintable() and "\\" not in text else "/"
