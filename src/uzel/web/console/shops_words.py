"""Orders of shops in words: where each is, why it is stuck, what differs, how the tasks are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from uzel.flows.kaspi_orders.settings import LOST, WON
from uzel.views.shops import OrderRow, Task
from uzel.web.console import words
from uzel.web.console.language import Language
from uzel.web.console.language import mark as m
from uzel.web.console.show import NO_BREAK_SPACE, SIGNS, number
from uzel.web.console.states import BAD, GOOD, IDLE, State

GROUPS = {
    "waiting": m("ждут"),
    "stuck": m("застряли"),
    "done": m("сделаны"),
    "differs": m("с различием"),
    "left_out": m("без сделки"),
}
SHOPS = {
    "on": State(m("работает"), GOOD),
    "paused": State(m("на паузе"), BAD),
    "off": State(m("выключен"), IDLE),
}
# Kaspi's words for how far an order is (Kaspi, "Orders API", 2.2.1).
STATUSES = {
    "APPROVED_BY_BANK": m("новый"),
    "ACCEPTED_BY_MERCHANT": m("принят"),
    "ASSEMBLE": m("собирается"),
    "ASSEMBLED": m("собран"),
    "ARRIVED": m("приехал к покупателю"),
    "COMPLETED": m("выдан"),
    "CANCELLING": m("отменяется"),
    "CANCELLED": m("отменён"),
    "KASPI_DELIVERY_RETURN_REQUESTED": m("возвращается"),
    "ARRIVED_BACKWARD": m("вернулся на склад"),
    "RETURNED": m("возвращён"),
}
# How a reason begins that names the step it comes from → what that step was.
REASONS = {
    "contact_refused: ": m("amoCRM не принимает контакт: {why}"),
    "goods_refused: ": m("amoCRM не принимает товар: {why}"),
    "lines: ": m("Kaspi не отдаёт состав заказа: {why}"),
    "find: ": m("amoCRM не даёт искать сделки: {why}"),
    "goods: ": m("товары в сделку не добавлены: {why}"),
    "note: ": m("примечание в сделку не добавлено: {why}"),
}
DEAL_GONE = m("прежнюю сделку удалили, делаем новую")
FIELDS = {"stage": m("этап"), "price": m("сумма"), "goods": m("товары")}
TASKS = {"fetch": m("новые заказы"), "reconcile": m("сверка"), "proof": m("доказательство")}
# What a proof found wanting, as it stands now → how it is said.
PROVED = {
    "missing": m("без своей сделки: {n}, делаем заново"),
    "doubles": m("с двумя сделками: {n}"),
    "waiting": m("ещё ждут сделки: {n}"),
    "unmarked": m("в сделке больше нет номера заказа: {n}"),
}
EVERY = {
    "fetch": timedelta(minutes=1),
    "reconcile": timedelta(minutes=10),
    "proof": timedelta(days=1),
}
# What a person did about an order.
ACTS = {
    "try_again": m("попробовать снова"),
    "leave_out": m("не создавать сделку"),
    "take_in": m("вернуть заказ"),
}
CLOSED = {WON: m("Успешно реализовано"), LOST: m("Закрыто и не реализовано")}
Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Light:
    """How one task is. `at`: when it succeeded last."""

    task: str
    name: str
    tone: str
    text: Markup
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs. `kept`: a person's word, left as it is; `over`: the deal was set
    right, so it differs no more.
    """

    name: str
    order: str
    deal: str
    kept: bool
    outcome: Markup
    over: bool


def why(spoken: Language, reason: str | None) -> Markup:
    """Why an order is as it is."""
    if not reason:
        return Markup("")
    if reason == "deal_gone":
        return spoken.text(DEAL_GONE)
    for start, said in REASONS.items():
        if reason.startswith(start):
            return spoken.text(said, why=words.detail(spoken, reason.removeprefix(start)))
    return words.detail(spoken, reason)


def status(spoken: Language, word: str | None) -> Markup:
    """Kaspi's word in ours; one that nobody knows as it is."""
    return words.named(spoken, STATUSES, word) if word else Markup("—")


def shop_state(spoken: Language, code: str) -> dict[str, Any]:
    """(text, tone) of a shop's state."""
    known = SHOPS[code]
    return {"text": spoken.text(known.text), "tone": known.tone}


def differences(spoken: Language, order: OrderRow, names: Names) -> list[Difference]:
    """What differed when the deal was last compared. `names`: of stages and goods, by number."""
    return [
        Difference(
            spoken.text(FIELDS[name]) if name in FIELDS else name,
            shown(spoken, name, found["order"], order.currency, names),
            shown(spoken, name, found["deal"], order.currency, names),
            found["kept"],
            outcome(spoken, order, found["kept"]),
            not (found["kept"] or order.changes or order.checking or order.reason),
        )
        for name, found in (order.difference or {}).items()
    ]


def outcome(spoken: Language, order: OrderRow, kept: bool) -> Markup:
    """What became of a difference."""
    if kept and not order.tried:
        return spoken.text("оставлено: так было в сделке, сделали её не мы")
    if kept:
        return spoken.text("оставлено: в сделке это изменил человек")
    if order.changes or order.checking:
        return spoken.text("исправляем сделку")
    return spoken.text("не исправлено") if order.reason else spoken.text("сделка исправлена")


def shown(spoken: Language, field: str, value: Any, currency: str, names: Names) -> str:
    """One side of a difference."""
    if field == "stage":
        return stage_name(spoken, str(value), names)
    if field == "price":
        unit = SIGNS.get(currency, currency)
        return f"{number(spoken, int(Decimal(str(value))))}{NO_BREAK_SPACE}{unit}"
    goods = [f"{names.get(it) or f'№ {it}'} × {count}" for it, count in (value or {}).items()]
    return ", ".join(goods) or spoken.text("нет")


def stage_name(spoken: Language, stage: str, names: Names) -> str:
    """A stage as people know it, else its numbers."""
    if stage in names:
        return names[stage]
    status_id = stage.rpartition(":")[2]
    closed = CLOSED.get(int(status_id)) if status_id.isdigit() else None
    return spoken.text(closed) if closed else stage


def lights(spoken: Language, tasks: Mapping[str, Task], state: str, now: datetime) -> list[Light]:
    """One for each task."""
    return [light(spoken, name, tasks.get(name), state, now) for name in TASKS]


def light(spoken: Language, name: str, task: Task | None, state: str, now: datetime) -> Light:
    """How a task is, and what it found last."""
    at = task.succeeded_at if task else None
    if task is None or (at is None and task.problem is None):
        waits = spoken.text("ещё не было") if state != "off" else spoken.text("магазин выключен")
        return Light(name, TASKS[name], IDLE, waits, None)
    if problem := task.problem or task.found.get("problem"):
        return Light(name, TASKS[name], BAD, words.detail(spoken, str(problem)), at)
    if state == "off":
        return Light(name, TASKS[name], IDLE, spoken.text("магазин выключен"), at)
    said = FOUND[name](spoken, task.found)
    late = at is not None and now - at > 3 * EVERY[name] + timedelta(minutes=1)
    if late:
        said += Markup(". ") + spoken.text("Давно не было: работает ли worker?")
    tone = BAD if late or task.found.get("missing") or task.found.get("doubles") else GOOD
    return Light(name, TASKS[name], tone, said, at)


def fetched(spoken: Language, found: Mapping[str, Any]) -> Markup:
    """What a run of fetching brought."""
    new = len(found.get("new") or ())
    return spoken.count("{n} новый", "{n} новых", new) if new else spoken.text("новых нет")


def reconciled(spoken: Language, found: Mapping[str, Any]) -> Markup:
    """What a run over all orders brought."""
    orders = spoken.count("{n} заказ", "{n} заказов", found.get("orders", 0))
    changed = found.get("changed", 0)
    changes = spoken.count("{n} изменение", "{n} изменений", changed)
    return orders + Markup(", ") + (changes if changed else spoken.text("изменений нет"))


def proved(spoken: Language, found: Mapping[str, Any]) -> Markup:
    """What the last proof says."""
    if "orders" not in found:
        return spoken.text("идёт")
    orders = spoken.count("{n} заказ", "{n} заказов", found["orders"])
    counts = {name: len(found.get(name, ())) for name in PROVED}
    said = [spoken.text(text, n=counts[name]) for name, text in PROVED.items() if counts[name]]
    if not said:
        said.append(spoken.text("у каждого одна сделка"))
    if again := len(found.get("again", ())):
        said.append(
            spoken.count(
                "пропала {n} сделка, сделана заново", "пропало {n} сделок, сделаны заново", again
            )
        )
    return Markup(", ").join([orders, *said])


FOUND = {"fetch": fetched, "reconcile": reconciled, "proof": proved}
