"""Action, token and parameters of a request: from its query, its form, its JSON, or all of them.

Of what comes twice, the form goes before the query, and both before JSON, as with the addresses
that partners have used so far; but JSON that submits leads says so itself.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from uzel.errors import PayloadInvalid
from uzel.kit.body import read_json
from uzel.web.parts import in_utf8

MOST_BYTES = 1024 * 1024
MOST_FIELDS = 200
MOST_FIELD_BYTES = 64 * 1024
FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data"
LEADS = "submit_partner_lead"


class TooLarge(Exception):
    """The body passes the limit."""


@dataclass(frozen=True, slots=True)
class Given:
    """What came, by carrier.

    json     the object of a JSON body, numbers with a fraction as Decimal; None: no JSON came
    problem  why the body could not be read; everything else was
    bearer   the token of the header Authorization
    """

    method: str
    address: str
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    json: Mapping[str, Any] | None = None
    problem: str | None = None
    bearer: str | None = None
    key: str | None = None

    def value(self, name: str) -> Any:
        """A parameter: text, or whatever JSON says; None where there is none."""
        for carrier in (self.form, self.query, self.json or {}):
            if name in carrier:
                return carrier[name]
        return None

    def text(self, name: str) -> str | None:
        """A parameter that is text."""
        found = self.value(name)
        return found if isinstance(found, str) else None

    @property
    def action(self) -> str | None:
        if self.json is not None and self.json.get("action") == LEADS:
            return LEADS
        return self.text("action")

    @property
    def token(self) -> tuple[str | None, bool]:
        """(the token, whether it stands in the address)."""
        if self.bearer is not None:
            return self.bearer, False
        in_url = "api_token" in self.query and "api_token" not in self.form
        return self.text("api_token"), in_url


async def read(request: Request) -> Given:
    """Read a request. Raises TooLarge, and ClientDisconnect."""
    method = request.method
    body = await read_body(request) if method == "POST" else b""
    query, problem = fields(request.scope["query_string"])
    form: Mapping[str, str] = {}
    json: Mapping[str, Any] | None = None
    if body:
        form, json, wrong = await read_content(request.headers, body)
        problem = problem or wrong
    return Given(
        method,
        request.client.host if request.client else "",
        query,
        form,
        json,
        problem,
        bearer_of(request.headers.get("authorization", "")),
        request.headers.get("idempotency-key"),
    )


async def read_body(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            raise TooLarge
        parts.append(part)
    return b"".join(parts)


async def read_content(
    headers: Headers, body: bytes
) -> tuple[Mapping[str, str], Mapping[str, Any] | None, str | None]:
    """(form, JSON, what is wrong). JSON is known by how it begins: some clients send it under the
    content type of a form.
    """
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == PARTS:
        form, problem = await read_parts(headers, body)
        return form, None, problem
    looks_like_json = body.lstrip(b" \t\r\n\xef\xbb\xbf")[:1] in (b"{", b"[")
    if kind == FORM and not looks_like_json:
        form, problem = fields(body)
        return form, None, problem
    if not looks_like_json and "json" not in kind:
        return {}, None, None
    try:
        read = read_json(body)
    except PayloadInvalid:
        return {}, None, "Invalid JSON payload."
    if not isinstance(read, dict):
        return {}, None, "Invalid JSON payload: an object is needed."
    return {}, read, None


def fields(text: bytes) -> tuple[Mapping[str, str], str | None]:
    """(the fields of a query or a form, of a repeated one the last; what is wrong)."""
    if not text:
        return {}, None
    try:
        pairs = parse_qsl(text.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:  # not UTF-8, or too many
        return {}, "The parameters could not be read."
    return dict(pairs), None


async def read_parts(headers: Headers, body: bytes) -> tuple[Mapping[str, str], str | None]:
    """The same of a multipart form. Files are no parameters."""

    async def stream() -> AsyncIterator[bytes]:
        yield body

    try:
        parser = MultiPartParser(
            in_utf8(headers),
            stream(),  # type: ignore[arg-type]
            max_files=10,
            max_fields=MOST_FIELDS,
            max_part_size=MOST_FIELD_BYTES,
        )
        form = await parser.parse()
    except (MultiPartException, ValueError, LookupError):
        return {}, "The form could not be read."
    try:
        return {name: value for name, value in form.multi_items() if isinstance(value, str)}, None
    finally:
        await form.close()


def bearer_of(header: str) -> str | None:
    """The token of `Authorization: Bearer …`."""
    scheme, _, token = header.partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


__all__ = ["LEADS", "ClientDisconnect", "Given", "TooLarge", "bearer_of", "read"]
