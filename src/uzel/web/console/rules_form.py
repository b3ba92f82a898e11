"""The rules of a business as forms, a section at a time: what stands in them, what was typed.

A reader gives the fields of model.rules.Rules its section is about.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from uzel.errors import ConfigError
from uzel.model.rules import DAY_S, HOUR_S, Guests, Rules, Sending, read_rules
from uzel.web.console.language import mark as m
from uzel.web.console.place_form import SOURCES, read_delays
from uzel.web.console.rates_form import read_rates, shown_rates
from uzel.web.console.route_form import Ways, read_route, shown_route
from uzel.web.console.typed import Typed, money_shown, span_shown

GAP = "request_gap_days"
LONGEST_GAP_DAYS, MOST_PER_DAY, MOST_MINOR = 3650, 10**7, 10**12
LONGEST_WAIT_S = 30 * DAY_S
LONGEST_ATTESTED = 500
CURRENCIES = ("RUB", "KZT", "BYN", "UZS", "USD", "EUR")
ON = "on"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the rules that is changed at once.

    shown  rules → what stands in the fields
    read   the form → fields of Rules; what is wrong is noted in the form
    """

    name: str
    title: str
    shown: Callable[[Rules], dict[str, str]]
    read: Callable[[Typed, Ways], dict[str, Any]]


def rules_in(stored: Mapping[str, Any]) -> Rules:
    """The rules as they are stored; the defaults where they cannot be read."""
    try:
        return read_rules(stored)
    except ConfigError:
        return Rules()


def shown_timing(rules: Rules) -> dict[str, str]:
    """When guests are asked."""
    values = {"opens": rules.opens, "closes": rules.closes}
    for source in SOURCES:
        shown = span_shown(rules.delay_s.get(source))
        values[f"delay_{source}"], values[f"delay_{source}_unit"] = shown
    for name in ("expires_after", "remind_after"):
        shown = span_shown(getattr(rules, f"{name}_s"))
        values[name], values[f"{name}_unit"] = shown
    return values


def read_timing(typed: Typed, ways: Ways) -> dict[str, Any]:
    """When guests are asked. The days between two requests are kept beside the rules."""
    gap = typed.number(GAP, 0, LONGEST_GAP_DAYS)
    if gap is None:
        typed.refuse(GAP, m("Нужно число дней, от 0 до 3650."))
    return {
        GAP: gap,
        "delay_s": read_delays(typed),
        "opens": typed.clock("opens"),
        "closes": typed.clock("closes"),
        "expires_after_s": typed.span("expires_after", HOUR_S, LONGEST_WAIT_S),
        "remind_after_s": typed.span("remind_after", HOUR_S, LONGEST_WAIT_S),
    }


def shown_guests(rules: Rules) -> dict[str, str]:
    """Who is asked."""
    return {
        "guests": rules.guests.value,
        "minimum": "" if rules.minimum is None else f"{rules.minimum:f}",
        "skip_sources": "\n".join(rules.skip_sources),
        "never": "\n".join(rules.never),
        "require_consent": ON if rules.require_consent else "",
        "attested": rules.attested or "",
    }


def read_guests(typed: Typed, ways: Ways) -> dict[str, Any]:
    """Who is asked."""
    return {
        "guests": typed.choice("guests", [guests.value for guests in Guests]),
        "minimum": typed.decimal("minimum"),
        "skip_sources": typed.lines("skip_sources"),
        "never": typed.addresses("never"),
        "require_consent": typed.switch("require_consent"),
        "attested": typed.line("attested", LONGEST_ATTESTED, needed=False) or None,
    }


def shown_sending(rules: Rules) -> dict[str, str]:
    """Whether messages go out."""
    return {"sending": rules.sending.value, "allowed": "\n".join(rules.allowed)}


def read_sending(typed: Typed, ways: Ways) -> dict[str, Any]:
    """Whether messages go out; an empty list would let none."""
    sending = typed.choice("sending", [mode.value for mode in Sending])
    allowed = typed.addresses("allowed")
    if sending == Sending.ALLOW_LIST.value and not allowed:
        typed.refuse("allowed", m("Список пуст: никому ничего не уйдёт. Впишите хотя бы себя."))
    return {"sending": sending, "allowed": allowed}


def shown_money(rules: Rules) -> dict[str, str]:
    """What it may cost."""
    return {
        "currency": rules.currency,
        "budget_day": money_shown(rules.budget_day_minor),
        "messages_per_day": "" if rules.messages_per_day is None else str(rules.messages_per_day),
        **shown_rates(rules.rates),
    }


def read_money(typed: Typed, ways: Ways) -> dict[str, Any]:
    """What it may cost."""
    budget, rates = typed.money("budget_day", MOST_MINOR), read_rates(typed)
    if budget is not None and not rates:
        typed.refuse("budget_day", m("Без прайса бюджет не считается: впишите цены ниже."))
    return {
        "currency": typed.choice("currency", CURRENCIES),
        "rates": rates,
        "budget_day_minor": budget,
        "messages_per_day": typed.number("messages_per_day", 0, MOST_PER_DAY),
    }


def shown_ratings(rules: Rules) -> dict[str, str]:
    """Which ratings the manager hears of."""
    return {"low_rating": str(rules.low_rating)}


def read_ratings(typed: Typed, ways: Ways) -> dict[str, Any]:
    """Which ratings the manager hears of."""
    return {"low_rating": read_stars(typed)}


def read_stars(typed: Typed) -> int:
    """A number of stars; 0: none is low."""
    stars = typed.choice("low_rating", [str(number) for number in range(6)])
    return int(stars) if stars.isascii() and len(stars) == 1 and stars.isdigit() else 0


SECTIONS = {
    section.name: section
    for section in (
        Section("timing", m("Когда"), shown_timing, read_timing),
        Section("guests", m("Кого"), shown_guests, read_guests),
        Section("route", m("Чем"), shown_route, read_route),
        Section("sending", m("Режим отправки"), shown_sending, read_sending),
        Section("money", m("Деньги"), shown_money, read_money),
        Section("ratings", m("Низкие оценки"), shown_ratings, read_ratings),
    )
}
