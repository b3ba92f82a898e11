"""A loop whose time jumps from one timer to the next, and modules of Uzel that read it as the time.

Nothing waits: when everybody waits for a timer, it is time for that timer. A statement on its way
to the database holds time still, and its answer is read when nobody else has anything to do. So
one run is like another, however slow the machine.
"""

import asyncio
import contextlib
import itertools
import random
import selectors
import sys
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, TypeVar

from simulation.life import born

T = TypeVar("T")
START = datetime(2030, 1, 7, 6, 0, tzinfo=UTC)
# What no answer of the database takes; a run that hangs says so.
LONGEST_STATEMENT_S = 120.0
# Whose clock is the loop's.
BENT = ("uzel.calls", "uzel.payouts", "uzel.flows", "uzel.connectors.konsol", "uzel.kit.http")

# What modules of Uzel draw from; each world seeds it.
CHANCE = random.Random()

# From the beginning of one run to that of the next: in a database time only goes forward.
APART = timedelta(days=30)
RUNS = itertools.count()


class Hung(RuntimeError):
    """Everybody waits for something that will never come."""


class Patient(selectors.DefaultSelector):
    """Looks at the network only while a statement is under way and nobody can go on without it."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return []
        if self.loop.under_way or timeout is None:
            found = super().select(LONGEST_STATEMENT_S)
            if not found:
                raise Hung("the database does not answer, or nothing is left to wait for")
            return found
        if found := super().select(0):
            return found
        self.loop.now_s += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """`under_way`: statements without an answer. `start`: where its time begins."""

    def __init__(self) -> None:
        self.start = START + APART * next(RUNS)
        selector = Patient()
        selector.loop = self
        self.now_s = 0.0
        self.under_way: set[asyncio.Task[Any]] = set()
        super().__init__(selector)
        self.set_task_factory(born)  # type: ignore[arg-type]

    def time(self) -> float:
        return self.now_s


def now() -> datetime:
    """Aware UTC, by the loop."""
    here = loop()
    return here.start + timedelta(seconds=here.now_s)


class Calendar:
    """Stands where a module has `datetime`: the same but for the present."""

    def now(self, zone: Any = None) -> datetime:
        return now().astimezone(zone)

    def __call__(self, *args: Any, **fields: Any) -> datetime:
        return datetime(*args, **fields)

    def __getattr__(self, name: str) -> Any:
        return getattr(datetime, name)

    def __instancecheck__(self, it: object) -> bool:
        return isinstance(it, datetime)


def stand_ins() -> list[tuple[Any, object]]:
    """(what modules of Uzel hold, what they hold instead)."""
    monotonic = SimpleNamespace(
        **{name: getattr(time, name) for name in dir(time) if not name.startswith("_")}
    )
    monotonic.monotonic = lambda: asyncio.get_running_loop().time()
    picks = SimpleNamespace(
        choice=CHANCE.choice, token_hex=lambda size: CHANCE.randbytes(size).hex()
    )
    import secrets

    return [
        (datetime, Calendar()),
        (time, monotonic),
        (secrets, picks),
        (random, CHANCE),
        (uuid.uuid4, lambda: uuid.UUID(bytes=CHANCE.randbytes(16), version=4)),
    ]


@contextlib.contextmanager
def bent() -> Iterator[None]:
    """Modules that take part read the loop's time, and their randomness is ours."""
    pairs = stand_ins()
    changed = []
    for name, module in list(sys.modules.items()):
        if name.startswith(BENT):
            for held, value in list(vars(module).items()):
                for it, instead in pairs:
                    if value is it:
                        changed.append((module, held, value))
                        setattr(module, held, instead)
    try:
        yield
    finally:
        for module, held, value in changed:
            setattr(module, held, value)


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine function in virtual time."""
    with bent(), asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work())


def loop() -> VirtualLoop:
    found = asyncio.get_running_loop()
    assert isinstance(found, VirtualLoop)
    return found
