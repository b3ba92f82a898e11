"""`/storage/…`: a document's file, read and replaced under the path that programs were told.

The site puts the person's real file where its placeholder lies (originals, B2): `PUT` with the
session, the content as the body. What is answered is the envelope of the protocol, with a status.
"""

import contextlib
import tempfile
from collections.abc import Mapping
from typing import BinaryIO, cast
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from uzel.crm import files
from uzel.crm.catalogue import modules_of
from uzel.crm.file_kind import TEXT, NotTaken
from uzel.crm.record import Writer
from uzel.crm.refusal import Refused
from uzel.crm.sessions import Sessions, User
from uzel.web.deps import Deps
from uzel.web.vtiger.envelope import busy, done, refused
from uzel.web.vtiger.operation import SOURCE
from uzel.web.vtiger.parameters import COME_AGAIN, entered_by, pairs, session_of
from uzel.web.vtiger.room import Room

PREFIX = "/storage/"
IN_MEMORY = 1024 * 1024
LONGEST_PATH = 200
NOTHING = Refused("RECORD_NOT_FOUND", "Record you are trying to access is not found")
# What a file can be refused for: status and words.
REFUSALS: Mapping[str, tuple[int, str]] = {
    "type": (415, "the file is none of the kinds that are kept: PDF, JPEG, PNG, WebP"),
    "no_room": (507, "no more files are taken by forms today"),
    "damaged": (415, "the file begins as a PDF and is none to its end"),
    "other_type": (415, "a file is replaced by one of its own kind"),
    "too_large": (413, "a file has at most 50 MB"),
    "empty": (422, "the file is empty"),
}


class StorageDoor:
    """One for a web process."""

    def __init__(self, deps: Deps, room: Room) -> None:
        self._pool, self._room = deps.pool, room
        self._sessions = Sessions(deps.pool, deps.ring)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        try:
            response = await self._answer(Request(scope, receive))
        except ClientDisconnect:
            return
        except COME_AGAIN:
            response = busy()
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        """What is said to it."""
        if request.method not in ("GET", "HEAD", "PUT"):
            return Response(status_code=405, headers={"allow": "GET, HEAD, PUT"})
        try:
            user = await self._user(request)
        except Refused as error:
            return refused(error, 401)
        path = request.scope["path"].removeprefix("/")
        if len(path) > LONGEST_PATH or not path.isascii() or "\0" in path:
            return refused(NOTHING, 404)
        if request.method == "PUT":
            return await self._put(request, user, path)
        kept = await files.find(self._pool, user.business_id, path)
        return refused(NOTHING, 404) if kept is None else self._get(request, kept)

    async def _user(self, request: Request) -> User:
        """Whose session it is: in the address, or in the header Authorization. Raises Refused."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        bearer = token.strip() if scheme.lower() == "bearer" else None
        session = bearer or session_of(pairs(request.scope["query_string"]))
        if not session:
            raise Refused("AUTHENTICATION_REQUIRED", "Authencation required")
        return await self._sessions.user(session)

    def _get(self, request: Request, kept: files.Kept) -> Response:
        headers = file_headers(kept)
        if request.method == "HEAD":
            return Response(headers=headers)
        return StreamingResponse(files.content(self._pool, kept), headers=headers)

    async def _put(self, request: Request, user: User, path: str) -> Response:
        """The body goes to the disk first: a slow line holds no connection to the database."""
        if await files.find(self._pool, user.business_id, path) is None:
            return refused(NOTHING, 404)
        with (
            tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as spooled,
            contextlib.ExitStack() as inside,
        ):
            inside.callback(entered_by(request, self._room))
            size = 0
            async for part in request.stream():
                size += len(part)
                if size > files.MOST_BYTES:
                    return not_taken(NotTaken("too_large"))
                spooled.write(part)
            given = files.Given("", size, cast(BinaryIO, spooled))
            return await self._replace(user, path, given)

    async def _replace(self, user: User, path: str, given: files.Given) -> Response:
        writer = Writer(user.business_id, user.id, f"crm:{user.login}", SOURCE, user.strict)
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                modules = await modules_of(connection, user.business_id)
                kept = await files.replace(connection, writer, modules["Documents"], path, given)
        except NotTaken as error:
            return not_taken(error)
        except Refused:  # deleted in this very moment
            kept = None
        if kept is None:
            return refused(NOTHING, 404)
        return done(
            {
                "path": kept.path,
                "version": kept.version,
                "size": kept.size,
                "sha256": kept.sha256.hex(),
            }
        )


def not_taken(error: NotTaken) -> Response:
    """Why a file is not kept."""
    status, words = REFUSALS[error.reason]
    return refused(Refused("ACCESS_DENIED", words), status)


def file_headers(kept: files.Kept) -> dict[str, str]:
    """Of a file that nobody but the asker shall see, and that no browser shall run."""
    name, is_text = quote(kept.name), kept.media_type == TEXT
    return {
        "content-type": f"{kept.media_type}; charset=utf-8" if is_text else kept.media_type,
        "content-length": str(kept.size),
        "content-disposition": f"attachment; filename*=UTF-8''{name}",
        "content-security-policy": "default-src 'none'; sandbox",
        "etag": f'"{kept.sha256.hex()[:32]}"',
    }
