"""A pool over one database, for tests that are not coroutines themselves."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from uzel.kit import database

Result = TypeVar("Result")


class Reading:
    """`reading(work)` runs a coroutine function of the pool and gives its result."""

    def __init__(self, dsn: str, size: int = 2) -> None:
        self.dsn = dsn
        self._runner = asyncio.Runner()
        self._pool = self._runner.run(database.open_pool(dsn, size=size, name="views"))

    def __call__(self, work: Callable[[database.Pool], Awaitable[Result]]) -> Result:
        async def worked() -> Result:
            return await work(self._pool)

        return self._runner.run(worked())

    def execute(self, statement: str, *values: Any) -> None:
        """Change something by hand."""
        self(lambda pool: pool.execute(statement, *values))

    def close(self) -> None:
        self._runner.run(self._pool.close())
        self._runner.close()
