"""Three operations behind one path, told apart by the body; a part of the sandbox."""

from collections.abc import Mapping

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from uzel.connectors.meta.graph import Content


class ByBody:
    """Hands a request to the door that its body names."""

    def __init__(self, doors: Mapping[str, ASGIApp]) -> None:
        self.doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        replay = Replay(receive)
        content = await replay.content(scope)
        name = "send_whatsapp"
        if content.get("status") == "read":
            name = "mark_read"
        elif content.get("type") == "template":
            name = "send_whatsapp_template"
        await self.doors[name](scope, replay.receive, send)


class Replay:
    """A request's messages, read once and given again. `transport` is what `reset` looks for."""

    def __init__(self, receive: Receive) -> None:
        self.transport = getattr(getattr(receive, "__self__", None), "transport", None)
        self._receive = receive
        self._read: list[Message] = []

    async def content(self, scope: Scope) -> Content:
        """The JSON object of the body, an empty one where there is none."""

        async def remember() -> Message:
            self._read.append(await self._receive())
            return self._read[-1]

        try:
            content = await Request(scope, remember).json()
        except (ValueError, RecursionError, ClientDisconnect):
            return {}
        return content if isinstance(content, dict) else {}

    async def receive(self) -> Message:
        return self._read.pop(0) if self._read else await self._receive()
