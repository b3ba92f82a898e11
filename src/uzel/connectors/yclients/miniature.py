"""How YCLIENTS in miniature posts: each event to every address, few tries, no promise."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from uzel.connectors.yclients.lives import COMPANY_ID, Plan, Post, Shift, Step
from uzel.kit.pushing import Hook, Pause, Run, Sender
from uzel.kit.sandbox import Desk


class Target(BaseModel):
    """Where to post. `hook` is an HTTP address with its key; None: the addresses that the company
    has been given through the API.
    """

    model_config = ConfigDict(extra="forbid")

    hook: Hook | None = None
    company_id: int = Field(default=COMPANY_ID, gt=0, lt=10**15)


class RunAsked(Plan, Target):
    """The body of `POST /_run`.

    tries  how often a post is sent that gets no 2xx; a 4xx other than 429 ends it at once
           (Altegio: three in all, 1.5 s apart; its public documentation says one)
    """

    tries: int = Field(default=3, ge=1, le=1000)
    pause_s: float = Field(default=1.5, ge=0, le=60)


class Newest:
    """A tally where the newest acknowledged word on a record counts: distinct_orders are records,
    visits those where a guest with a phone came.
    """

    def __init__(self) -> None:
        self._steps: dict[int, Step] = {}

    def add(self, post: Post) -> None:
        if (step := post.step) is None:
            return
        newest = self._steps.get(step.record.id)
        if newest is None or newest.at <= step.at:
            self._steps[step.record.id] = step

    def figures(self) -> Mapping[str, int]:
        visits = {step.record.visit_id for step in self._steps.values() if step.is_visit}
        return {"distinct_orders": len(self._steps), "visits": len(visits)}


def run_of(
    desk: Desk, asked: RunAsked, hooks: Sequence[str], tell: Callable[[Step], None]
) -> Run[Post]:
    """`tell` hears of each change when it happens, delivered or not."""

    def ticks() -> Iterator[list[Post]]:
        for posts in Shift(asked, asked.company_id).ticks():
            for post in posts:
                if post.step is not None:
                    tell(post.step)
            yield posts

    return Run(sender(desk), asked, hooks, ticks(), few_tries(asked), Newest())


def sender(desk: Desk) -> Sender[Post]:
    return Sender(desk, lambda post: {"content-type": "application/json"}, told)


def few_tries(asked: RunAsked) -> Pause:
    def pause_s(attempts: int, status: int | None, since_s: float) -> float | None:
        is_final = status is not None and 400 <= status < 500 and status != 429
        return None if is_final or attempts >= asked.tries else asked.pause_s

    return pause_s


def told(post: Post) -> Mapping[str, Any]:
    """What the journal tells of a post."""
    return {"records": [] if post.step is None else [described(post.step)]}


def described(step: Step) -> Mapping[str, Any]:
    record = step.record
    return {
        "id": record.id,
        "visit_id": record.visit_id,
        "attendance": step.attendance,
        "status": step.status,
        "deleted": step.deleted,
        "phone": record.phone,
    }
