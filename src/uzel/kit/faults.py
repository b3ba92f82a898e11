"""Faults on request: what a provider in miniature can be told to do wrong."""

import random
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """What can be made to go wrong, and whether the provider does what was asked.

    timeout_before        not done; no answer until the client leaves or a minute has passed
    timeout_after_accept  done; no answer, as above
    reset                 done; the connection is closed with a TCP reset instead of an answer
    429, 401, 403, 500    not done; that status, worded by the part or plain
    garbage               done; 200 with an HTML page
    slow                  done; the right answer after two seconds
    duplicate_webhook     what the provider sends by itself goes out twice
    lost_webhook          … goes out never
    """

    TIMEOUT_BEFORE = "timeout_before"
    TIMEOUT_AFTER_ACCEPT = "timeout_after_accept"
    RESET = "reset"
    TOO_MANY = "429"
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    BROKEN = "500"
    GARBAGE = "garbage"
    SLOW = "slow"
    DUPLICATE_WEBHOOK = "duplicate_webhook"
    LOST_WEBHOOK = "lost_webhook"


WEBHOOK_KINDS = frozenset({FaultKind.DUPLICATE_WEBHOOK, FaultKind.LOST_WEBHOOK})
REQUEST_KINDS = frozenset(FaultKind) - WEBHOOK_KINDS
REFUSALS = frozenset(
    {FaultKind.TOO_MANY, FaultKind.UNAUTHORIZED, FaultKind.FORBIDDEN, FaultKind.BROKEN}
)
SILENCES = frozenset({FaultKind.TIMEOUT_BEFORE, FaultKind.TIMEOUT_AFTER_ACCEPT})


@dataclass(slots=True)
class Fault:
    """One fault in the queue: the next `times` matching requests, or each with chance `rate`."""

    connector: str
    kind: FaultKind
    operation: str | None = None
    times: int | None = None
    rate: float | None = None

    def strikes(self) -> bool:
        """Whether this request is hit; counts down."""
        if self.rate is not None:
            return random.random() < self.rate  # noqa: S311 - no secret depends on it
        self.times = (self.times or 0) - 1
        return True


class Faults:
    """The faults that wait for a request, oldest first."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self.waiting.append(fault)

    def clear(self) -> None:
        self.waiting.clear()

    def take(
        self, connector: str, operation: str | None, kinds: Collection[FaultKind]
    ) -> FaultKind | None:
        """The fault for one request (operation None: whatever operation the fault names)."""
        for fault in self.waiting:
            if fault.connector != connector or fault.kind not in kinds:
                continue
            if operation is not None and fault.operation not in (None, operation):
                continue
            if fault.strikes():
                if fault.times is not None and fault.times <= 0:
                    self.waiting.remove(fault)
                return fault.kind
        return None
