"""The old address of amoCRM's hooks, over HTTP."""

import json

import httpx2
import pytest

from running_web import WebApp
from uzel.connections import manage
from uzel.web.amo2json import PATH

BODY = b"leads[update][0][id]=7&leads[update][0][name]=x"


@pytest.fixture
def key(web_app: WebApp) -> str:
    async def add() -> str:
        deps = web_app.deps
        values = {"base_url": "https://example.amocrm.ru", "access_token": "t"}
        async with deps.pool.acquire() as connection, connection.transaction():
            added = await manage.add(connection, deps.ring, "amocrm", "old", values)
        await deps.door._registry.refresh()
        assert added.key is not None
        return added.key

    return web_app.run(add)


def stored(web_app: WebApp) -> list[tuple[bytes, str]]:
    async def read() -> list[tuple[bytes, str]]:
        rows = await web_app.deps.pool.fetch(
            "select r.body, r.query from raw_event r join connection c on c.id = r.connection_id "
            "where c.connector = 'amocrm' order by r.id"
        )
        return [(row["body"], row["query"]) for row in rows]

    return web_app.run(read)


def post(web_app: WebApp, query: str, body: bytes = BODY) -> httpx2.Response:
    return httpx2.post(f"{web_app.url}{PATH}?{query}", content=body)


def test_it_is_the_hook_of_the_connection(web_app: WebApp, key: str) -> None:
    assert post(web_app, f"apikey={key}").status_code == 200
    hook = httpx2.post(f"{web_app.url}/api/webhook/amocrm?key={key}", content=BODY)
    assert hook.status_code == 200
    other = json.dumps({"lead": {"id": 8}}).encode()
    assert post(web_app, f"x=1&key={key}", other).status_code == 200
    assert stored(web_app) == [(BODY, ""), (other, "x=1")]


@pytest.mark.parametrize("query", ["", "apikey=", "apikey=wrong", "key=wrong", "key"])
def test_a_wrong_key_is_refused_as_by_hooks(web_app: WebApp, key: str, query: str) -> None:
    refused = post(web_app, query)
    hook = httpx2.post(f"{web_app.url}/api/webhook/amocrm?{query}", content=BODY)
    assert (refused.status_code, refused.content) == (hook.status_code, hook.content)
    assert refused.status_code == 401
    assert stored(web_app) == []


def test_what_is_no_body_of_amocrm_is_refused(web_app: WebApp, key: str) -> None:
    assert post(web_app, f"apikey={key}", b"\xff\xfe").status_code == 400
    assert httpx2.get(f"{web_app.url}{PATH}?apikey={key}").status_code == 405
    assert stored(web_app) == []
