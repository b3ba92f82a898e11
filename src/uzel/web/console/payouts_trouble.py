"""What waits for people where payouts are concerned, for the overview."""

from collections.abc import Iterator

from uzel.views.payouts import PayoutAttention, PayoutTrouble
from uzel.views.reconciliation import PayoutTrouble as Books
from uzel.web.console.language import mark as m
from uzel.web.console.trouble import OURS, THEIRS, YOURS, Trouble


def of_payouts(seen: PayoutTrouble, attention: PayoutAttention) -> Iterator[Trouble]:
    """Each kind on a line."""
    look = m("Посмотреть")
    if (stopped := attention.stopped) is not None:
        yield Trouble(
            m("выплаты остановлены"),
            m("Ни одна не уходит, пока их не возобновят согласующий или администратор."),
            "bad", YOURS, "/payouts/go-on", look, since=stopped.made_at, reason=stopped.reason,
        )  # fmt: skip
    if seen.claims:
        yield Trouble(
            m("заявки на выплату ждут решения"),
            m("Решает согласующий, который их не вносил."),
            "ask", YOURS, "/claims", m("Решить"), seen.claims, since=seen.claims_since,
        )  # fmt: skip
    if seen.unknown:
        yield Trouble(
            m("исход выплат неизвестен"),
            m("Ответ потерян. Узел ищет их у поставщика; второй раз сам не заплатит."),
            "ask", YOURS, "/payouts#unknown", look, seen.unknown, since=seen.unknown_since,
        )  # fmt: skip
    if seen.held:
        yield Trouble(
            m("утверждённые заявки придержаны"),
            m("Их не пускает предел выплат. Дневные уйдут завтра сами."),
            "wait", OURS, "/claims?state=approved", look, seen.held, since=seen.held_since,
        )  # fmt: skip
    if seen.review:
        yield Trouble(
            m("выплаты проверяют люди поставщика"),
            m("Поставщик может спросить о них: следите за его письмами."),
            "wait", THEIRS, "/payouts?state=review", look, seen.review, since=seen.review_since,
        )  # fmt: skip


def of_books(seen: Books) -> Iterator[Trouble]:
    """Where our books and the provider's are not the same, or could not be compared."""
    where = m("Посмотреть")
    if count := sum(seen.open.values()):
        yield Trouble(
            m("расхождения с книгами поставщика"),
            m("Сверка нашла, что выплаты записаны по-разному. Сама она ничего не исправляет."),
            "ask", YOURS, "/payouts/books", where, count,
        )  # fmt: skip
    if seen.short:
        yield Trouble(
            m("денег у поставщика меньше, чем ждёт выплат"),
            m("Пополните счёт: иначе он откажет последним."),
            "bad", YOURS, "/payouts", where, seen.short,
        )  # fmt: skip
    if seen.late:
        yield Trouble(
            m("сверки не было две ночи"),
            m("Список поставщика не удалось прочесть целиком."),
            "bad", YOURS, "/payouts/books", where, len(seen.late),
        )  # fmt: skip
    if seen.broken:
        yield Trouble(
            m("выплаты и учёт не сходятся"),
            m("Этого не бывает само собой: остановите выплаты и спросите того, кто их ведёт."),
            "bad", YOURS, "/payouts/books", where, len(seen.broken),
        )  # fmt: skip
