"""What is known of a call that may have happened, and of one that was held back."""

from typing import Any

from uzel.calls.guard import Hold
from uzel.calls.outcome import Result, held_back
from uzel.connections.registry import Active
from uzel.connector import Operation


def kept(active: Active, row: Any, hold: Hold) -> Result:
    """The result of a call that may not leave."""
    in_doubt = is_in_doubt(active, row)
    return held_back(
        row["id"], active.id, row["attempt"], hold.reason, hold.until, in_doubt=in_doubt
    )


def is_in_doubt(active: Active, row: Any) -> bool:
    """Whether an earlier attempt may have had its effect, at a provider that takes a repetition for
    the same call for some time only. Asking twice for what stays the same leaves no doubt.
    """
    operation = active.connector.operations[row["operation"]]
    return operation.repeatable_for_s is not None and row["in_doubt_for_s"] is not None


def too_old_to_repeat(operation: Operation, in_doubt_for_s: float | None) -> bool:
    """Whether the provider may have forgotten an earlier attempt whose answer was lost."""
    limit = operation.repeatable_for_s
    return limit is not None and in_doubt_for_s is not None and in_doubt_for_s >= limit
