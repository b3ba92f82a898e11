"""A hook that keeps what a sandbox pushes, and reads it as the connector does."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Generic, TypeVar

from loopback import Got, LoopbackServer, Said
from uzel.connector import Element, Received
from uzel.model.visit import Visit

ConfigOf = TypeVar("ConfigOf")


class VisitReceiver(LoopbackServer, Generic[ConfigOf]):
    """Answers with `statuses` first and then with 200; `got` are headers and bodies."""

    def __init__(
        self, connector: str, parse: Callable[[Received, ConfigOf], list[Element]], config: ConfigOf
    ) -> None:
        super().__init__(self._reply, keep_alive=True)
        self.hook = f"{self.url}/api/webhook/{connector}?key=k-secret"
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self._parse = parse
        self._config = config

    def _reply(self, got: Got) -> Said:
        self.got.append((got.headers, got.body))
        return self.statuses.pop(0) if self.statuses else 200, {}, b""

    def elements(self, config: ConfigOf | None = None) -> list[Element]:
        return [
            element
            for _, body in self.got
            for element in self._parse(
                Received(body, {}, "", datetime.now(UTC)), config or self._config
            )
        ]

    def visits(self, config: ConfigOf | None = None) -> list[Visit]:
        """Of the elements that would be asked for a review."""
        return [
            element.data
            for element in self.elements(config)
            if isinstance(element.data, Visit) and element.reason is None
        ]
