"""What the commands about Kaspi orders print."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

# What a proof found wanting.
WANTING = {
    "missing": "whose deal is gone",
    "doubles": "with several deals",
    "waiting": "without a deal yet",
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
    wrong = {name: len(found[name]) for name in ("missing", "doubles", "waiting") if found[name]}
    told = ", ".join(f"{count} {WANTING[name]}" for name, count in wrong.items())
    if not wrong and found["orders"]:
        told = "each with exactly one deal"
    return f", {found['orders']} orders{f', {told}' if told else ''}"


def print_why(each: dict[str, Any]) -> None:
    """One answer, with the calls that were made for it, newest first."""
    print(f"order {each['code']}, shop {each['shop']}: {each['text']}")
    order = each["order"] or {}
    if order.get("reason"):
        print(f"  because: {order['reason']}")
    if each["detail"]:
        print(f"  {each['detail']}")
    if order:
        print(f"  at Kaspi: {order['status']}, made {moment(order['ordered_at'])}")
    if order.get("lead_id"):
        where = order["deal_url"] or ""
        print(f"  deal {order['lead_id']}, made {moment(order['deal_at'])}  {where}".rstrip())
    for name, parts in (order.get("difference") or {}).items():
        kept = "a person's word, kept" if parts["kept"] else "to be set"
        print(f"  {name}: {parts['order']} at Kaspi, {parts['deal']} in the deal ({kept})")
    for call in each["calls"]:
        detail = f": {call['detail']}" if call["detail"] else ""
        at = moment(call["started_at"])
        print(f"  call {call['id']} {call['operation']} {call['state']} {at}{detail}")


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
