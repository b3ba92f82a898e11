"""What waits for people where money is concerned, for the overview."""

from collections.abc import Iterator

from uzel.views.partners import MoneyTrouble
from uzel.web.console.language import mark as m
from uzel.web.console.trouble import YOURS, Trouble


def of_money(seen: MoneyTrouble) -> Iterator[Trouble]:
    """Proposals and rates for a second person, and rates that are too old."""
    if seen.proposals:
        yield Trouble(
            m("движения денег ждут второго человека"),
            m("Сумма больше, чем может провести один. Решает администратор, который её не вносил."),
            "ask", YOURS, "/partners", m("Решить"), seen.proposals, since=seen.proposed_at,
        )  # fmt: skip
    if seen.rates:
        yield Trouble(
            m("курсы валют ждут второго человека"),
            m("До подтверждения действует прежний курс."),
            "ask", YOURS, "/rates", m("Решить"), seen.rates, since=seen.entered_at,
        )  # fmt: skip
    if seen.too_old:
        yield Trouble(
            m("курсы валют слишком старые"),
            m("Платежи в этих валютах получают отказ, пока нет свежего курса."),
            "bad", YOURS, "/rates", m("Посмотреть"), len(seen.too_old),
        )  # fmt: skip
