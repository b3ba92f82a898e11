"""Who connects while a turn of the loop takes long does not wait for many such turns."""

import asyncio
import contextlib
import socket

import uvicorn
import uvloop

from edge_server import WAIT_S
from uzel.web.hooks import Receive, Scope, Send
from uzel.web.listening import Server

CONNECTIONS = 160


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Nothing worth reading."""
    headers = [(b"content-length", b"0"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


class TurnByTurn(Server):
    """Does nothing of its own, so that the test decides when the loop turns."""

    async def main_loop(self) -> None:
        await self.looked

    looked: asyncio.Future[None]


def config(port: int = 0) -> uvicorn.Config:
    return uvicorn.Config(
        answer, port=port, ws="none", lifespan="off", log_config=None, backlog=512
    )


def test_many_are_accepted_in_a_turn() -> None:
    async def run() -> None:
        server = TurnByTurn(config())
        server.looked = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0)
        address = server.servers[0].sockets[0].getsockname()
        senders = [socket.create_connection(address, timeout=WAIT_S) for _ in range(CONNECTIONS)]
        turns = 0
        while len(server.server_state.connections) < CONNECTIONS:
            await asyncio.sleep(0)
            turns += 1
        for sender in senders:
            sender.close()
        server.looked.set_result(None)
        await serving
        assert turns < CONNECTIONS / 4

    uvloop.run(run())


def test_once_it_ends_nobody_listens() -> None:
    async def run() -> None:
        server = Server(config())
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0)
        host, port = server.servers[0].sockets[0].getsockname()
        server.should_exit = True
        await serving
        with contextlib.closing(socket.socket()) as free:
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind((host, port))
            free.listen()

    uvloop.run(run())
