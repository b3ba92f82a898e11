"""What is looked at right before a message leaves: stop-list, hours, expiry, mode, budget.

It may have been planned hours ago: a stop that came since, or the night, counts as much as one that
was there before.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from uzel.calls.guard import Hold
from uzel.kit.database import Connection
from uzel.messages import guard_store as store
from uzel.messages.stop_list import BOUNCE, BY_GUEST, address_of
from uzel.messages.withdraw import effect_of, id_of
from uzel.model.rules import Rules, Sending, rules_at

# Messages to ourselves: the owner cannot be on the list of those who want nothing from him.
OWN = frozenset({"low_rating"})
# What a guest asked for or has to know (a code, a receipt): who wants no more advertising still
# wants these.
TRANSACTIONAL = "transactional"
# Without a rate card so many may leave before it is known what one costs, asked every minute.
MOST_WITHOUT_PRICE = 3
PRICE_KNOWN_IN = timedelta(minutes=1)


async def guard(connection: Connection, effects: Sequence[str]) -> Mapping[str, Hold]:
    """Effect (`message:17`) → why this message may not leave; see `uzel.calls.guard`."""
    rows = await store.about(connection, [id_of(effect) for effect in effects])
    now = datetime.now(UTC)
    held: dict[str, Hold] = {}
    paying = []
    for row in rows:
        rules = rules_at(row["business_rules"], row["place_rules"])
        hold = why_not(row, rules, now)
        if hold is not None:
            held[effect_of(row["id"])] = hold
        elif rules.budget_day_minor is not None or rules.messages_per_day is not None:
            paying.append((row, rules))
    for row, rules in paying:
        if (hold := await over_budget(connection, row, rules, now)) is not None:
            held[effect_of(row["id"])] = hold
    return held


def why_not(row: Any, rules: Rules, now: datetime) -> Hold | None:
    """What speaks against a message, the final reasons first."""
    if row["withdrawn"] is not None:
        return Hold(row["withdrawn"])
    final = {
        "settled_already": row["state"] != "planned",
        "stopped": any(refuses(reason, row["purpose"]) for reason in row["stopped"]),
        # The next way takes over, see `send.on_closed`.
        BOUNCE: BOUNCE in row["stopped"] and row["purpose"] not in OWN,
        "arrived_already": row["arrived"],
        "expired": row["not_after"] is not None and row["not_after"] < now,
        "recorded_only": rules.sending is Sending.RECORD,
        "not_on_allow_list": rules.sending is Sending.ALLOW_LIST
        and row["address"] not in map(address_of, rules.allowed),
    }
    for reason, holds in final.items():
        if holds:
            return Hold(reason)
    if row["polite"] and not rules.hours.open_at(now, ZoneInfo(row["zone"])):
        return later(row, rules.hours.next_open(now, ZoneInfo(row["zone"])), "quiet_hours")
    return None


def refuses(reason: str, purpose: str) -> bool:
    """Whether an entry of the stop-list made for `reason` keeps messages of this purpose back."""
    if reason == BOUNCE or purpose in OWN:
        return False
    return not (purpose == TRANSACTIONAL and reason in BY_GUEST)


def later(row: Any, until: datetime, reason: str) -> Hold:
    """Not now; and not at all where its time will have passed by then."""
    if row["not_after"] is not None and row["not_after"] < until:
        return Hold("expired")
    return Hold(reason, until)


async def over_budget(connection: Connection, row: Any, rules: Rules, now: datetime) -> Hold | None:
    """Take what this message will cost out of the day's budget, once; a hold where too little is
    left. Messages to ourselves and those a guest asked for count, and are not held.

    Where no rate card names a price, the dearest one lately does; before there is any, only a few
    leave, until their prices are known.
    """
    day = now.astimezone(ZoneInfo(row["business_zone"])).date()
    if row["budget_day"] == day:
        return None
    ours = row["purpose"] in OWN or row["purpose"] == TRANSACTIONAL
    price = row["estimate_minor"]
    if price is None and rules.budget_day_minor is not None and not ours:
        price, unknown = await store.usual_price(
            connection, row["business_id"], day, row["channel"]
        )
        if price is None and unknown >= MOST_WITHOUT_PRICE:
            return later(row, now + PRICE_KNOWN_IN, "no_price")
    taken = await store.reserve(
        connection,
        row["id"],
        row["business_id"],
        day,
        price or 0,
        None if ours else rules.budget_day_minor,
        None if ours else rules.messages_per_day,
    )
    return None if taken else until_tomorrow(row, rules, now)


def until_tomorrow(row: Any, rules: Rules, now: datetime) -> Hold:
    """The budget is spent: when the next day begins, or it opens on that day."""
    zone = ZoneInfo(row["business_zone"])
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    begins = datetime.combine(tomorrow, datetime.min.time(), zone).astimezone(UTC)
    if row["polite"]:
        begins = rules.hours.next_open(begins, ZoneInfo(row["zone"]))
    return later(row, begins, "budget_spent")
