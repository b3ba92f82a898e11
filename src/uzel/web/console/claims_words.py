"""What the rooms about claims and payouts say: refusals, fields, steps, reasons and answers."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from uzel.payouts.claims.claim import ClaimRefused
from uzel.web.console import words
from uzel.web.console.desk import Desk
from uzel.web.console.language import mark as m
from uzel.web.console.partners_words import person as named_person

# Why somebody may not do it, or not yet.
REFUSALS = {
    "unknown": m("Такой заявки нет."),
    "state": m("Пока вы смотрели, заявка перешла дальше."),
    "incomplete": m("Заявка заполнена не до конца: допишите её, потом подайте."),
    "changed": m("Заявку изменили, пока вы смотрели. Проверьте её заново: голос даётся за версию."),
    "same_person": m("Заявку внесли или изменили вы: решает кто-то другой."),
    "voted": m("Вы её уже утвердили: нужен голос ещё одного человека."),
    "no_approver": m("Решает согласующий или администратор."),
    "reason": m("Напишите, почему: причину получит тот, кто просил."),
    "card_needed": m("Номера карты больше нет: его вводят заново, в форме заявки."),
    "blocked": m("Заявитель заблокирован: ему не платят, пока его не разблокируют."),
    "external_id_reused": m("Эта форма уже отправлена с другими данными. Откройте её заново."),
}
# What holds an approved claim back.
HELD = {
    "limit_payout": m("сумма больше предела одной выплаты"),
    "limit_person_day": m("на эту карту или телефон сегодня больше нельзя"),
    "limit_person_count": m("на эту карту или телефон сегодня больше нельзя"),
    "limit_operator_day": m("этому человеку на сегодня больше нельзя"),
    "limit_day": m("на сегодня предел всех выплат исчерпан"),
    "external_id_reused": m("номер выплаты уже занят другой"),
}
ACTS = {
    "made": m("создал"),
    "edited": m("изменил"),
    "submitted": m("подал"),
    "voted": m("утвердил, нужен ещё голос"),
    "approved": m("утвердил"),
    "held": m("придержана"),
    "paying": m("выплата создана"),
    "paid": m("выплачена"),
    "failed": m("не выплачена"),
    "rejected": m("отклонил"),
    "cancelled": m("отозвал"),
    "said": m("написал"),
    "unreachable": m("написать заявителю не удаётся"),
}
# What a wrong field says; see requisites.RequisiteRejected, banks.BankRejected, wish.WishRejected.
WRONG = {
    "missing": m("Заполните это поле."),
    "reserved": m("Так начинаются номера выплат по заявкам."),
    "too_long": m("Слишком длинно."),
    "characters": m("Здесь есть знаки, которых тут быть не может."),
    "both_ways": m("Или карта, или телефон."),
    "card_missing": m("Введите номер карты."),
    "card_not_text": m("Это не номер карты."),
    "card_characters": m("В номере карты только цифры."),
    "card_length": m("В номере карты от 16 до 19 цифр."),
    "card_checksum": m("В номере ошибка: контрольная цифра не сходится."),
    "card_fake": m("Таких карт не бывает."),
    "no_phone": m("Введите номер телефона."),
    "phone_not_russian": m("По СБП платят на российские мобильные номера."),
    "phone_more_digits": m("Здесь больше одного номера."),
    "amount_unreadable": m("Нужна сумма вида 1000,50."),
    "amount_too_small": m("Столько слишком мало для выплаты."),
    "amount_too_large": m("Столько сразу не платят."),
    "bank_missing": m("Назовите банк."),
    "bank_unknown": m("Такого банка в СБП нет."),
    "bank_ambiguous": m("Подходит несколько банков: выберите один."),
}
# Usual reasons; what is written goes to the claimant as it stands here.
REASONS = (
    m("Реквизиты с ошибкой: проверьте и подайте снова."),
    m("Нет чека, или он не читается."),
    m("Это уже выплачено."),
    m("Сумма не сходится с чеком."),
    m("Это не наши расходы."),
)
ANSWERS = (m("Уточните реквизиты."), m("Нужен более чёткий чек."), m("За что эта выплата?"))
STEPS = {
    "waiting": m("деньги удержаны, ждёт отправки"),
    "unknown": m("ответ потерян"),
    "processing": m("поставщик принял"),
    "review": m("проверяют люди поставщика"),
    "paid": m("выплачено"),
    "failed": m("не вышло, деньги свободны"),
    "cancelled": m("отозвано до отправки"),
    "returned": m("деньги вернулись"),
}
CALLS = {
    "create_contractor": m("получателя заводят у поставщика"),
    "create_payment": m("выплату отправляют"),
    "payment": m("спрашивают, что с ней"),
}
# Who it was, where it was nobody with a login.
ACTORS = {
    "provider": m("поставщик"),
    "person": m("человек"),
    "limits": m("предел снова пускает"),
}


def refused(desk: Desk, error: ClaimRefused) -> Markup:
    """Why it is not done, in the page's language."""
    return words.named(desk.language, REFUSALS, error.code)


def wrong(desk: Desk, reason: str) -> Markup:
    """What is wrong with a field."""
    if reason in WRONG:
        return desk.language.text(WRONG[reason])
    return words.reason(desk.language, reason)


def spoken(desk: Desk) -> dict[str, Any]:
    """What the templates of these rooms call."""
    tables: Mapping[str, Mapping[str, str]] = {
        "why_not": REFUSALS,
        "held_by": HELD,
        "act_of": ACTS,
        "step_of": STEPS,
        "call_of": CALLS,
    }

    def by(table: Mapping[str, str]) -> Any:
        return lambda code: words.named(desk.language, table, code)

    def person(actor: str | None) -> str:
        if actor in ACTORS:
            return str(desk.language.text(ACTORS[actor]))
        return named_person(actor)

    named = {name: by(table) for name, table in tables.items()}
    return {"person": person, "reasons": REASONS, "answers": ANSWERS, **named}
