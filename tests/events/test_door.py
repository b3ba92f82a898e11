"""The door, over HTTP: what comes in, what does not, and what is left of each in the database."""

import asyncio
import json
import socket
import threading
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from door_server import DoorServer
from parts import report, visit
from uzel.events.door import MOST_KEPT_BYTES
from uzel.events.receive import Raw
from uzel.kit import database

WRONG = "hook_wrong"
MOST_BYTES = 1024 * 1024


def body(**changes: Any) -> bytes:
    """A new event each time."""
    return json.dumps([{**visit(str(uuid4()), phone=None), **changes}]).encode()


def padded(size: int) -> bytes:
    """An event of exactly so many bytes."""
    event = json.dumps([visit(str(uuid4()), phone=None)]).encode()
    return event + b" " * (size - len(event))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Api-Key": "{key}"},
        {"x-api-key": "{key}"},
        {"Authorization": "Bearer {key}"},
        {"Authorization": "bearer  {key}"},
        {"Authorization": "{key}"},
        {"Authorization": "Basic cHJveHk6cHJveHk=", "X-Api-Key": "{key}"},
    ],
    ids=str,
)
def test_the_key_may_come_in_the_query_or_in_either_header(
    door: DoorServer, headers: dict[str, str]
) -> None:
    before = door.stored()
    sent = {name: value.format(key=door.hub.iiko_key) for name, value in headers.items()}
    params = {} if headers else {"key": door.hub.iiko_key}
    answer = door.http.post("/api/webhook/iiko", params=params, headers=sent, content=body())
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert door.stored() == before + 1


@pytest.mark.parametrize(
    ("connector", "params", "headers"),
    [
        ("iiko", {}, {}),
        ("iiko", {"key": ""}, {}),
        ("iiko", {"key": WRONG}, {}),
        ("iiko", {"key": WRONG}, {"X-Api-Key": "{key}"}),
        ("iiko", {"KEY": "{key}"}, {}),
        ("iiko", {"key": "{key}x"}, {}),
        ("iiko", {"key": "{key}\x00"}, {}),
        ("iiko", {}, {"X-Api-Key": ""}),
        ("iiko", {}, {"X-Api-Key": WRONG}),
        ("iiko", {}, {"Authorization": "Bearer"}),
        ("iiko", {}, {"Authorization": f"Bearer {WRONG}"}),
        ("iiko", {}, {"Authorization": "Token {key}"}),
        ("iiko", {}, {"Cookie": "key={key}"}),
        ("smsru", {"key": "{key}"}, {}),
        ("rkeeper", {"key": "{key}"}, {}),
        ("", {"key": "{key}"}, {}),
        ("iiko%2F..%2Fiiko", {"key": "{key}"}, {}),
        ("%00", {"key": "{key}"}, {}),
        ("x" * 5000, {"key": "{key}"}, {}),
    ],
    ids=str,
)
def test_without_the_right_key_nothing_comes_in(
    door: DoorServer, connector: str, params: dict[str, str], headers: dict[str, str]
) -> None:
    before, counted = door.stored(), sum(door.refused().values())
    key = door.hub.iiko_key
    answer = door.http.post(
        f"/api/webhook/{connector}",
        params={name: value.format(key=key) for name, value in params.items()},
        headers={name: value.format(key=key) for name, value in headers.items()},
        content=body(),
    )
    assert answer.status_code == 401
    assert key not in answer.text and WRONG not in answer.text
    assert door.stored() == before
    assert sum(door.refused().values()) == counted + 1


def test_a_connection_without_a_key_lets_nobody_in(door: DoorServer) -> None:
    hub = door.hub
    kept = door.run(
        lambda: hub.pool.fetchval("select key_hash from connection where id = $1", hub.iiko)
    )

    async def set_hash(value: bytes | None) -> None:
        await hub.pool.execute("update connection set key_hash = $2 where id = $1", hub.iiko, value)
        await hub.registry.refresh()

    door.run(lambda: set_hash(None))
    try:
        for key in (hub.iiko_key, "", "None", "null"):
            assert door.post(body(), key=key).status_code == 401
    finally:
        door.run(lambda: set_hash(kept))
    assert door.post(body()).status_code == 200


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"{}", 200),
        (b"[]", 200),
        (b"null", 200),
        (b'"a text"', 200),
        (b'\xef\xbb\xbf{"eventType":"x"}', 200),
        (b'[{"name":"\\ud83d"}]', 200),
        (b'[{"name":"\\u0000"}]', 200),
        (b'[{"n":1e999}]', 200),
        (b"", 400),
        (b"   ", 400),
        (b"{", 400),
        (b"<xml/>", 400),
        (b"a=1&b=2", 400),
        (b'{"a":NaN}', 400),
        (b'{"a":Infinity}', 400),
        (b'{"name":"\xff\xfe"}', 400),
        (b'{"name":"\xed\xa0\xbd"}', 400),
        (b'{"name":"a\x00b"}', 400),
        ("{}".encode("utf-16"), 400),
        (b"[" * 100_000 + b"]" * 100_000, 400),
        (b"9" * 100_000, 200),
    ],
    ids=lambda value: repr(value[:24]) if isinstance(value, bytes) else str(value),
)
def test_a_body_is_json_or_is_refused_and_counted(
    door: DoorServer, sent: bytes, status: int
) -> None:
    before = door.stored()
    counted = door.refused().get(("iiko", "body"), 0)
    answer = door.post(sent, headers={"x-nonce": str(uuid4())})
    assert answer.status_code == status
    assert door.stored() == before + (status == 200)
    assert door.refused().get(("iiko", "body"), 0) == counted + (status == 400)


def test_a_form_must_be_signed(door: DoorServer) -> None:
    hub = door.hub
    good = report(hub.api_id, ("202647-1", 103, 1795165600))
    assert door.post(good, "smsru").text == "100"
    before = door.stored()
    for bad in (
        report("another account", ("202647-2", 103, 1795165600)),
        good.replace(b"103", b"104"),
        b"data[0]=sms_status",
        b"hash=",
    ):
        assert door.post(bad, "smsru").status_code == 401
    for nothing in (b"", b"\xff=%ff", b"&" * 20_000):
        assert door.post(nothing, "smsru").status_code in (400, 401)
    assert door.stored() == before
    assert door.refused()["smsru", "signature"] >= 4


def test_the_limit_is_a_mebibyte_to_the_byte(door: DoorServer) -> None:
    before = door.stored()
    assert door.post(padded(MOST_BYTES)).status_code == 200
    for size in (MOST_BYTES + 1, 8 * MOST_BYTES):
        answer = door.post(padded(size))
        assert (answer.status_code, answer.headers["connection"]) == (413, "close")
    assert door.stored() == before + 1


@pytest.mark.parametrize("over", [0, 1])
def test_the_limit_holds_without_a_content_length_too(door: DoorServer, over: int) -> None:
    whole = padded(MOST_BYTES + over)
    chunks = (whole[start : start + 70_001] for start in range(0, len(whole), 70_001))
    before = door.stored()
    answer = door.http.post("/api/webhook/iiko", params={"key": door.hub.iiko_key}, content=chunks)
    assert answer.status_code == (413 if over else 200)
    assert door.stored() == before + (not over)


@pytest.mark.parametrize("length", ["99999999999", "1048577", "-1", "abc"])
def test_a_length_that_is_too_much_or_none_is_refused_before_the_body(
    door: DoorServer, length: str
) -> None:
    head = (
        f"POST /api/webhook/iiko?key={door.hub.iiko_key} HTTP/1.1\r\nhost: x\r\n"
        f"content-length: {length}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", door.port), timeout=20) as raw:
        raw.sendall(head.encode())
        status = raw.recv(100).split(b" ")[1]
    assert status in (b"413", b"400")


def test_a_sender_that_hangs_up_leaves_nothing(door: DoorServer) -> None:
    before = door.stored()
    head = f"POST /api/webhook/iiko?key={door.hub.iiko_key} HTTP/1.1\r\nhost: x\r\n"
    for tail in ("content-length: 100\r\n\r\n[{", "transfer-encoding: chunked\r\n\r\n2\r\n[]\r\n"):
        with socket.create_connection(("127.0.0.1", door.port), timeout=20) as raw:
            raw.sendall((head + tail).encode())
    assert door.post(body()).status_code == 200
    assert door.stored() == before + 1


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])
def test_only_post_is_taken(door: DoorServer, method: str) -> None:
    answer = door.http.request(method, "/api/webhook/iiko", params={"key": door.hub.iiko_key})
    assert answer.status_code == 405


def test_the_same_request_is_stored_once_and_answered_alike(door: DoorServer) -> None:
    before = door.stored()
    same = body()
    answers = [door.post(same) for _ in range(3)]
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, b'{"ok":true}')}
    assert door.stored() == before + 1
    # Another query is another request, and so is another body; headers make no difference.
    key = {"key": door.hub.iiko_key}
    door.http.post("/api/webhook/iiko", params={**key, "x": "1"}, content=same)
    door.http.post("/api/webhook/iiko", params=key, content=same, headers={"x-try": "2"})
    door.post(same + b" ")
    assert door.stored() == before + 3


def test_the_end_of_a_body_is_not_taken_for_a_query(door: DoorServer) -> None:
    before = door.stored()
    number = str(uuid4().int).replace("0", "7")  # each end of it is JSON
    key = {"key": door.hub.iiko_key}
    door.http.post(f"/api/webhook/iiko?{number[:9]}", params=key, content=number[9:].encode())
    for cut in (5, 9, 12):
        door.http.post(
            "/api/webhook/iiko", params={**key, "q": number[:cut]}, content=number[cut:].encode()
        )
    door.http.post("/api/webhook/iiko", params=key, content=number.encode())
    assert door.stored() == before + 5


def test_absurd_headers_and_queries_do_no_harm(door: DoorServer) -> None:
    before = door.stored()
    answer = door.http.post(
        f"/api/webhook/iiko?a=%00&b=%ff%fe&key={door.hub.iiko_key}&c=%ED%A0%80&%6b%65%79=x&;;&&=",
        content=body(),
        headers=[
            (b"x-bytes", b"\xff\xfe\x80 caf\xc3\xa9"),
            (b"x-long", b"l" * 8000),
            (b"x-twice", b"1"),
            (b"x-twice", b"2"),
            (b"x-empty", b""),
            (b"x-forwarded-for", b"not an address, \xff"),
            *((f"x-{number}".encode(), b"v") for number in range(80)),
        ],
    )
    assert answer.status_code == 200
    assert door.stored() == before + 1
    row = door.run(
        lambda: door.hub.pool.fetchrow("select * from raw_event order by id desc limit 1")
    )
    assert row is not None
    assert json.loads(row["headers"])["x-long"] == "l" * 8000
    assert row["query"] == "a=%00&b=%ff%fe&c=%ED%A0%80&;;&&="


def test_headers_are_kept_within_bounds(door: DoorServer) -> None:
    """What was sent first is kept."""
    long = [(f"x-{number}", "v" * 1000) for number in range(50)]
    assert door.post(body(), headers=[("x-first", "1"), *long]).status_code == 200
    kept = last_stored(door)["headers"]
    assert kept["x-first"] == "1" and kept["x-0"] == "v" * 1000 and "x-49" not in kept
    assert sum(len(name) + len(value) for name, value in kept.items()) <= MOST_KEPT_BYTES


def last_stored(door: DoorServer) -> dict[str, Any]:
    """Query and headers of the newest raw event."""
    row = door.run(
        lambda: door.hub.pool.fetchrow(
            "select query, headers from raw_event order by id desc limit 1"
        )
    )
    assert row is not None
    return {"query": row["query"], "headers": json.loads(row["headers"])}


@pytest.mark.parametrize(
    "query",
    [
        *("Key={}", "KEY={}", "api_key={}", "apikey={}", "apiKey={}", "token={}", "TOKEN={}"),
        *("access_token={}", "secret={}", "auth={}", "hook%5Fkey={}", "%54oken={}", "x[token]={}"),
        *("password={}&pwd={}", "session={}", "x=1;token={}"),
    ],
)
def test_what_looks_like_a_credential_in_the_query_is_not_stored(
    door: DoorServer, query: str
) -> None:
    """Whatever its value: it need not be the key of this hook."""
    sent = f"a=1&{query.format('s3cr3t', 's3cr3t')}&key={door.hub.iiko_key}&b=2"
    assert door.http.post(f"/api/webhook/iiko?{sent}", content=body()).status_code == 200
    assert last_stored(door)["query"] == "a=1&b=2"


@pytest.mark.parametrize(
    "name",
    [
        *("x-access-token", "X-Secret", "x-auth-token", "X-Api-Token", "apikey", "x-hook-key"),
        *("X-Session-Id", "x-amz-security-token", "X-Client-Secret", "set-cookie", "X-Auth"),
    ],
)
def test_what_looks_like_a_credential_in_the_headers_is_not_stored(
    door: DoorServer, name: str
) -> None:
    headers = {name: "s3cr3t", "x-author": "Ivan", "x-signature": "f00d"}
    assert door.post(body(), headers=headers).status_code == 200
    kept = last_stored(door)["headers"]
    assert "s3cr3t" not in kept.values()
    assert (kept["x-author"], kept["x-signature"]) == ("Ivan", "f00d")


@pytest.mark.parametrize("where", ["query", "x-api-key", "authorization"])
def test_the_key_is_stored_under_no_name(door: DoorServer, where: str) -> None:
    key = door.hub.iiko_key
    encoded = key.replace("_", "%5f")
    query = f"a=1&mine={key}&{key}&{encoded}=1&to=https://h/%3fkey%3D{encoded}&b=2"
    headers = {"x-mine": key, "x-deep": f"1,{encoded};2", "x-other": "1"}
    if where == "query":
        query += f"&key={key}"
    else:
        headers[where] = key
    answer = door.http.post(f"/api/webhook/iiko?{query}", content=body(), headers=headers)
    assert answer.status_code == 200
    stored = last_stored(door)
    assert stored["query"] == "a=1&b=2"
    assert stored["headers"]["x-other"] == "1"
    assert {"x-mine", "x-deep"}.isdisjoint(stored["headers"])


def test_the_key_is_stored_nowhere(door: DoorServer) -> None:
    hub = door.hub
    for name in ("authorization", "x-api-key", "cookie", "proxy-authorization"):
        door.post(body(), headers={name: f"Bearer {hub.iiko_key}"})
    door.post(
        body(),
        headers={
            "x-original-uri": f"/api/webhook/iiko?key={hub.iiko_key}",
            "referer": f"https://hub.example/?a=1&key={hub.iiko_key}",
            "x-encoded": hub.iiko_key.replace("_", "%5F"),
        },
    )
    door.http.post(f"/api/webhook/iiko?x=1&%6Bey={hub.iiko_key}&key={hub.iiko_key}", content=body())
    door.post(b"not json")
    door.post(body(), key=hub.iiko_key + "x")
    door.refused()
    text = door.run(lambda: everything(hub.pool))
    assert hub.iiko_key not in text and hub.iiko_key.replace("_", "%5F") not in text
    assert "x-original-uri" not in text and '"user-agent"' in text


async def everything(pool: Any) -> str:
    """Every value of every table as text, bytes included."""
    tables = await pool.fetch(
        "select quote_ident(table_name) as name from information_schema.tables "
        "where table_schema = 'public'"
    )
    text = ""
    for table in tables:
        for row in await pool.fetch(f"select t::text as t from {table['name']} as t"):
            text += row["t"] + "\n"
    bodies = await pool.fetch("select body from raw_event")
    return text + "".join(row["body"].decode("latin-1") for row in bodies)


def test_many_at_once_are_all_stored_before_they_are_answered(door: DoorServer) -> None:
    """Every 200 is a row, and rows share transactions."""
    bodies = [body() for _ in range(300)]
    answered: list[bytes] = []
    before = door.stored()
    url = f"http://127.0.0.1:{door.port}/api/webhook/iiko"

    def send(mine: list[bytes]) -> None:
        with httpx2.Client(timeout=30, trust_env=False) as http:
            for one in mine:
                answer = http.post(url, params={"key": door.hub.iiko_key}, content=one)
                if answer.status_code == 200:
                    answered.append(one)

    threads = [threading.Thread(target=send, args=(bodies[n::12],)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = door.run(
        lambda: door.hub.pool.fetch(
            "select body from raw_event where body = any($1::bytea[])", bodies
        )
    )
    assert len(answered) == 300
    assert {row["body"] for row in rows} == set(bodies)
    assert door.stored() == before + 300


def test_when_it_cannot_store_it_asks_to_come_again(door: DoorServer) -> None:
    """The table is held by somebody, and what waits for it has filled the room."""
    hub = door.hub

    async def fill() -> list[asyncio.Future[int | None]]:
        waiting = []
        while not hub.door.full:
            raw = Raw(hub.iiko, uuid4().bytes, None, "", "{}", uuid4().bytes)
            waiting.append(hub.door._receiver.store(raw))
            await asyncio.sleep(0)
        return waiting

    async def hold() -> database.Connection:
        holder = await hub.pool.acquire()
        await holder.execute("begin; lock table raw_event in access exclusive mode")
        return holder

    async def release(holder: database.Connection) -> None:
        await holder.execute("rollback")
        await hub.pool.release(holder)  # type: ignore[arg-type]

    holder = door.run(hold)
    try:
        waiting = door.run(fill)
        answer = door.post(body())
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    finally:
        door.run(lambda: release(holder))

    async def ends() -> list[int | None]:
        return await asyncio.gather(*waiting)

    assert None not in door.run(ends)
    assert door.post(body()).status_code == 200
    assert door.refused()["iiko", "busy"] >= 1
