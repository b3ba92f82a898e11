"""Fewer questions to the queue when there is much to do.

PgQueuer asks until the answer is empty and then asks three times more whether it may rest. One
round per notification made that most of the work under load: as many statements for asking as for
all that a visit causes.
"""

import asyncio
from datetime import timedelta

from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.models import Job
from pgqueuer.domain.types import QueueEntrypoint, QueueManagerId
from pgqueuer.ports.repository import EntrypointExecutionParameter

# Between two questions. Who comes alone is fetched at once.
APART_S = 0.01


class PacedQueries(Queries):
    """Queries whose `dequeue` keeps its distance from the one before and takes a batch that was not
    full for the last.
    """

    _next_at = 0.0
    _found_some = False
    _found_all = False

    async def dequeue(
        self,
        batch_size: int,
        entrypoints: dict[QueueEntrypoint, EntrypointExecutionParameter],
        queue_manager_id: QueueManagerId,
        global_concurrency_limit: int | None,
        heartbeat_timeout: timedelta,
    ) -> list[Job]:
        """As PgQueuer's; an empty answer right after a batch that was not full costs nothing."""
        if self._found_all:
            self._found_all = False
            return []
        now = asyncio.get_running_loop().time()
        begin_at = max(now, self._next_at)
        self._next_at = begin_at + APART_S
        if begin_at > now:
            await asyncio.sleep(begin_at - now)
        jobs = await super().dequeue(
            batch_size, entrypoints, queue_manager_id, global_concurrency_limit, heartbeat_timeout
        )
        self._found_some = bool(jobs)
        self._found_all = 0 < len(jobs) < batch_size
        return jobs

    async def eligible_queued_work(self, entrypoints: list[QueueEntrypoint]) -> int:
        """After work more is likely: it is looked for soon, which costs less than asking."""
        if self._found_some:
            return 1
        return await super().eligible_queued_work(entrypoints)


def pace(manager: QueueManager) -> None:
    """Have `manager` look again as soon as its queries may ask again."""
    manager.min_dequeue_poll_interval = timedelta(seconds=APART_S)
