"""What a request says, read as PHP reads it.

Source: konsol-and-vtiger, B1. The query and the form are two places: an operation takes its
parameters from one of them only, but `operation` and the session from either, the form first. A
form comes urlencoded or as multipart; a body of JSON is not read at all. Of what comes twice the
last counts, and what is no text (`x[]=1`) counts as not given.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from uzel.crm.refusal import Refused
from uzel.kit import database
from uzel.people.manage import network_of
from uzel.web.parts import in_utf8
from uzel.web.vtiger.room import Room

FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data"
# Clients of coreBOS, which comes of vtiger, say their session nowhere else.
SESSION_HEADER = "corebos-authorization"
MOST_FORM_BYTES = 2 * 1024 * 1024
MOST_FIELDS, MOST_FILES = 1000, 20
NOT_READ = Refused("INTERNAL_SERVER_ERROR", "Unknown Error while processing request")
TOO_LARGE = Refused(
    "ACCESS_DENIED", "Allowed files size exceeded. Allowed file size including all files is 50MB."
)
# As PHP renames what could be no name of a variable.
RENAMED = str.maketrans({".": "_", " ": "_"})


@dataclass(slots=True)
class Said:
    """A request, to be closed by whoever asked for it. `header`: a session named there."""

    method: str
    query: Mapping[str, str]
    form: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, UploadFile] = field(default_factory=dict)
    leave: Callable[[], None] = lambda: None
    header: str = ""

    async def close(self) -> None:
        """Let go of the files, and of the room that they took."""
        for one in self.files.values():
            await one.close()
        self.leave()

    def either(self, name: str) -> str:
        """A parameter from the form or the query; empty where there is none."""
        return self.form.get(name) or self.query.get(name, "")

    @property
    def operation(self) -> str:
        """Which operation is asked for; capitals do not count."""
        return self.either("operation").lower()

    @property
    def session(self) -> str | None:
        """The session's name, from the form, the query or the header."""
        given = {"sessionName": self.header}
        return session_of(self.form) or session_of(self.query) or session_of(given)


def session_of(given: Mapping[str, str]) -> str | None:
    """The name of a session. The site's documentation calls it `sessionId` in one place."""
    for name in ("sessionName", "sessionId"):
        found = given.get(name, "")
        if found and found.lower() != "null":
            return found
    return None


class TooLarge(Exception):
    """The body passes the limit."""


class NoRoom(Exception):
    """Too many large bodies are on their way."""


COME_AGAIN: tuple[type[BaseException], ...] = (NoRoom, *database.PASSING)


async def read(request: Request, most_bytes: int, room: Room) -> Said:
    """Read a request of at most so many bytes. Raises Refused, NoRoom and ClientDisconnect."""
    query = pairs(request.scope["query_string"])
    said = Said(request.method, query, header=request.headers.get(SESSION_HEADER, ""))
    if request.method != "POST":
        return said
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == PARTS:
        try:
            await read_parts(request, said, most_bytes, room)
        except BaseException:
            await said.close()
            raise
    elif kind == FORM:
        said.form = pairs(await read_body(request))
    return said


def pairs(said: bytes) -> dict[str, str]:
    """The parameters of a query or of a form. Raises Refused: too many."""
    try:
        found = parse_qsl(
            said.decode(errors="replace"),
            keep_blank_values=True,
            max_num_fields=MOST_FIELDS,
            errors="replace",
        )
    except ValueError:
        raise NOT_READ from None
    return {name.translate(RENAMED): value for name, value in found if "[" not in name}


async def read_body(request: Request) -> bytes:
    """Raises Refused: too large."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_FORM_BYTES:
            raise NOT_READ
        parts.append(part)
    return b"".join(parts)


async def read_parts(request: Request, said: Said, most_bytes: int, room: Room) -> None:
    """The form and the files of a multipart body; files that are not small lie on disk."""

    async def stream() -> AsyncGenerator[bytes, None]:
        size, entered = 0, False
        async for part in request.stream():
            size += len(part)
            if size > most_bytes:
                raise TooLarge
            if size > MOST_FORM_BYTES and not entered:
                entered, said.leave = True, entered_by(request, room)
            yield part

    try:
        parser = MultiPartParser(
            in_utf8(request.headers),
            stream(),
            max_files=MOST_FILES,
            max_fields=MOST_FIELDS,
            max_part_size=MOST_FORM_BYTES,
        )
        keep(await parser.parse(), said)
    except TooLarge:
        raise TOO_LARGE from None
    except (MultiPartException, ValueError, LookupError):
        raise NOT_READ from None


def entered_by(request: Request, room: Room) -> Callable[[], None]:
    """How to leave the room again. Raises NoRoom."""
    leave = room.enter(network_of(request.client.host) if request.client else "")
    if leave is None:
        raise NoRoom
    return leave


def keep(form: FormData, said: Said) -> None:
    """Texts and files apart."""
    form_fields: dict[str, str] = {}
    files: dict[str, UploadFile] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            files[name] = value
        elif "[" not in name:
            form_fields[name.translate(RENAMED)] = value
    said.form, said.files = form_fields, files
