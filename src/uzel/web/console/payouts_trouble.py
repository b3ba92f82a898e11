"""What waits for people where payouts are concerned, for the overview."""

from collections.abc import Iterator

from uzel.views.payouts import PayoutAttention, PayoutTrouble
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
