"""One write to the kernel for an answer that comes in parts."""

import asyncio
from typing import Any


class JoiningTransport:
    """A transport that writes once per turn of the loop: uvicorn hands over head and body of an
    answer separately, and each write is a call into the kernel.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._parts: list[bytes] = []
        self._loop = asyncio.get_running_loop()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write at the end of this turn."""
        if not self._parts:
            self._loop.call_soon(self.flush)
        self._parts.append(data)

    def flush(self) -> None:
        """Write what has gathered."""
        if self._parts:
            data = b"".join(self._parts)
            self._parts.clear()
            self._transport.write(data)

    def close(self) -> None:
        """Write what has gathered, then close."""
        self.flush()
        self._transport.close()
