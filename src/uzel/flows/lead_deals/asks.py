"""The calls of this flow: how each is named, and what it asks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from uzel.calls.plan import Plan
from uzel.flows.lead_deals.values import Filling

# First word of the effects of all calls of this flow.
OWNER = "lead"
LOOK, FIELDS, STAGES, WRITE = "look", "fields", "stages", "write"
# What nobody got through with is asked again after so long.
AGAIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Effect:
    """`lead:write:17:2`: what a call is for.

    number  of the report; of `look` the event's
    nth     the how many-th asking of it
    """

    kind: str
    number: int
    nth: int

    def __str__(self) -> str:
        return f"{OWNER}:{self.kind}:{self.number}:{self.nth}"

    @staticmethod
    def of(text: str) -> "Effect":
        """The effect that reads so."""
        _, kind, number, nth = text.split(":")
        return Effect(kind, int(number), int(nth))


def plan_of(
    crm_id: int, operation: str, effect: Effect, arguments: Mapping[str, Any], *, late: bool = False
) -> Plan:
    due_at = datetime.now(UTC) + AGAIN if late else None
    return Plan(crm_id, operation, arguments, str(effect), due_at=due_at)


def look_at(crm_id: int, event_id: int, nth: int, number: str, *, late: bool = False) -> Plan:
    """The fields of a deal that was told of without them."""
    effect = Effect(LOOK, event_id, nth)
    return plan_of(crm_id, "read_deal", effect, {"lead_id": int(number)}, late=late)


def ask_fields(crm_id: int, report_id: int, nth: int, *, late: bool = False) -> Plan:
    """The fields of the account."""
    return plan_of(crm_id, "lead_fields", Effect(FIELDS, report_id, nth), {}, late=late)


def ask_stages(crm_id: int, report_id: int, nth: int, *, late: bool = False) -> Plan:
    """Its pipelines and their stages."""
    return plan_of(crm_id, "pipelines", Effect(STAGES, report_id, nth), {}, late=late)


def write(
    crm_id: int,
    report_id: int,
    nth: int,
    number: str,
    wanted: Filling,
    stage: tuple[int, int] | None,
    keep: Sequence[int],
    *,
    late: bool = False,
) -> Plan:
    """The report into its deal."""
    pipeline_id, status_id = stage or (None, None)
    arguments = {
        "lead_id": int(number),
        "mark": wanted.mark,
        "fields": wanted.fields,
        "pipeline_id": pipeline_id,
        "status_id": status_id,
        "keep_stages": list(keep),
    }
    return plan_of(crm_id, "fill_deal", Effect(WRITE, report_id, nth), arguments, late=late)
