"""`/modules/Webforms/capture.php`: forms of a site, posted by browsers and programs without a
session. Source: originals, B3.

JSON goes back, or JavaScript where a `callback` is named, or the person goes back to the form's own
return address. What the form says never becomes part of a page, a script or an address.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import quote, unquote_plus, urlsplit

from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from uzel.crm import form_store, phone_codes
from uzel.crm.catalogue import modules_of
from uzel.crm.file_kind import NotTaken
from uzel.crm.files import Given
from uzel.crm.forms import CODE, Form, FormRefused, take
from uzel.crm.forms import said as said_in
from uzel.crm.refusal import Refused
from uzel.crm.users import CODE_PLACE
from uzel.crm.values import known_by_phone
from uzel.kit.database import Connection
from uzel.kit.logs import without_text
from uzel.people.manage import network_of
from uzel.web.allowance import Allowance
from uzel.web.deps import Deps
from uzel.web.vtiger.door import MOST_BYTES, log
from uzel.web.vtiger.envelope import busy
from uzel.web.vtiger.parameters import COME_AGAIN, Said, read
from uzel.web.vtiger.room import Room
from uzel.web.vtiger.storage import REFUSALS

PATH = "/modules/Webforms/capture.php"
CALLBACK = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*(?:\.[A-Za-z_$][A-Za-z0-9_$]*){0,5}")
LONGEST_CALLBACK = 100
# From one address: a site's own program posts for all its visitors.
MOST_POSTS, PER_S = 600, 600.0
NOT_FOUND, FAILED = "Webform not found.", "Unknown Error while processing request"


class CaptureDoor:
    """One for a web process."""

    def __init__(self, deps: Deps, room: Room) -> None:
        self._pool, self._ring, self._room = deps.pool, deps.ring, room
        self._allowance = Allowance(MOST_POSTS, PER_S)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        request = Request(scope, receive)
        whose = network_of(request.client.host) if request.client else ""
        if request.method not in ("GET", "POST"):
            response = Response(status_code=405, headers={"allow": "GET, POST"})
        elif not self._allowance.take(whose):
            response = Response(status_code=429, headers={"retry-after": "60"})
        else:
            try:
                response = await self._answer(request)
            except ClientDisconnect:
                return
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        """What is said to it, whatever goes wrong."""
        given: dict[str, str] = {}
        form: Form | None = None
        said: Said | None = None
        try:
            said = await read(request, MOST_BYTES, self._room)
            given = given_in(said)
            row = await form_store.by_public_id(self._pool, given.get("publicid", "")[:64])
            if row is None:
                raise FormRefused(NOT_FOUND)
            form = Form.of(row)
            demand_callback(given)
            await self._take(form, row, given, said)
        except COME_AGAIN:
            return busy()
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 - the answer to whoever posted
            return answer(form, given, message_of(error))
        finally:
            if said is not None:
                await said.close()
        return answer(form, given, None)

    async def _take(self, form: Form, row: Any, given: dict[str, str], said: Said) -> None:
        uploads = {name: given_file(one) for name, one in said.files.items() if one.filename}
        key = self._ring.open(row["code_key"], CODE_PLACE.format(form.business_id))
        async with self._pool.acquire() as connection:
            # Kept whatever becomes of the form: else a code could be guessed here without end.
            async with connection.transaction():
                confirmed = await is_confirmed(connection, form, given, key)
            async with connection.transaction():
                modules = await modules_of(connection, form.business_id)
                await take(connection, form, modules, given, uploads, key, confirmed=confirmed)


async def is_confirmed(
    connection: Connection, form: Form, given: Mapping[str, str], key: bytes
) -> bool:
    """Whether a form may be taken as far as its phone goes. A wrong code is counted, so the
    caller's transaction has to be kept either way. Raises FormRefused.
    """
    if not (form.confirms and form.is_open):
        return True
    text = said_in(form, given)
    phone, code = known_by_phone(text.get("mobile", "")) or "", text.get(CODE, "")
    return await phone_codes.is_confirmed(connection, key, form.business_id, phone, code)


def given_in(said: Said) -> dict[str, str]:
    """What was posted, the form before the address; with `urlencodeenable` names come encoded."""
    given = {**said.query, **said.form}
    if given.get("urlencodeenable") == "1":
        given |= {"_".join(unquote_plus(name).split()): value for name, value in given.items()}
    return given


def given_file(upload: UploadFile) -> Given:
    """A file of the form."""
    return Given(upload.filename or "", upload.size or 0, cast(Any, upload.file))


def message_of(error: Exception) -> str:
    """What the site is told."""
    if isinstance(error, FormRefused | Refused):
        return error.message
    if isinstance(error, NotTaken):
        return REFUSALS[error.reason][1]
    log.error("a form failed: %s", type(error).__name__, exc_info=without_text(error))
    return FAILED


def answer(form: Form | None, given: dict[str, str], message: str | None) -> Response:
    """Back to the site, or to its script."""
    if form is not None and form.return_url:
        return Response(status_code=302, headers={"location": back(form.return_url, message)})
    said: dict[str, Any] = {"success": message is None}
    said |= {"result": "ok"} if message is None else {"error": {"message": message}}
    text = json.dumps(said)
    callback = given.get("callback", "")
    if not callback:
        return Response(text, headers={"content-type": "application/json"})
    if not is_callback(callback):
        return Response(text, 400, headers={"content-type": "application/json"})
    # The comment keeps other programs from taking the answer for something of theirs.
    script = f"/**/{callback}({text});"
    headers = {
        "content-type": "application/javascript",
        "cross-origin-resource-policy": "cross-origin",
    }
    return Response(script, headers=headers)


def is_callback(name: str) -> bool:
    """Whether a script may be called so."""
    return len(name) <= LONGEST_CALLBACK and CALLBACK.fullmatch(name) is not None


def demand_callback(given: Mapping[str, str]) -> None:
    """Before anything is written. Raises FormRefused."""
    if (callback := given.get("callback", "")) and not is_callback(callback):
        raise FormRefused("callback is no name of a function")


def back(url: str, message: str | None) -> str:
    """The form's own address, with how it went."""
    parts = urlsplit(url)
    how = "success=ok" if message is None else f"error={quote(message, safe='')}"
    query = f"{parts.query}&{how}" if parts.query else how
    return parts._replace(query=query).geturl()
