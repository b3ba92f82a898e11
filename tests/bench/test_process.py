import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from uzel.bench.bodies import DeliveryRequests
from uzel.bench.load import Target, closed_loop, open_loop
from uzel.bench.process import run_in_process
from uzel.errors import ConfigError, UzelError

REQUESTS = DeliveryRequests(
    host="test", path="/", headers={}, run_id=1, occurred_at=datetime(2026, 6, 1, tzinfo=UTC)
)
LENGTH = len(REQUESTS(0))


@asynccontextmanager
async def answering() -> AsyncIterator[Target]:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while len(await reader.read(LENGTH)) > 0:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        yield Target("127.0.0.1", server.sockets[0].getsockname()[1])


def test_a_load_in_its_own_process_brings_its_result_back() -> None:
    async def load() -> tuple[list[int], list[int]]:
        async with answering() as target:
            closed = await run_in_process(closed_loop, target, REQUESTS, connections=1, total=20)
            opened = await run_in_process(
                open_loop, target, REQUESTS, per_s=200, seconds=0.1, connections_max=3
            )
        assert closed.ok.percentile(50) > 0
        assert closed.cpu_s > 0
        return closed.acknowledged, sorted(opened.acknowledged)

    assert asyncio.run(load()) == (list(range(20)), list(range(20)))


def test_what_goes_wrong_there_is_an_error_here(capfd: pytest.CaptureFixture[str]) -> None:
    target = Target("127.0.0.1", 1)
    with pytest.raises(UzelError, match="ended with 1"):
        asyncio.run(run_in_process(closed_loop, target, REQUESTS, connections=1))
    assert ConfigError.__name__ in capfd.readouterr().err


def test_what_is_printed_there_does_not_spoil_the_answer(capfd: pytest.CaptureFixture[str]) -> None:
    asyncio.run(run_in_process(asyncio.to_thread, print, "hello"))
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "hello\n")


def test_a_cancelled_call_ends_its_child() -> None:
    async def cancelled() -> None:
        loading, gone = asyncio.Event(), asyncio.Event()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readexactly(LENGTH)
            loading.set()
            assert await reader.read() == b"", "the child would wait 60 s for its answer"
            gone.set()
            writer.close()

        async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
            target = Target("127.0.0.1", server.sockets[0].getsockname()[1])
            load = run_in_process(
                closed_loop, target, REQUESTS, connections=1, total=1, timeout_s=60
            )
            call = asyncio.create_task(load)
            await loading.wait()
            call.cancel()
            async with asyncio.timeout(30):
                await gone.wait()
            with pytest.raises(asyncio.CancelledError):
                await call

    asyncio.run(cancelled())


def test_the_child_imports_neither_web_nor_database() -> None:
    code = "import sys, uzel.bench.process, uzel.bench.load, uzel.bench.bodies; print(*sys.modules)"
    listing = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    heavy = {"fastapi", "starlette", "pydantic", "asyncpg", "httpx2", "sqlalchemy", "uvicorn"}
    assert not heavy & set(listing.stdout.decode().split())
