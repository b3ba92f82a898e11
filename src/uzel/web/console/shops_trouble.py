"""Shops that need somebody, on the overview."""

from collections.abc import Iterable, Iterator

from uzel.views.shops_trouble import Trouble as ShopTrouble
from uzel.web.console.desk import Desk
from uzel.web.console.language import mark as m
from uzel.web.console.trouble import OURS, YOURS, Trouble

OPEN = m("Открыть")
# (of one, of several), and what it means.
STUCK = (
    (m("заказ Kaspi застрял"), m("заказы Kaspi застряли")),
    m("Само это не пройдёт: посмотрите, почему, исправьте и попробуйте снова."),
)
FAILING = {
    "fetch": (
        m("новые заказы Kaspi не забираются"),
        m("Ни один не потеряется: заберём все, как только получится."),
    ),
    "reconcile": (
        m("заказы Kaspi не сверяются"),
        m("Сделки не узнают об отменах и выдачах, пока сверка не пройдёт."),
    ),
    "proof": (
        m("не доказано, что у каждого заказа Kaspi есть сделка"),
        m("Прочитать сделки amoCRM не удалось; попробуем снова."),
    ),
}
MISSING = (
    (m("заказ Kaspi, чьей сделки в amoCRM нет"), m("заказы Kaspi, чьих сделок в amoCRM нет")),
    m("Сделку удалили или потеряли; Узел посмотрит ещё раз и сделает её заново."),
)
DOUBLES = (
    (m("заказ Kaspi с двумя сделками"), m("заказы Kaspi с двумя сделками")),
    m("Узел второй не делает: посмотрите, кто её создал, и удалите лишнюю."),
)
PAUSED = (
    (m("магазин Kaspi на паузе, заказ ждёт"), m("магазин Kaspi на паузе, заказы ждут")),
    m("Заказы забираются, сделки не создаются. Продолжите, когда будете готовы."),
)


def of_shops(desk: Desk, found: Iterable[ShopTrouble]) -> Iterator[Trouble]:
    """Everything that is wrong with shops; `reason` names the shop where there are several."""
    for shop in found:
        yield from of_shop(desk, shop)


def of_shop(desk: Desk, shop: ShopTrouble) -> Iterator[Trouble]:
    """Everything that is wrong with one."""
    source = desk.deps.registry.get(shop.source_id)
    name, here = source.name if source else None, f"/shops?shop={shop.shop_id}"
    if shop.stuck:
        yield Trouble(
            *of(STUCK, shop.stuck), "ask", YOURS, f"{here}&step=stuck", OPEN,
            shop.stuck, since=shop.stuck_since, reason=name,
        )  # fmt: skip
    for task, problem in shop.problems.items():
        text, about = FAILING[task]
        yield Trouble(text, about, "bad", YOURS, here, OPEN, reason=problem)
    if shop.missing:
        yield Trouble(
            *of(MISSING, shop.missing), "wait", OURS, here, OPEN, shop.missing, reason=name
        )
    if shop.doubles:
        yield Trouble(
            *of(DOUBLES, shop.doubles), "bad", YOURS, here, OPEN, shop.doubles, reason=name
        )
    if shop.held_up:
        yield Trouble(
            *of(PAUSED, shop.waiting), "bad", YOURS, here, OPEN, shop.waiting, reason=name
        )


def of(said: tuple[tuple[str, str], str], count: int) -> tuple[str, str]:
    """(what it is, what it means) for so many."""
    (one, several), about = said
    return one if count == 1 else several, about
