"""A server on loopback that keeps what comes and answers what a test wants."""

import json
from datetime import UTC, datetime
from typing import Any

from loopback import Got, LoopbackServer, Said
from uzel.connector import Element, Received
from uzel.connectors.yclients.config import YclientsConfig
from uzel.connectors.yclients.webhook import parse


class Listener(LoopbackServer):
    """Keeps what comes; answers with `replies` (status, body) first and then with 200 {}."""

    def __init__(self) -> None:
        super().__init__(self._reply, keep_alive=True)
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.replies: list[tuple[int, bytes]] = []

    def _reply(self, got: Got) -> Said:
        self.got.append((got.target, got.headers, got.body))
        status, body = self.replies.pop(0) if self.replies else (200, b"{}")
        return status, {}, body

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


def elements_of(body: bytes) -> list[Element]:
    return parse(Received(body, {}, "", datetime.now(UTC)), YclientsConfig())
