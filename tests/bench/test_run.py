import asyncio
import socket

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from uzel.bench.load import LoadResult, Target, closed_loop, request_bytes
from uzel.bench.process import run
from uzel.errors import ConfigError


def post(i: int) -> bytes:
    return request_bytes("POST", "/", "test", {}, b"%d" % i)


async def echo(request: Request) -> Response:
    number = int(await request.body())
    if number % 4 == 1:
        return PlainTextResponse("busy", 503, {"Retry-After": "1"})
    if number % 4 == 2:
        return StreamingResponse(iter([b"a", b"bc"]), 202)
    return Response(status_code=204) if number % 4 == 3 else PlainTextResponse("ok")


def test_uvicorn_is_understood() -> None:
    async def load() -> LoadResult:
        app = Starlette(routes=[Route("/", echo, methods=["POST"])])
        config = uvicorn.Config(app, log_level="error", lifespan="off", http="httptools")
        server = uvicorn.Server(config)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            serving = asyncio.create_task(server.serve([listening]))
            target = Target.at(f"http://127.0.0.1:{listening.getsockname()[1]}/ignored")
            result = await closed_loop(target, post, connections=8, total=400)
            server.should_exit = True
            await serving
        return result

    result = run(load())
    assert result.by_status == {200: 100, 503: 100, 202: 100, 204: 100}
    assert result.errors == {}
    assert result.retry_after == {"1": 100}
    assert sorted(result.acknowledged) == [i for i in range(400) if i % 4 != 1]


def test_only_plain_http_is_spoken() -> None:
    assert Target.at("http://localhost") == Target("localhost", 80)
    with pytest.raises(ConfigError):
        Target.at("https://localhost")
