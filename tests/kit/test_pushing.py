"""Runs that push to a hook, between real sockets: a small sandbox, and a hook beside it."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any

import httpx2
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from uzel.kit.control import answer, run_doors
from uzel.kit.faults import Fault, FaultKind, Faults
from uzel.kit.pushing import (
    LONGEST_PAUSE_S,
    OrdersTold,
    Plan,
    Run,
    Sender,
    Target,
    until_acknowledged,
)
from uzel.kit.sandbox import Desk, Journal

WAIT_S = 20
NOBODY = "http://127.0.0.1:9/hook?key=k-secret"


class RunAsked(Plan, Target):
    """hooks: beside `hook`; tries: of a post that is not acknowledged."""

    hooks: tuple[str, ...] = ()
    tries: int = 2
    closed: bool = False


@dataclass(frozen=True)
class Note:
    body: bytes
    told: tuple[tuple[str, bool], ...] = ()


@dataclass
class Bench:
    """The parts of a sandbox, and what its runs brought to the hooks `/hook/{name}` here.

    statuses  to answer with before 200; `open` lets posts in
    asked     (attempts, status) that the pause was asked for
    """

    url: str = ""
    http: httpx2.Client = field(default_factory=lambda: httpx2.Client(trust_env=False))
    journal: Journal = field(default_factory=Journal)
    faults: Faults = field(default_factory=Faults)
    got: list[tuple[str, str, bytes]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    asked: list[tuple[int, int | None]] = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)

    def hook(self, name: str = "a") -> str:
        return f"{self.url}/hook/{name}?key=k-secret"

    def start(self, **asked: Any) -> str:
        started = self.http.post(f"{self.url}/_run", json={"hook": self.hook(), **asked})
        assert started.status_code == 201, started.text
        run: str = started.json()["run"]
        return run

    def progress(self, run: str) -> dict[str, Any]:
        progress: dict[str, Any] = self.http.get(f"{self.url}/_run/{run}").json()
        return progress

    def until(self, run: str, **wanted: Any) -> dict[str, Any]:
        """The progress of a run once it has those values."""
        end = monotonic() + WAIT_S
        while monotonic() < end:
            progress = self.progress(run)
            if wanted.items() <= progress.items():
                return progress
            sleep(0.005)
        raise AssertionError(progress)

    def finished(self, **asked: Any) -> dict[str, Any]:
        return self.until(self.start(**{"per_s": 5000, **asked}), finished=True)

    async def take(self, request: Request) -> Response:
        while not self.open.is_set():
            await asyncio.sleep(0.005)
        kind = request.headers["content-type"]
        self.got.append((request.path_params["name"], kind, await request.body()))
        return Response(status_code=self.statuses.pop(0) if self.statuses else 200)

    def begin(self, desk: Desk, asked: RunAsked) -> Run[Note] | Response:
        if asked.closed:
            return answer({"errors": ["closed today"]}, 400)

        def ticks() -> Iterator[list[Note]]:
            for nth in range(asked.count):
                yield [Note(f"{nth}".encode(), ((f"order-{nth}", nth % 2 == 0),))]

        def pause_s(attempts: int, status: int | None, since_s: float) -> float | None:
            self.asked.append((attempts, status))
            return None if attempts >= asked.tries else 0.0

        def told(note: Note) -> Mapping[str, Any]:
            return {"note": note.body.decode()}

        sender = Sender(desk, lambda note: {"content-type": "text/x-note"}, told)
        hooks = [asked.hook, *asked.hooks]
        return Run(sender, asked, hooks, ticks(), pause_s, OrdersTold(lambda note: note.told))

    def app(self) -> Starlette:
        tasks: set[asyncio.Task[None]] = set()
        http = httpx2.AsyncClient(trust_env=False)
        desk = Desk("notes", self.journal, self.faults, http, tasks, asyncio.Event())

        @asynccontextmanager
        async def lifespan(app: Starlette) -> AsyncIterator[None]:
            yield
            for task in tuple(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await http.aclose()

        doors = run_doors(desk, RunAsked, lambda asked: self.begin(desk, asked))
        hook = Route("/hook/{name}", self.take, methods=["POST"])
        return Starlette(routes=[*doors, hook], lifespan=lifespan)


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def bench() -> Iterator[Bench]:
    it = Bench()
    it.open.set()
    with it.http, serving(it.app()) as it.url:
        yield it


def test_each_post_goes_to_every_hook(bench: Bench) -> None:
    progress = bench.finished(count=6, hooks=[bench.hook("b")])
    assert sorted(bench.got) == sorted(
        (name, "text/x-note", f"{nth}".encode()) for name in "ab" for nth in range(6)
    )
    assert (progress["sent"], progress["acknowledged"]) == (12, 12)
    assert (progress["distinct_orders"], progress["visits"]) == (6, 3)


def test_a_duplicate_goes_to_every_hook_again(bench: Bench) -> None:
    progress = bench.finished(count=1, hooks=[bench.hook("b")], duplicates=1)
    assert sorted(name for name, _, _ in bench.got) == ["a", "a", "b", "b"]
    assert (progress["acknowledged"], progress["distinct_orders"]) == (4, 1)


def test_the_journal_tells_of_each_post_and_knows_no_key(bench: Bench) -> None:
    bench.statuses = [404]
    progress = bench.finished(count=2, concurrency=1)
    entries = bench.journal.of("notes", "webhook")
    assert [(it.path, it.status, it.effect, it.request) for it in entries] == [
        ("/hook/a", 404, False, {"run": progress["run"], "note": "0"}),
        ("/hook/a", 200, True, {"run": progress["run"], "note": "0"}),
        ("/hook/a", 200, True, {"run": progress["run"], "note": "1"}),
    ]
    assert "k-secret" not in repr(entries)


def test_the_pause_decides_whether_a_post_comes_again(bench: Bench) -> None:
    bench.statuses = [503, 302, 500]
    progress = bench.finished(count=2, concurrency=1, tries=3)
    assert bench.asked == [(1, 503), (2, 302), (3, 500)]
    ends = {name: progress[name] for name in ("sent", "acknowledged", "failed", "lost")}
    assert ends == {"sent": 4, "acknowledged": 1, "failed": 1, "lost": 0}
    # The first order was never acknowledged; the second is no visit.
    assert (progress["distinct_orders"], progress["visits"]) == (1, 0)


def test_where_nobody_listens_there_is_no_status(bench: Bench) -> None:
    progress = bench.finished(hook=NOBODY, count=1)
    assert bench.asked == [(1, None), (2, None)]
    assert {(it.status, it.effect) for it in bench.journal.entries} == {(None, False)}
    assert (progress["failed"], progress["distinct_orders"]) == (1, 0)


def test_a_lost_post_is_told_of_once_and_sent_to_nobody(bench: Bench) -> None:
    bench.faults.add(Fault("notes", FaultKind.LOST_WEBHOOK, times=1))
    progress = bench.finished(count=1, hooks=[bench.hook("b")], duplicates=1)
    (entry,) = bench.journal.entries
    assert (entry.fault, entry.status, entry.effect) == (FaultKind.LOST_WEBHOOK, None, False)
    assert (entry.path, entry.request["note"]) == ("/hook/a", "0")
    assert (bench.got, progress["lost"], progress["sent"]) == ([], 1, 0)


def test_a_slow_hook_makes_posts_wait(bench: Bench) -> None:
    bench.open.clear()
    run = bench.start(count=8, per_s=5000, concurrency=2)
    progress = bench.until(run, sent=2, waiting=8)  # 6 posts, and the end of each connection
    assert (progress["finished"], progress["acknowledged"]) == (False, 0)
    bench.open.set()
    progress = bench.until(run, finished=True)
    assert (progress["acknowledged"], progress["waiting"]) == (8, 0)


def test_runs_go_on_side_by_side(bench: Bench) -> None:
    bench.open.clear()
    first, second = bench.start(count=1), bench.start(count=2, per_s=5000)
    bench.open.set()
    assert bench.until(first, finished=True)["acknowledged"] == 1
    assert bench.until(second, finished=True)["acknowledged"] == 2


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b'{"hook": "http://u:k-secret@["}', b'{"hook": "k-secret"}', b'{"closed": 1}'],
)
def test_a_refusal_does_not_say_what_came(bench: Bench, body: bytes) -> None:
    refused = bench.http.post(f"{bench.url}/_run", content=body)
    assert (refused.status_code, set(refused.json())) == (400, {"errors"})
    assert refused.json()["errors"] and "k-secret" not in refused.text


def test_a_run_that_cannot_be_is_not_begun(bench: Bench) -> None:
    refused = bench.http.post(f"{bench.url}/_run", json={"hook": NOBODY, "closed": True})
    assert (refused.status_code, refused.json()) == (400, {"errors": ["closed today"]})
    assert bench.http.get(f"{bench.url}/_run/none").status_code == 404


@pytest.mark.parametrize(
    "hook",
    [
        *("", "127.0.0.1:80", "ftp://127.0.0.1/", "http://", "http:///path", "//127.0.0.1/"),
        *("http://[", "http://127.0.0.1:0/", "http://127.0.0.1:65536/", "http://127.0.0.1:a/"),
    ],
)
def test_what_is_no_http_address_is_no_hook(hook: str) -> None:
    with pytest.raises(ValidationError):
        Target(hook=hook)


@pytest.mark.parametrize("hook", ["http://127.0.0.1:9/?key=a%20b", "https://uzel.example", NOBODY])
def test_an_address_stays_as_it_is(hook: str) -> None:
    assert Target(hook=hook).hook == hook


@given(st.integers(1, 10**9), st.none() | st.integers(100, 599), st.floats(0, 10**6))
def test_pauses_grow_to_the_longest_and_end_in_time(
    attempts: int, status: int | None, since_s: float
) -> None:
    patient, give_up_s = until_acknowledged(10**9), 100.0
    pause_s, next_s = patient(attempts, status, 0), patient(attempts + 1, status, 0)
    assert pause_s is not None and next_s is not None
    assert 0 < pause_s <= next_s <= LONGEST_PAUSE_S
    limited = until_acknowledged(give_up_s)(attempts, status, since_s)
    assert limited == (pause_s if since_s + pause_s <= give_up_s else None)


def test_the_first_pause_is_short_and_none_fits_into_no_time() -> None:
    assert [until_acknowledged(60)(nth, 500, 0) for nth in (1, 2, 3)] == [0.1, 0.2, 0.4]
    assert until_acknowledged(0)(1, 500, 0) is None
