"""Servers that stand behind sandboxes which only pass requests on: connector → how to start one."""

import contextlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from vtiger_room import vtiger_behind

BEHIND: dict[str, Callable[[str, str, Path], contextlib.AbstractContextManager[Any]]] = {
    "vtiger": vtiger_behind
}


@contextlib.contextmanager
def standing_behind(
    sandbox: str, connectors: Collection[str], dsn: str, data_dir: Path
) -> Iterator[None]:
    """Those of these connectors, while the block lasts."""
    with contextlib.ExitStack() as stack:
        for name, start in BEHIND.items():
            if name in connectors:
                stack.enter_context(start(sandbox, dsn, data_dir))
        yield
