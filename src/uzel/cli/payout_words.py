"""What `uzel payout` says to people."""

from collections.abc import Mapping
from typing import Any

from uzel.cli.claim_words import table, worded

COLUMNS = (
    *("payout", "state", "amount", "to", "bank", "name", "purpose", "external_id", "mark"),
    *("provider_id", "error", "created_at"),
)


def said(told: Mapping[str, Any] | list[dict[str, Any]]) -> str:
    """A list as a table with a head, one thing as lines of name and value."""
    if isinstance(told, list):
        return table(COLUMNS, told) if told else "no payouts"
    lines = [
        f"{name}\t{worded(value)}"
        for name, value in told.items()
        if value is not None and name != "steps"
    ]
    if steps := told.get("steps"):
        lines += ["", "steps:", table(tuple(steps[0]), steps)]
    return "\n".join(lines)


def status(told: Mapping[str, Any]) -> str:
    """Whether payouts may leave, and what keeps them."""
    lines = ["payouts may leave" if told["may_leave"] else "payouts do not leave"]
    if (stop := told["stopped"]) is not None:
        lines.append(f"stopped by {stop['made_by']} since {stop['made_at']}: {stop['reason']}")
    lines += [
        f"{it['through']} holds itself back since {it['since']}: {it['why']}; "
        f"one payout leaves by way of trial at {it['trial_at']}"
        for it in told["held"]
    ]
    if not told["may_leave"]:
        lines.append("to let them leave again: uzel payout go")
    return "\n".join(lines)
