"""kill -9 without a process: everything that belongs to a life stops at one of its awaits.

A task that was begun by a living one belongs to the same life. What it had sent before has left;
nothing after the await is done, no `finally`, no answer to what it waited for.
"""

import asyncio
import contextlib
import types
from collections.abc import Coroutine, Generator
from contextvars import Context, ContextVar
from typing import Any


class Killed(BaseException):
    """Thrown into what is left of the dead, when they cannot do anything any more."""


class Life:
    """Of one process. `left`: awaits until it is killed; None: it lives on. `lived`: awaits so far,
    `places`: where each was, if asked for.
    """

    def __init__(self, left: int | None = None) -> None:
        self.left = left
        self.lived = 0
        self.is_over = self.is_buried = False
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.tasks: set[asyncio.Task[Any]] = set()
        self.bodies: dict[Coroutine[Any, Any, Any], None] = {}

    def goes_on(self) -> bool:
        """Whether it outlives one more await."""
        if not self.is_over:
            self.lived += 1
            if self.left is not None:
                self.left -= 1
                if self.left < 0:
                    self.end()
        return not self.is_over

    def end(self) -> None:
        self.is_over = True
        if not self.over.done():
            self.over.set_result(None)

    def bury(self) -> None:
        """Clear away what is left, once it cannot reach anything any more."""
        self.is_buried = True
        for body in list(self.bodies):
            with contextlib.suppress(Killed, StopIteration, Exception):
                for _ in range(1000):
                    body.throw(Killed())
        for task in list(self.tasks):
            task.cancel()


LIFE: ContextVar[Life | None] = ContextVar("whose task this is", default=None)


def born(
    loop: asyncio.AbstractEventLoop, body: Coroutine[Any, Any, Any], **more: Any
) -> "asyncio.Task[Any]":
    """The task factory of a simulation."""
    context: Context | None = more.get("context")
    life = LIFE.get() if context is None else context.get(LIFE)
    if life is None:
        return asyncio.Task(body, loop=loop, **more)
    task = asyncio.Task(mortal(body, life), loop=loop, **more)
    life.tasks.add(task)
    task.add_done_callback(life.tasks.discard)
    return task


def of(life: Life) -> Context:
    """Where a task has to begin to belong to it."""
    context = Context()
    context.run(LIFE.set, life)
    return context


@types.coroutine
def mortal(body: Coroutine[Any, Any, Any], life: Life) -> Generator[Any, Any, Any]:
    """`body`, up to the await at which its life ends."""
    life.bodies[body] = None
    problem: BaseException | None = None
    while True:
        if not life.goes_on():
            if not life.is_buried:
                yield from asyncio.get_running_loop().create_future()
            raise asyncio.CancelledError
        try:
            waits = body.send(None) if problem is None else body.throw(problem)
        except StopIteration as end:
            life.bodies.pop(body, None)
            return end.value
        except BaseException:
            life.bodies.pop(body, None)
            raise
        try:
            problem = None
            yield waits
        except BaseException as error:  # noqa: BLE001 - on its way to who waits
            problem = error
