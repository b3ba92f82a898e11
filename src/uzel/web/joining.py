"""Writing answers with as few calls into the kernel, and as soon, as the moment asks for."""

import asyncio
import contextlib
import fcntl
import os
import struct
import termios
from typing import Any


class JoiningTransport:
    """A transport that writes once per turn of the loop: uvicorn hands over head and body of an
    answer separately, and each write is a call into the kernel.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._parts: list[bytes] = []
        self._loop = asyncio.get_running_loop()
        # Asked for every request: without the detour over __getattr__.
        self.is_closing = transport.is_closing
        plain = os.name == "posix" and transport.get_extra_info("sslcontext") is None
        socket = transport.get_extra_info("socket") if plain else None
        self._fd: int = -1 if socket is None else socket.fileno()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write at the end of this turn."""
        if not self._parts:
            self._loop.call_soon(self.flush)
        self._parts.append(data)

    def write_now(self, data: bytes) -> None:
        """Write before anything else is done. uvloop keeps every write back until the end of the
        turn, and under overload a turn reads from a thousand connections.
        """
        sent = 0
        if self._fd >= 0 and not (
            self._parts or self._transport.get_write_buffer_size() or self._transport.is_closing()
        ):
            try:
                sent = os.write(self._fd, data)
            except OSError:
                sent = 0  # full, or gone: the transport knows what to do
        if sent < len(data):
            self.flush()
            self._transport.write(data[sent:])

    def unread_bytes(self) -> int:
        """What the other side has not taken yet, here and in the kernel: between the two a slow
        reader's progress shows in steps of megabytes only.
        """
        waiting = self._transport.get_write_buffer_size()
        if self._fd >= 0:
            with contextlib.suppress(OSError):
                queued = fcntl.ioctl(self._fd, termios.TIOCOUTQ, b"\0" * 4)
                waiting += struct.unpack("i", queued)[0]
        return waiting

    def flush(self) -> None:
        """Write what has gathered."""
        if self._parts:
            data = b"".join(self._parts)
            self._parts.clear()
            self._transport.write(data)

    def write_eof(self) -> None:
        """Write what has gathered, and say that nothing follows."""
        self.flush()
        self._transport.write_eof()

    def close(self) -> None:
        """Write what has gathered, then close."""
        self.flush()
        self._transport.close()
