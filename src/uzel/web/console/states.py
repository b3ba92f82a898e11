"""States in words: how each looks, and whose turn it is."""

from collections.abc import Mapping
from dataclasses import dataclass

from uzel.web.console.language import mark as m

GOOD, WAIT, BAD, ASK, IDLE = "good", "wait", "bad", "ask", "idle"
US, THEM, YOU = m("ход Узла"), m("ход поставщика"), m("ваш ход")


@dataclass(frozen=True, slots=True)
class State:
    """A state in words. `tone` picks colour and sign; `turn` says who moves next, if anybody."""

    text: str
    tone: str
    turn: str = ""


RAW = {
    "received": State(m("ждёт разбора"), WAIT, US),
    "processed": State(m("разобрано"), IDLE),
    "parked": State(m("отложено"), BAD, YOU),
}
DECISIONS = {
    "pending": State(m("решается"), WAIT, US),
    "request": State(m("просим отзыв"), GOOD),
    "skip": State(m("пропуск"), IDLE),
    "cancel": State(m("отмена"), IDLE),
    "noted": State(m("учтено"), IDLE),
}
MESSAGES = {
    "planned": State(m("ждёт отправки"), WAIT, US),
    "accepted": State(m("принято, в пути"), WAIT, THEM),
    "delivered": State(m("доставлено"), GOOD),
    "failed": State(m("не доставлено"), BAD),
    "unknown": State(m("исход неизвестен"), ASK, YOU),
    "cancelled": State(m("отозвано"), IDLE),
}
CALLS = {
    "planned": State(m("в очереди"), WAIT, US),
    "sending": State(m("идёт"), WAIT, THEM),
    "accepted": State(m("принят"), GOOD),
    "rejected": State(m("отказ"), BAD),
    "not_sent": State(m("не ушёл"), BAD),
    "unknown": State(m("исход неизвестен"), ASK, YOU),
    "cancelled": State(m("снят"), IDLE),
}
CONNECTIONS = {
    "active": State(m("работает"), GOOD),
    "paused": State(m("на паузе"), BAD, YOU),
    "off": State(m("выключено"), IDLE),
    "resting": State(m("поставщик не отвечает"), WAIT, US),
    # It is in use, and its last test failed.
    "failing": State(m("проверка не прошла"), BAD, YOU),
    "revoked": State(m("доступ отозван"), BAD, YOU),
    # By OAuth, and its owner has not agreed yet.
    "ungranted": State(m("доступ не выдан"), BAD, YOU),
}
# What happened at a moment of a timeline (`uzel.views.timeline.Moment`).
MOMENTS = {
    "received": State(m("Пришёл запрос"), IDLE),
    "processed": State(m("Запрос разобран"), IDLE),
    "parked": State(m("Запрос отложен"), BAD),
    "decided": State(m("Решение"), IDLE),
    "duplicate": State(m("Повтор"), IDLE),
    "asked": State(m("О визите спросили"), GOOD),
    "withdrawn": State(m("Просьба отозвана"), IDLE),
    "message_planned": State(m("Сообщение готово"), IDLE),
    "message_accepted": State(m("Принято поставщиком"), GOOD),
    "message_delivered": State(m("Доставлено"), GOOD),
    "message_failed": State(m("Не доставлено"), BAD),
    "message_cancelled": State(m("Сообщение отозвано"), IDLE),
    "message_unknown": State(m("Исход неизвестен"), ASK),
    "call_started": State(m("Вызов идёт"), WAIT),
    "call_accepted": State(m("Поставщик принял"), GOOD),
    "call_rejected": State(m("Поставщик отказал"), BAD),
    "call_not_sent": State(m("Не ушло, больше не пробуем"), BAD),
    "call_unknown": State(m("Ответ потерян: исход неизвестен"), ASK),
    "call_planned": State(m("Не ушло, Узел повторит"), WAIT),
    "call_cancelled": State(m("Вызов снят"), IDLE),
    "receipt": State(m("Пришёл отчёт о доставке"), IDLE),
    "clicked": State(m("Гость открыл ссылку"), GOOD),
    "rated": State(m("Гость поставил оценку"), GOOD),
    "person": State(m("Вмешался человек"), IDLE),
}
# Where an order of a shop is on its way to a deal.
ORDERS = {
    "lines": State(m("узнаём состав"), WAIT),
    "finding": State(m("ищем, нет ли сделки"), WAIT),
    "waiting": State(m("готовим контакт и товары"), WAIT),
    "making": State(m("создаём сделку"), WAIT),
    "details": State(m("добавляем товары и примечание"), WAIT),
    "done": State(m("сделка есть"), GOOD),
    "stuck": State(m("застрял"), ASK, YOU),
    "left_out": State(m("без сделки: так решил человек"), IDLE),
}
# Where a record of a registry is on its way to a deal.
MIRRORED = {
    "waiting": State(m("готовим контакт"), WAIT, US),
    "finding": State(m("ищем, нет ли сделки"), WAIT, US),
    "making": State(m("создаём сделку"), WAIT, THEM),
    "done": State(m("сделка есть"), GOOD),
    "stuck": State(m("застряла"), ASK, YOU),
}
# A payment of a partner, and what is proposed to be done with money.
PAYMENTS = {
    "pending": State(m("ждёт исхода"), WAIT, YOU),
    "completed": State(m("оплачено"), GOOD),
    "failed": State(m("не вышло, деньги возвращены"), BAD),
}
PROPOSALS = {
    "done": State(m("сделано"), IDLE),
    "waiting": State(m("ждёт второго человека"), ASK, YOU),
    "approved": State(m("подтверждено"), GOOD),
    "rejected": State(m("отклонено"), BAD),
    "withdrawn": State(m("отозвано"), IDLE),
}
PARTNERS = {
    "active": State(m("работает"), GOOD),
    "off": State(m("закрыт"), IDLE),
}
LEADS = {
    "new": State(m("ждёт отчёта"), WAIT),
    "done": State(m("выполнен"), GOOD),
    "failed": State(m("не вышло"), BAD),
}
CRM_REPORTS = {
    "waiting": State(m("ждёт CRM"), WAIT, US),
    "success": State(m("записано в CRM"), GOOD),
    "failed": State(m("не записано в CRM"), ASK, YOU),
    "skipped": State(m("в CRM не пишется"), IDLE),
}
CLAIMS = {
    "draft": State(m("черновик"), IDLE),
    "submitted": State(m("ждёт решения"), ASK, YOU),
    "approved": State(m("утверждена, не ушла"), WAIT),
    "paying": State(m("платится"), WAIT, THEM),
    "paid": State(m("выплачена"), GOOD),
    "failed": State(m("не выплачена"), BAD),
    "rejected": State(m("отклонена"), BAD),
    "cancelled": State(m("отозвана"), IDLE),
}
PAYOUTS = {
    "waiting": State(m("ждёт отправки"), WAIT, US),
    "unknown": State(m("исход неизвестен"), ASK),
    "processing": State(m("у поставщика"), WAIT, THEM),
    "review": State(m("поставщик проверяет"), WAIT, THEM),
    "paid": State(m("выплачено"), GOOD),
    "failed": State(m("не вышло"), BAD),
    "cancelled": State(m("отозвано"), IDLE),
    "returned": State(m("вернулось"), BAD),
}
STATES: Mapping[str, Mapping[str, State]] = {
    "claim": CLAIMS,
    "payout": PAYOUTS,
    "lead": LEADS,
    "crm_report": CRM_REPORTS,
    "payment": PAYMENTS,
    "proposal": PROPOSALS,
    "partner": PARTNERS,
    "order": ORDERS,
    "mirrored": MIRRORED,
    "raw": RAW,
    "decision": DECISIONS,
    "message": MESSAGES,
    "call": CALLS,
    "connection": CONNECTIONS,
    "moment": MOMENTS,
}
