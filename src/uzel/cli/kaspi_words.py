"""What the commands about Kaspi orders print."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

# What a proof found wanting, as it stands now.
WANTING = {
    "missing": "whose deal is gone",
    "doubles": "with several deals",
    "waiting": "without a deal yet",
    "unmarked": "whose deal has lost the order's number",
}


def task_words(task: dict[str, Any]) -> str:
    """How a task went last."""
    if task["succeeded_at"] is None and task["problem"] is None:
        return "not yet"
    done = f"done {moment(task['succeeded_at'])}" if task["succeeded_at"] else "never done"
    problem = f"; FAILED {moment(task['failed_at'])}: {task['problem']}" if task["problem"] else ""
    return f"{done}{said(task['found'])}{problem}"


def size(value: Any) -> Any:
    """Long lists by their length."""
    return len(value) if isinstance(value, list) else value


def print_reports(reports: Sequence[dict[str, Any]]) -> None:
    """A line for each shop, and the numbers of orders behind it."""
    for each in reports:
        print(f"shop {each['shop']}: {each['state']}{said(each)}")
        for name in ("missing", "doubles", "waiting"):
            if codes := each.get(name):
                print(f"  {name}: {' '.join(codes)}")


def said(found: Mapping[str, Any]) -> str:
    """`, 214 orders, each with exactly one deal`; other findings as their names and numbers."""
    if not found.keys() & {"missing", "doubles"}:
        rest = {name: size(found[name]) for name in found if name not in ("shop", "state")}
        return "".join(f", {name} {value}" for name, value in rest.items())
    wrong = [f"{len(found[name])} {text}" for name, text in WANTING.items() if found.get(name)]
    parts = [f"{found['orders']} order{'' if found['orders'] == 1 else 's'}", *wrong]
    if not wrong and found["orders"]:
        parts.append("each with exactly one deal")
    if again := found.get("again"):
        parts.append(f"{len(again)} whose deal was gone and is made anew")
    return "".join(f", {part}" for part in parts)


def words_of(before: str, state: str, days: int | None) -> str:
    """What the change means."""
    if days:
        return f"on; it takes the orders of the last {days} days, too"
    if before == state:
        return f"{state} already"
    if state == "paused":
        return "paused; orders are fetched, no deals are made"
    began = "with the orders from now on" if before == "off" else "with all that came meanwhile"
    return f"on; it begins {began}"


def moment(at: Any) -> str:
    """A time for people."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "at a time not told"


def print_json(value: Any) -> None:
    """With times and sums as text."""
    with suppress(BrokenPipeError):
        print(json.dumps(value, ensure_ascii=False, default=str))
