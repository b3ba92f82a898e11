"""A thread between us and PostgreSQL that cuts it at a chosen moment.

A *boundary* is what a client can see of a crash: a request that never reached the server, or one
whose answer never came back. asyncpg writes a whole request at once, so each has exactly the two.
"""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

SOCKET = ".s.PGSQL.5432"


@dataclass
class Proxy:
    """Counts boundaries; at number `cut_at` (from 1) it cuts every connection. `dead`: whether it
    lets nobody through afterwards, as if this process had ended.
    """

    dsn: str
    folder: Path
    dead_after: bool = False
    cut_at: int | None = None
    seen: int = 0
    was_cut: asyncio.Event = field(default_factory=asyncio.Event)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def own_dsn(self) -> str:
        """The same database, through the proxy."""
        parts = urlsplit(self.dsn)
        return (
            f"postgresql://{parts.username}@{parts.path}?host={quote(str(self.folder))}&port=5432"
        )

    def arm(self, cut_at: int | None) -> None:
        """Count from here on."""
        self.seen, self.cut_at = 0, cut_at
        self.was_cut.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of ours."""
        if self.was_cut.is_set() and self.dead_after:
            writer.transport.abort()
            return
        try:
            there, back = await self._connect()
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, back}
        await asyncio.gather(self._forward(reader, back), self._forward(there, writer))
        self._writers -= {writer, back}

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        parts = urlsplit(self.dsn)
        if folder := parse_qs(parts.query).get("host"):
            return await asyncio.open_unix_connection(f"{folder[0]}/{SOCKET}")
        return await asyncio.open_connection(parts.hostname, parts.port or 5432)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 20):
                self.seen += 1
                if self.seen == self.cut_at:
                    self.cut()
                    return
                writer.write(data)
                await writer.drain()
        writer.transport.abort()

    def cut(self) -> None:
        """Now."""
        self.was_cut.set()
        for writer in self._writers:
            writer.transport.abort()


@contextlib.asynccontextmanager
async def proxy_to(dsn: str) -> AsyncIterator[Proxy]:
    """A proxy in front of this database."""
    folder = Path(tempfile.mkdtemp(prefix="uzel-cut-", dir="/tmp"))
    proxy = Proxy(dsn, folder)
    server = await asyncio.start_unix_server(proxy.serve, folder / SOCKET)
    try:
        yield proxy
    finally:
        server.close()
        proxy.cut()
        shutil.rmtree(folder)
