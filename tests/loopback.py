"""A server on loopback that answers what a test wants."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self, TypeVar

Given = TypeVar("Given")
# Status, headers (the length is added) and body.
Said = tuple[int, Mapping[str, str], bytes]


@dataclass(frozen=True, slots=True)
class Got:
    """One request; names of headers are lower-case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Handler(BaseHTTPRequestHandler):
    server: "LoopbackServer"

    def setup(self) -> None:
        self.protocol_version = "HTTP/1.1" if self.server.keep_alive else "HTTP/1.0"
        super().setup()

    def do_GET(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        with self.server.lock:
            got = Got(self.command, self.path, headers, content)
            status, said, body = self.server.answer(got)
        self.send_response(status)
        for name, value in said.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    # The names the library looks for.
    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        pass


class LoopbackServer(ThreadingHTTPServer):
    """Answers with what `answer` gives, one request at a time, while it is a context."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, answer: Callable[[Got], Said], *, keep_alive: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.keep_alive = keep_alive
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


def in_turn(answers: list[Given]) -> Given:
    """The next one; the last one for ever."""
    return answers.pop(0) if len(answers) > 1 else answers[0]
