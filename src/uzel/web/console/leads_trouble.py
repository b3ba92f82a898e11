"""Leads that need somebody, for the overview."""

from collections.abc import Iterator

from uzel.views.leads import MOST_COUNTED, LeadTrouble
from uzel.web.console.language import mark as m
from uzel.web.console.trouble import YOURS, Trouble


def of_leads(seen: LeadTrouble) -> Iterator[Trouble]:
    """Each kind on a line."""
    look = m("Посмотреть")
    if seen.failed:
        yield Trouble(
            m("отчёты не записались в CRM"),
            m("Деньги сочтены, а в сделке этого нет. Исправьте причину и повторите запись."),
            "ask", YOURS, "/leads?mark=failed", look, seen.failed,
        )  # fmt: skip
    if seen.uncharged:
        yield Trouble(
            m("лиды выполнены без списания"),
            m("Лид не вышел, деньги вернулись, потом он всё же выполнен, а на балансе не хватило."),
            "ask", YOURS, "/leads?mark=uncharged", look, seen.uncharged,
        )  # fmt: skip
    if seen.overdue:
        yield Trouble(
            m("лиды ждут больше часа"),
            m("О них никто не отчитался: проверьте, работают ли роботы, или отчитайтесь сами."),
            "bad", YOURS, "/leads?mark=overdue", look, seen.overdue, seen.overdue >= MOST_COUNTED,
            since=seen.overdue_since,
        )  # fmt: skip
    if seen.lost:
        yield Trouble(
            m("отчёты, которым за сутки не нашлось лида"),
            m("Номер в них не наш или подходит к нескольким. Строка уйдёт сама через сутки."),
            "bad", YOURS, "/leads#lost", look, seen.lost,
        )  # fmt: skip
