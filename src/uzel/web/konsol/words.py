"""Codes of refusals at `/konsol`: the status of each, and what people are told."""

from typing import NamedTuple


class Code(NamedTuple):
    """One status each, for ever."""

    status: int
    said: str


CODES: dict[str, Code] = {
    "unauthorized": Code(401, "Нет токена, или он неизвестен."),
    "scope_missing": Code(403, "У токена нет такого права."),
    "not_found": Code(404, "Не найдено."),
    "method_not_allowed": Code(405, "Так здесь не спрашивают."),
    "body_too_large": Code(413, "Тело больше 1 МиБ."),
    "invalid_json": Code(400, "Тело не читается как JSON-объект."),
    "invalid_request": Code(400, "Неверное поле."),
    "key_missing": Code(
        400, "Нужен external_id или заголовок Idempotency-Key: иначе повтор заплатит ещё раз."
    ),
    "key_invalid": Code(400, "Idempotency-Key: от 1 до 255 печатных знаков ASCII."),
    "idempotency_key_reused": Code(422, "Под этим Idempotency-Key просили о другом."),
    "external_id_reused": Code(409, "Под этим external_id просили о другом."),
    "limit_payout": Code(409, "Больше, чем можно за одну выплату."),
    "limit_person_day": Code(409, "Больше, чем можно этому получателю за день."),
    "limit_day": Code(409, "Больше, чем ещё можно сегодня."),
    "limit": Code(409, "Выплата не проходит по правилам."),
    "already_sent": Code(409, "Выплата уже отправлена или закончена."),
    "status_by_provider": Code(
        409, "Чем кончилась выплата, говорит только Консоль; руками её можно лишь отменить."
    ),
    "not_asked_here": Code(409, "О выплате просили не через API."),
    "payouts_off": Code(409, "Выплаты не подключены."),
    "connection_ambiguous": Code(
        409, "Подключений Консоли несколько, а токен не привязан ни к одному."
    ),
    "callback_refused": Code(400, "На этот callback_url ничего послать нельзя."),
    "invoice_not_found": Code(404, "Такого счёта нет."),
    "invoice_not_open": Code(409, "Счёт не открыт."),
    "invoice_taken": Code(409, "Счёт уже оплачивает другая выплата."),
    "invoice_amount": Code(409, "Счёт оплачивают ровно на его сумму."),
    "invoice_fixed": Code(409, "Этого у счёта уже не меняют."),
    "bad_signature": Code(401, "Подпись не подходит или устарела."),
    "rate_limited": Code(429, "Слишком часто."),
    "balance_unavailable": Code(503, "Консоль не говорит остаток; спросите позже."),
    "unavailable": Code(503, "Сейчас не получается; повторите с тем же ключом."),
    "internal_error": Code(500, "Ошибка у нас; подробности в журнале под X-Request-Id."),
}
# Why a field is refused.
REASONS = {
    "missing": "нужно",
    "payment_type": "card_payment или phone_payment",
    "other_way": "лишнее при таком payment_type",
    "card_misplaced": "номеру карты место только в card_number",
    "characters": "недопустимые знаки",
    "too_long": "слишком длинно",
    "no_object": "нужен объект",
    "currency": "только RUB",
    "reserved": "так начинаются номера выплат по заявкам",
    "status": "такого статуса нет",
    "number": "нужно целое число в пределах",
    "unreadable": "не читается",
    "both_ways": "или карта, или телефон",
    "amount_unreadable": "сумма в рублях: число или текст вида 1000.50, не мельче копейки",
    "amount_too_small": "меньше наименьшей выплаты",
    "amount_too_large": "больше наибольшей выплаты",
    "card_missing": "нужен номер карты",
    "card_not_text": "номер карты передают текстом",
    "card_characters": "в номере карты только цифры, пробелы и дефисы",
    "card_length": "в номере карты от 16 до 19 цифр",
    "card_checksum": "в номере карты ошибка: контрольная цифра не сходится",
    "card_fake": "это не номер карты",
    "phone_not_russian": "нужен российский мобильный номер",
    "phone_more_digits": "номер должен быть один",
    "bank_missing": "нужен банк",
    "bank_unknown": "такого банка в СБП не знаем",
    "bank_ambiguous": "подходит несколько банков, они в candidates; назовите номер банка",
}


def reason_said(field: str, reason: str) -> str:
    """`card_number: в номере карты ошибка…`."""
    return f"{field}: {REASONS.get(reason, reason)}"
