"""A request of the reference, really made: through the whole web process, as from outside."""

from dataclasses import dataclass
from typing import Any

import httpx2
import orjson

from uzel.web.cabinet.desk import Desk, address_of
from uzel.web.cabinet.examples import FORM, Example

LONGEST = 20_000
TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. text: at most LONGEST characters of it; `is_cut`: there was more."""

    name: str
    status: int
    phrase: str
    text: str
    is_cut: bool


async def ask(desk: Desk, example: Example) -> Answer:
    """Make a request that changes nothing, with a token that is good for this one alone."""
    assert example.reads
    web: Any = desk.request.app.state.web
    # The client's own address goes along: who may not call from there may not try from there.
    transport = httpx2.ASGITransport(
        app=web, raise_app_exceptions=False, client=(address_of(desk.request), 0)
    )
    headers = dict(example.headers)
    if example.body:
        headers.setdefault("content-type", FORM)
    url = desk.deps.settings.url
    async with httpx2.AsyncClient(transport=transport, base_url=url, timeout=TIMEOUT_S) as client:
        with desk.deps.partners.gate.lend(desk.caller) as token:
            headers["authorization"] = f"Bearer {token}"
            answer = await client.request(
                example.method, example.path, headers=headers, content=example.body or None
            )
    text = indented(answer.content)
    cut = text[:LONGEST]
    return Answer(example.name, answer.status_code, answer.reason_phrase, cut, cut != text)


def indented(content: bytes) -> str:
    """JSON with its structure to be seen; what is none as it is."""
    try:
        return orjson.dumps(orjson.loads(content), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return content.decode("utf-8", "replace")
