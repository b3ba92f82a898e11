"""Reading a posted form, and nothing larger than one."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from urllib.parse import parse_qsl

from fastapi import HTTPException
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from uzel.kit.workbook import WORKBOOK, Unreadable, as_csv
from uzel.web.parts import in_utf8

MOST_BYTES = 64 * 1024
MOST_FIELDS = 200
KIND = "application/x-www-form-urlencoded"
# Forms with a file in them. The edge takes no request much larger than this.
WITH_FILE = "multipart/form-data"
TAKE_FILES = ("/business/stop-list/import", "/business/consents/import", "/leads/import")
# What takes workbooks gets their first sheet as text.
TAKE_WORKBOOKS = ("/leads/import",)
MOST_WITH_FILE = 1_000_000
# Who saves a table in Russia without a word about its encoding saves it in this one.
FOREIGN = "cp1251"


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields of a form, a file as its text; of a repeated one the last. Raises HTTPException
    400, 413, 415.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == WITH_FILE and request.url.path in TAKE_FILES:
            return await read_parts(request)
        if kind != KIND:
            raise HTTPException(415)
        body = b"".join([part async for part in limited(request, MOST_BYTES)])
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except (ClientDisconnect, ValueError, MultiPartException):
        raise HTTPException(400) from None
    return {name: clean(value) for name, value in fields}


async def limited(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    """The body, piece by piece. Raises HTTPException 413 where it is too large."""
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise HTTPException(413)
        yield part


async def read_parts(request: Request) -> Mapping[str, str]:
    """The fields of a form with a file in it; a file nobody chose is left out."""
    parser = MultiPartParser(
        in_utf8(request.headers),
        limited(request, MOST_WITH_FILE),
        max_files=1,
        max_fields=MOST_FIELDS,
        max_part_size=MOST_WITH_FILE,
    )
    form, fields = await parser.parse(), {}
    try:
        for name, value in form.multi_items():
            text = value if isinstance(value, str) else await text_of(request, await value.read())
            if text or not isinstance(value, UploadFile):
                fields[name] = clean(text)
    finally:
        await form.close()
    return fields


async def text_of(request: Request, data: bytes) -> str:
    """A file as text. A workbook that nobody can read is the beginning of one, nothing more."""
    if request.url.path not in TAKE_WORKBOOKS or not data.startswith(WORKBOOK):
        return decoded(data)
    try:
        return await asyncio.to_thread(as_csv, data)
    except Unreadable:
        return WORKBOOK.decode()


def decoded(data: bytes) -> str:
    """A text file as spreadsheets save it."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode(FOREIGN, "replace")


def clean(value: str) -> str:
    """A browser sends line ends as CR LF. NUL no database takes; it shows as what it is, for `5`
    with something behind it is not `5`.
    """
    return value.replace("\r\n", "\n").replace("\0", "\N{REPLACEMENT CHARACTER}")


def local_path(text: str | None) -> str:
    """Where to go back to: a path of ours, or `/`. `//elsewhere` and `/\\elsewhere` are other
    sites to a browser, and so is anything behind a control character it drops.
    """
    text = text or ""
    inside = text.startswith("/") and not text.startswith(("//", "/\\"))
    return text if inside and text.isprintable() and "\\" not in text else "/"
