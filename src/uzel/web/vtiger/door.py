"""The application at `/webservice.php`: whatever comes, an envelope of the protocol goes back."""

import logging

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from uzel.crm.refusal import Refused
from uzel.crm.sessions import Sessions
from uzel.kit.logs import without_text
from uzel.web.deps import Deps
from uzel.web.vtiger.envelope import UNKNOWN_ERROR, busy, done, refused
from uzel.web.vtiger.operation import Call
from uzel.web.vtiger.operations import OPERATIONS
from uzel.web.vtiger.parameters import COME_AGAIN, Said, read
from uzel.web.vtiger.room import Room
from uzel.web.vtiger.turns import Turns

# Clients put `/webservice.php` behind an address that may end in a slash already; the web server
# that vtiger usually stands behind makes one slash of two.
PATHS = ("/webservice.php", "/webservice.php/", "//webservice.php")
MOST_BYTES = 52_428_800 + 2 * 1024 * 1024
log = logging.getLogger("uzel.vtiger")


class VtigerDoor:
    """One for a web process."""

    def __init__(self, deps: Deps, room: Room) -> None:
        self._pool, self._ring, self._room = deps.pool, deps.ring, room
        self._sessions, self._turns = Sessions(deps.pool, deps.ring), Turns()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        """What is said to it, whatever goes wrong."""
        said: Said | None = None
        try:
            said = await read(request, MOST_BYTES, self._room)
            return done(await self._do(said))
        except Refused as error:
            return refused(error)
        except COME_AGAIN as error:
            log.warning("somebody was told to come again (%s)", type(error).__name__)
            return busy()
        except ClientDisconnect:
            raise
        except Exception as error:
            log.error("an operation failed: %s", type(error).__name__, exc_info=without_text(error))
            return refused(UNKNOWN_ERROR)
        finally:
            if said is not None:
                await said.close()

    async def _do(self, said: Said) -> object:
        operation = OPERATIONS.get(said.operation)
        if operation is None:
            raise Refused("UNKNOWN_OPERATION", "Unknown operation requested")
        session = said.session
        given = said.form if operation.by_post else said.query
        call = Call(
            self._pool,
            self._ring,
            self._sessions,
            said.method,
            given,
            session,
            said.files,
            turns=self._turns,
        )
        if not operation.is_open:
            if session is None:
                raise Refused("AUTHENTICATION_REQUIRED", "Authencation required")
            call.user = await self._sessions.user(session)
        return await operation.run(call)
