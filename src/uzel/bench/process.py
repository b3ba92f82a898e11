"""A load in a process of its own: no shared event loop, no shared GIL, few imports.

The child is `python -m uzel.bench.process`; what to run comes pickled on its standard input, what
came out goes back pickled on its standard output.
"""

import asyncio
import gc
import os
import pickle
import sys
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar, cast

from uzel.errors import UzelError

P = ParamSpec("P")
T = TypeVar("T")


async def run_in_process(
    function: Callable[P, Coroutine[Any, Any, T]], *args: P.args, **kwargs: P.kwargs
) -> T:
    """The answer of `function(*args, **kwargs)`, run in a new process on uvloop.

    Function and arguments must pickle: module-level functions, instances of importable classes,
    lists of bytes; no lambdas, no generators. The child ends with this call, cancelled or not.
    Raises UzelError where the child fails; its traceback is on standard error.
    """
    task = pickle.dumps((function, args, kwargs))
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "uzel.bench.process",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        answer, _ = await child.communicate(task)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        raise UzelError(f"the load generator's process ended with {child.returncode}")
    return cast("T", pickle.loads(answer))  # noqa: S301  our own child


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """On uvloop, where it exists (not on Windows)."""
    if sys.platform == "win32":
        return asyncio.run(coroutine)
    import uvloop

    return uvloop.run(coroutine)


def main() -> None:
    function, args, kwargs = pickle.loads(sys.stdin.buffer.read())  # noqa: S301  our own parent
    answers_to = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a print must not end up in the answer
    gc.freeze()
    gc.disable()  # the hot path makes no cycles, and a collection would be taken for latency
    answer = run(function(*args, **kwargs))
    with answers_to:
        pickle.dump(answer, answers_to)


if __name__ == "__main__":
    main()
