"""A process we started ends when we do, however we ended: it holds the other end of a pipe."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable

VARIABLE = "UZEL_PARENT_FD"


def watch_parent(stop: Callable[[], None]) -> None:
    """Call `stop` in the running event loop once the process that started us is gone."""
    handle = os.environ.get(VARIABLE)
    if handle is None:
        return
    fd, loop = int(handle), asyncio.get_running_loop()

    def gone() -> None:
        loop.remove_reader(fd)
        stop()

    loop.add_reader(fd, gone)


def end_with_parent() -> None:
    """The same for a process without an event loop of its own: it gets SIGTERM."""
    handle = os.environ.get(VARIABLE)
    if handle is None:
        return

    def wait() -> None:
        os.read(int(handle), 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()
