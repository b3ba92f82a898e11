"""A server on loopback that keeps what comes and answers what a test wants."""

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from uzel.connector import Element, Received
from uzel.connectors.yclients.config import YclientsConfig
from uzel.connectors.yclients.webhook import parse


class Listener(ThreadingHTTPServer):
    """Keeps what comes; answers with `replies` (status, body) first and then with 200 {}."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.replies: list[tuple[int, bytes]] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def hook(self) -> str:
        return f"{self.url}/api/webhook/yclients?key=k-secret"

    def elements(self) -> list[Element]:
        return [element for _, _, body in self.got for element in elements_of(body)]

    def events(self) -> list[dict[str, Any]]:
        """Of records, with and without an array around them."""
        bodies = [json.loads(body) for _, _, body in self.got]
        events = [it for body in bodies for it in (body if isinstance(body, list) else [body])]
        return [event for event in events if event["resource"] == "record"]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Listener

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        with self.server.lock:
            status, body = self.server.replies.pop(0) if self.server.replies else (200, b"{}")
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.server.got.append((self.path, headers, content))
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, format: str, *args: object) -> None:
        pass


def elements_of(body: bytes) -> list[Element]:
    return parse(Received(body, {}, "", datetime.now(UTC)), YclientsConfig())
