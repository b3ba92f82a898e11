"""Letting new connections in while others keep the server busy."""

import asyncio
import os
import socket
from collections.abc import Callable
from functools import partial

import uvicorn

# libuv accepts one connection from a listening socket per turn of the loop. Under overload a turn
# takes tens of milliseconds, and a sender that has just connected would wait for seconds. The
# same socket under several numbers is asked as many times a turn.
ACCEPTED_PER_TURN = 16


class Server(uvicorn.Server):
    """uvicorn's server, listening several times on each of its sockets."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        listening = [listener for server in self.servers for listener in server.sockets]
        for listener in listening:
            for _ in range(ACCEPTED_PER_TURN - 1):
                await self._listen_again(listener.fileno())

    async def _listen_again(self, fd: int) -> None:
        protocol: Callable[..., asyncio.BaseProtocol] = self.config.http_protocol_class
        make = partial(
            protocol,
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        again = socket.socket(fileno=os.dup(fd))
        again.setblocking(False)
        loop = asyncio.get_running_loop()
        self.servers.append(await loop.create_server(make, sock=again, backlog=self.config.backlog))
