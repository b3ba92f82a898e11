"""Leads: what is to be done, for whom, and what became of it."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class LeadState(StrEnum):
    """NEW: somebody has yet to report on it."""

    NEW = "new"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class NewLead:
    """One that a partner submits: its own number of it, the link to pay, and whatever else."""

    external_id: str
    payment_url: str | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Received:
    """A lead of a batch. `is_new`: False for one that was received before."""

    external_id: str
    public_id: str
    deal_id: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of a batch: its leads in their order, and what they cost together."""

    leads: tuple[Received, ...]
    cost_minor: int
    available_minor: int


class TooPoor(Exception):
    """The balance, and its credit, do not suffice for the new leads of a batch; none was taken."""

    def __init__(
        self, required_minor: int, available_minor: int, credit_minor: int, count: int
    ) -> None:
        super().__init__(required_minor)
        self.required_minor = required_minor
        self.available_minor = available_minor
        self.credit_minor = credit_minor
        self.spendable_minor = max(0, available_minor + credit_minor)
        self.count = count


def new_public_id() -> str:
    return f"lead_{secrets.token_hex(8)}"


def new_deal_id() -> str:
    """What robots call a lead whose own number might be taken for another's."""
    return f"DID{secrets.token_hex(7).upper()}"


def is_safe(external_id: str) -> bool:
    """Whether a partner's number may be what robots call the lead: the CRM's numbers are digits
    alone, and ours begin with DID.
    """
    return not external_id.isdigit() and not external_id.upper().startswith("DID")
