"""Questions to a provider that change nothing, for somebody who waits."""

import asyncio
from collections.abc import Mapping
from typing import Any

from uzel.calls.reach import Reach
from uzel.connections.registry import Active
from uzel.connector import Answer, Operation
from uzel.errors import Unavailable

LONGEST_QUESTION_S = 30.0


async def asked(
    reach: Reach,
    active: Active,
    operation: Operation,
    arguments: Mapping[str, Any] | None = None,
) -> Answer:
    """Outside the journal, since nothing happens. Raises CallFailed, ConfigError."""
    try:
        async with asyncio.timeout(LONGEST_QUESTION_S):
            return await reach.ask(active, operation, arguments or {})
    except TimeoutError as error:
        title = active.connector.title
        raise Unavailable(f"{title} did not answer within {LONGEST_QUESTION_S:g} s") from error
