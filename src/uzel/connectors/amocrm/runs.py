"""Deals of amoCRM in miniature, one after the other."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from uzel.connectors.amocrm.control import HOOK, TOKEN, DealAsked
from uzel.connectors.amocrm.miniature.account import NAMES
from uzel.connectors.amocrm.miniature.beginnings import FIRST_STAGE_ID
from uzel.connectors.amocrm.miniature.entities import LOST, WON, Lead
from uzel.connectors.amocrm.miniature.hooks import is_valid

PRICES = (900, 1290, 2450, 3900)

Tell = Callable[[DealAsked], Awaitable[tuple[Lead, list[int | None]]]]


class RunAsked(BaseModel):
    """The body of `POST /_run`. Each deal is made, and at the pace of the run won or lost.

    hook         as in `DealAsked`
    count        deals
    per_s        deals begun a second
    lost         share of the deals that are lost
    emails       share of the contacts that have an e-mail address too
    no_phone     share of the contacts that have nothing but an e-mail address
    seed         the same seed draws the same; None: anew
    """

    model_config = ConfigDict(extra="forbid")

    token: str = TOKEN
    hook: str | None = Field(default=None, pattern=HOOK)
    count: int = Field(default=100, ge=1, le=1_000_000)
    per_s: float = Field(default=1.0, gt=0, le=1000)
    lost: float = Field(default=0.0, ge=0, le=1)
    emails: float = Field(default=0.0, ge=0, le=1)
    no_phone: float = Field(default=0.0, ge=0, le=1)
    first_phone: str = Field(default="+79990000001", pattern=r"^\+[0-9]{10,15}$")
    seed: int | None = None


class Run:
    """One run in the background."""

    def __init__(self, asked: RunAsked, tell: Tell) -> None:
        self.id = secrets.token_hex(4)
        self._asked = asked
        self._tell = tell
        self._random = Random(asked.seed)  # noqa: S311 - no secret depends on it
        self._counts: Counter[str] = Counter()
        self._finished = False

    def progress(self) -> dict[str, Any]:
        """acknowledged, failed: posts whose first answer was valid or not; visits: deals won."""
        counts = {name: self._counts[name] for name in ("acknowledged", "failed", "visits")}
        return {"run": self.id, "finished": self._finished, **counts}

    async def go(self) -> None:
        clock = asyncio.get_running_loop().time
        start = clock()
        async with asyncio.TaskGroup() as group:
            for index in range(self._asked.count):
                group.create_task(self._deal(index))
                await asyncio.sleep(max(0.0, start + (index + 1) / self._asked.per_s - clock()))
        self._finished = True

    async def _deal(self, index: int) -> None:
        """One deal from its first stage to its last."""
        asked = self._begun(index)
        lead = await self._told(asked)
        await asyncio.sleep(1 / self._asked.per_s)
        status_id = LOST if self._happens(self._asked.lost) else WON
        ending = {"lead_id": lead.id, "event": "status", "status_id": status_id}
        await self._told(asked.model_copy(update=ending))
        self._counts["visits"] += status_id == WON

    def _begun(self, index: int) -> DealAsked:
        only_email = self._happens(self._asked.no_phone)
        has_email = only_email or self._happens(self._asked.emails)
        digits = int(self._asked.first_phone[1:]) + index
        return DealAsked(
            token=self._asked.token,
            hook=self._asked.hook,
            event="add",
            status_id=FIRST_STAGE_ID,
            price=self._random.choice(PRICES),
            phone=None if only_email else f"+{digits}",
            name=NAMES[index % len(NAMES)],
            email=f"guest{digits}@mail.example" if has_email else None,
        )

    async def _told(self, asked: DealAsked) -> Lead:
        lead, statuses = await self._tell(asked)
        for status in statuses:
            self._counts["acknowledged" if is_valid(status) else "failed"] += 1
        return lead

    def _happens(self, share: float) -> bool:
        return self._random.random() < share
