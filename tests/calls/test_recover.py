"""Calls without an answer: looked up where the provider can tell, else left to a person."""

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from parts import RING, Sandbox, go, new_phone, open_hub
from uzel.calls import recover, store
from uzel.calls.closing import Closed
from uzel.calls.plan import Plan, plan
from uzel.calls.recover import Choice
from uzel.calls.runner import Runner
from uzel.connections import store as connections_store
from uzel.connections.registry import Registry
from uzel.connector import Answer, Checked, Config, Connector, Operation
from uzel.errors import UzelError
from uzel.kit import database
from uzel.kit.http import ask

ON = date(2026, 11, 20)


class PostConfig(Config):
    """Settings of the test's own provider."""

    base_url: str


async def send(http: httpx2.AsyncClient, config: PostConfig, arguments: Any) -> Answer:
    """Ask for a parcel; the answer is lost whenever the post wants it to be."""
    response = await ask(http, "POST", "/parcels", effect=True, json=dict(arguments))
    return Answer(reference=response.json()["id"])


async def find(
    http: httpx2.AsyncClient, config: PostConfig, reference: str, arguments: Any
) -> Answer | None:
    """Whether the parcel with our own reference exists."""
    response = await ask(http, "POST", "/search", effect=False, json={"ours": arguments["ours"]})
    if response.content == b"nonsense":
        raise KeyError("a bug in a look_up")
    found = response.json()["id"]
    return Answer(reference=found) if found else None


POST = Connector(
    name="post",
    title="Post",
    config=PostConfig,
    operations={
        "send": Operation("send", send, ("ours",), Checked.DOCUMENTATION, ON, look_up=find),
        "slow": Operation(
            "slow", send, ("ours",), Checked.DOCUMENTATION, ON, look_up=find, settles_after_s=180.0
        ),
        "stamp": Operation("stamp", send, ("ours",), Checked.DOCUMENTATION, ON, repeatable=True),
        "blind": Operation("blind", send, ("ours",), Checked.DOCUMENTATION, ON),
    },
    rate_per_s=1000.0,
)


@dataclass
class Post:
    """A provider over HTTP. `sends` says what becomes of the next requests, `searches` likewise."""

    url: str
    parcels: list[str] = field(default_factory=list)
    sends: list[str] = field(default_factory=list)
    searches: list[str] = field(default_factory=list)
    searched: int = 0

    def send(self, ours: str) -> bytes | None:
        """The answer, or None for an answer that is lost."""
        fate = self.sends.pop(0) if self.sends else "good"
        if fate != "lost before":
            self.parcels.append(ours)
        return None if fate.startswith("lost") else json.dumps({"id": f"p-{ours}"}).encode()

    def search(self, ours: str) -> bytes | None:
        self.searched += 1
        fate = self.searches.pop(0) if self.searches else "good"
        if fate == "busy":
            return b""
        if fate != "good":
            return b"nonsense" if fate == "nonsense" else None
        return json.dumps({"id": f"p-{ours}" if ours in self.parcels else None}).encode()


@pytest.fixture
def post() -> Iterator[Post]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            answer = {"/parcels": made.send, "/search": made.search}[self.path](asked["ours"])
            if answer is None:
                self.close_connection = True
                return
            self.send_response(200 if answer else 429)
            self.send_header("content-length", str(len(answer)))
            self.send_header("retry-after", "600")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Post(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


@dataclass
class Desk:
    """A connection to the post, and who makes its calls."""

    pool: database.Pool
    registry: Registry
    runner: Runner
    connection_id: int
    told: list[tuple[str, str]]

    async def ask(self, operation: str = "send") -> tuple[int, str]:
        """Plan a call, make it; gives its id and our reference."""
        ours = uuid4().hex
        async with self.pool.acquire() as connection, connection.transaction():
            await plan(
                connection, [Plan(self.connection_id, operation, {"ours": ours}, f"parcel:{ours}")]
            )
        await self.make()
        found: int = await self.pool.fetchval(
            "select id from call where effect = $1", f"parcel:{ours}"
        )
        return found, ours

    async def make(self) -> None:
        await self.pool.execute(
            "update call set due_at = now() where connection_id = $1", self.connection_id
        )
        await self.runner.pump(self.connection_id)
        while running := self.runner._running():
            await asyncio.wait(running)

    async def look_up(self, passed_s: float = 60.0) -> None:
        """As the worker does, once enough time has passed."""
        await self.pool.execute(
            "update call set finished_at = finished_at - make_interval(secs => $2), "
            "started_at = started_at - make_interval(secs => $2) where connection_id = $1",
            self.connection_id,
            passed_s,
        )
        await recover.look_up_unknown(self.pool, self.registry, self.runner)

    async def row(self, call: int) -> Any:
        return await self.pool.fetchrow("select * from call where id = $1", call)


@contextlib.asynccontextmanager
async def open_desk(dsn: str, post: Post) -> AsyncIterator[Desk]:
    pool = await database.open_pool(dsn, size=4, name="test")
    told: list[tuple[str, str]] = []

    async def owner(connection: database.Connection, closed: Sequence[Closed]) -> None:
        told.extend((item.effect, item.result.state.value) for item in closed)

    async with pool.acquire() as connection, connection.transaction():
        business = await connections_store.default_business(connection)
        added = await connections_store.add(connection, business, "post", uuid4().hex, None)
        settings = {"base_url": post.url}
        await connections_store.save_settings(connection, added, settings, None, None)
    registry = Registry(pool, RING, {"post": POST})
    await registry.refresh()
    desk = Desk(pool, registry, Runner(pool, registry, {"parcel": owner}, uuid4()), added, told)
    try:
        yield desk
    finally:
        await desk.runner.stop()
        pool.terminate()


def test_a_lost_answer_that_is_found_at_the_provider_is_accepted(
    module_dsn: str, post: Post
) -> None:
    async def run() -> None:
        async with open_desk(module_dsn, post) as desk:
            post.sends = ["lost after"]
            call, ours = await desk.ask()
            assert (await desk.row(call))["state"] == "unknown"
            await desk.look_up()
            row = await desk.row(call)
            assert (row["state"], row["reference"]) == ("accepted", f"p-{ours}")
            assert desk.told == [(f"parcel:{ours}", "unknown"), (f"parcel:{ours}", "accepted")]
            await desk.make()
            assert post.parcels == [ours]

    go(run)


def test_a_lost_answer_that_is_not_found_is_sent_again_once(module_dsn: str, post: Post) -> None:
    async def run() -> None:
        async with open_desk(module_dsn, post) as desk:
            post.sends = ["lost before"]
            call, ours = await desk.ask()
            for _ in range(2):
                await desk.look_up()
            assert (await desk.row(call))["state"] == "planned"
            for _ in range(2):
                await desk.make()
            row = await desk.row(call)
            assert (row["state"], row["attempt"]) == ("accepted", 2)
            assert post.parcels == [ours]

    go(run)


def test_a_lookup_nobody_answers_leaves_it_unknown_and_is_asked_again_later(
    module_dsn: str, post: Post
) -> None:
    async def run() -> None:
        async with open_desk(module_dsn, post) as desk:
            post.sends, post.searches = ["lost after"], ["lost", "lost"]
            call, _ = await desk.ask()
            await desk.look_up()
            # Not again before its time.
            await recover.look_up_unknown(desk.pool, desk.registry, desk.runner)
            assert post.searched == 1
            await desk.look_up()
            assert (await desk.row(call))["state"] == "unknown"
            await desk.make()
            await desk.look_up()
            assert (await desk.row(call))["state"] == "accepted"
            assert len(post.parcels) == 1

    go(run)


def test_a_bug_in_one_lookup_does_not_keep_the_others_waiting(module_dsn: str, post: Post) -> None:
    async def run() -> None:
        async with open_desk(module_dsn, post) as desk:
            post.sends, post.searches = ["lost after", "lost after"], ["nonsense"]
            calls = [(await desk.ask())[0] for _ in range(2)]
            await desk.look_up()
            states = [(await desk.row(call))["state"] for call in calls]
            assert sorted(states) == ["accepted", "unknown"]

    go(run)


def test_what_may_still_happen_is_looked_for_once_more(module_dsn: str, post: Post) -> None:
    """The gateway gave up; the work behind it went on and ended a minute later."""

    async def run() -> None:
        async with open_desk(module_dsn, post) as desk:
            post.sends = ["lost before", "lost before"]
            late, ours = await desk.ask("slow")
            never, _ = await desk.ask("slow")
            await desk.look_up(20.0)
            assert [(await desk.row(call))["state"] for call in (late, never)] == ["unknown"] * 2
            post.parcels.append(ours)
            await desk.make()
            await desk.look_up(60.0)
            # The second look is the last one, and not one of many.
            assert post.searched == 2
            await desk.look_up(130.0)
            assert post.searched == 4
            row = await desk.row(late)
            assert (row["state"], row["reference"]) == ("accepted", f"p-{ours}")
            assert (await desk.row(never))["state"] == "planned"
            await desk.make()
            assert post.parcels.count(ours) == 1 and len(post.parcels) == 2

    go(run)


def test_a_provider_that_wants_no_lookups_gets_none(module_dsn: str, post: Post) -> None:
    async def run() -> None:
        async with open_desk(module_dsn, post) as desk:
            post.sends, post.searches = ["lost after"] * 3, ["busy"]
            calls = [(await desk.ask())[0] for _ in range(3)]
            # A good answer closed the breaker that lost ones had opened, if they had.
            for _ in range(3):
                await desk.look_up()
            assert post.searched == 1
            # Nor does a call go out before that time.
            parcels = len(post.parcels)
            await desk.ask("blind")
            assert len(post.parcels) == parcels
            await desk.pool.execute(
                "update call_breaker set open_until = now() - interval '1 second' "
                "where connection_id = $1",
                desk.connection_id,
            )
            await desk.look_up()
            assert [(await desk.row(call))["state"] for call in calls] == ["accepted"] * 3

    go(run)


@pytest.mark.parametrize("state", ["paused", "off"])
def test_a_connection_out_of_use_is_not_asked_by_lookups_either(
    module_dsn: str, post: Post, state: str
) -> None:
    async def run() -> None:
        async with open_desk(module_dsn, post) as desk:
            post.sends = ["lost after"]
            call, _ = await desk.ask()
            await connections_store.set_state(desk.pool, desk.connection_id, state, "by somebody")
            await desk.registry.refresh()
            await desk.look_up()
            assert post.searched == 0 and (await desk.row(call))["state"] == "unknown"
            await connections_store.set_state(desk.pool, desk.connection_id, "active", None)
            await desk.registry.refresh()
            await desk.look_up()
            assert (await desk.row(call))["state"] == "accepted"

    go(run)


def test_two_workers_that_look_up_the_same_call_send_it_again_once(
    module_dsn: str, post: Post
) -> None:
    async def run() -> None:
        async with open_desk(module_dsn, post) as desk:
            post.sends = ["lost before"]
            _, ours = await desk.ask()
            await asyncio.gather(*(desk.look_up() for _ in range(3)))
            await asyncio.gather(desk.make(), desk.make())
            await asyncio.gather(*(desk.look_up() for _ in range(3)))
            assert post.parcels == [ours]

    go(run)


def test_what_may_be_repeated_is_repeated_and_what_cannot_be_looked_up_waits(
    module_dsn: str, post: Post
) -> None:
    async def run() -> None:
        async with open_desk(module_dsn, post) as desk:
            post.sends = ["lost after"]
            blind, _ = await desk.ask("blind")
            post.sends = ["lost after"]
            stamp, _ = await desk.ask("stamp")
            await desk.look_up()
            await desk.make()
            assert (await desk.row(stamp))["state"] == "accepted"
            assert (await desk.row(blind))["state"] == "unknown"
            assert post.searched == 0 and len(post.parcels) == 3

    go(run)


def test_a_person_may_decide_while_a_lookup_is_under_way(module_dsn: str, post: Post) -> None:
    async def run() -> None:
        async with open_desk(module_dsn, post) as desk:
            post.sends = ["lost before"]
            call, _ = await desk.ask()
            row = await desk.row(call)
            result = await recover.look_up(desk.registry, desk.runner, row)
            assert result is not None
            async with desk.pool.acquire() as connection, connection.transaction():
                await recover.decide(
                    connection, call, Choice.DROP, "olga", {"parcel": nobody}, row["attempt"]
                )
            await desk.runner.closing.submit(result)
            row = await desk.row(call)
            assert (row["state"], row["decided_by"]) == ("cancelled", "olga")
            await desk.make()
            assert post.parcels == []

    go(run)


async def nobody(connection: database.Connection, closed: Sequence[object]) -> None:
    """Nobody is told."""


@pytest.mark.parametrize(
    ("choice", "call_state", "message_state", "texts"),
    [
        (Choice.HAPPENED, "accepted", "accepted", 1),
        (Choice.AGAIN, "accepted", "accepted", 2),
        (Choice.DROP, "cancelled", "cancelled", 1),
    ],
)
def test_what_a_person_decides_about_a_text_is_done(
    module_dsn: str,
    sandbox: Sandbox,
    choice: Choice,
    call_state: str,
    message_state: str,
    texts: int,
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone = new_phone()
            call = await hub.plan_text(phone)
            sandbox.arm("reset")
            await hub.call()
            owners = hub.runner.closing._owners
            async with hub.pool.acquire() as connection, connection.transaction():
                await recover.decide(connection, call, choice, "olga", dict(owners), 1)
            await hub.hurry()
            await hub.call()
            row = await hub.call_row(call)
            (message,) = await hub.messages()
            assert (row["state"], message["state"]) == (call_state, message_state)
            assert row["decided_by"] == "olga"
            assert len(sandbox.sent(phone)) == texts
            with pytest.raises(UzelError):
                async with hub.pool.acquire() as connection, connection.transaction():
                    await recover.decide(connection, call, choice, "ivan", dict(owners))

    go(run)


def test_two_people_cannot_both_decide(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            phone = new_phone()
            call = await hub.plan_text(phone)
            sandbox.arm("reset")
            await hub.call()
            owners = dict(hub.runner.closing._owners)

            async def decide(actor: str) -> None:
                async with hub.pool.acquire() as connection, connection.transaction():
                    await recover.decide(connection, call, Choice.AGAIN, actor, owners, 1)

            answers = await asyncio.gather(
                *(decide(name) for name in ("olga", "ivan", "oleg")), return_exceptions=True
            )
            assert [type(answer) for answer in answers].count(UzelError) == 2
            await hub.hurry()
            await hub.call()
            assert len(sandbox.sent(phone)) == 2

    go(run)


def test_the_calls_of_a_worker_that_died_are_unknown_once_it_is_silent_long_enough(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            dead = uuid4()
            await store.beat(hub.pool, dead, "dead")
            phone = new_phone()
            call = await hub.plan_text(phone)
            async with hub.pool.acquire() as connection:
                await store.begin(connection, hub.smsru, 1, 1e6, dead)
            await recover.recover_abandoned(hub.pool, hub.registry, hub.runner)
            assert (await hub.call_row(call))["state"] == "sending"
            # Begun long ago, but its worker is alive: a slow provider.
            await hub.pool.execute(
                "update worker set seen_at = now() + interval '1 hour' where id = $1", dead
            )
            await hub.pool.execute(
                "update call set started_at = now() - interval '30 seconds' where id = $1", call
            )
            await recover.recover_abandoned(hub.pool, hub.registry, hub.runner)
            assert (await hub.call_row(call))["state"] == "sending"
            await hub.pool.execute(
                "update worker set seen_at = now() - interval '11 seconds' where id = $1", dead
            )
            await asyncio.gather(
                *(
                    recover.recover_abandoned(hub.pool, hub.registry, hub.new_runner())
                    for _ in range(3)
                )
            )
            assert (await hub.call_row(call))["state"] == "unknown"
            (message,) = await hub.messages()
            assert message["state"] == "unknown" and "ended before" in message["state_reason"]
            await hub.hurry()
            await hub.call()
            assert not sandbox.sent(phone)

    go(run)


def test_a_worker_that_said_goodbye_left_nothing_behind_or_it_is_found(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, "http://127.0.0.1:9") as hub:
            gone = uuid4()
            await store.beat(hub.pool, gone, "gone")
            call = await hub.plan_text(new_phone())
            async with hub.pool.acquire() as connection:
                await store.begin(connection, hub.smsru, 1, 1e6, gone)
            await store.bury(hub.pool, gone)
            await hub.pool.execute(
                "update call set started_at = now() - interval '11 seconds' where id = $1", call
            )
            await recover.recover_abandoned(hub.pool, hub.registry, hub.runner)
            assert (await hub.call_row(call))["state"] == "unknown"

    go(run)


def test_no_call_outlives_the_longest_any_can_take(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, "http://127.0.0.1:9") as hub:
            call = await hub.plan_text(new_phone())
            async with hub.pool.acquire() as connection:
                await store.begin(connection, hub.smsru, 1, 1e6, hub.worker)
            await hub.pool.execute(
                "update call set started_at = now() - make_interval(secs => $2) where id = $1",
                call,
                recover.LONGEST_SENDING_S + 1,
            )
            await recover.recover_abandoned(hub.pool, hub.registry, hub.runner)
            assert (await hub.call_row(call))["state"] == "unknown"

    go(run)
