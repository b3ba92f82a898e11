"""What a statement of payouts calls things. It is for accounting in Russia, so it is in Russian."""

TITLE = "Выплаты людям"
HEAD = (
    *("Время", "Номер", "Операция", "Получатель", "Реквизиты", "Банк", "Назначение"),
    *("Наш код", "Ваш номер", "Номер у провайдера", "Состояние", "Кто просил"),
    *("Сумма", "Всего выплачено"),
)
OPENING, CLOSING = "Выплачено до начала периода", "Выплачено на конец периода"
STANDING = "Выплачено на {at}, период не окончен"
PAID, RETURNED = "Выплачено за период", "Возвращено за период"
PERIOD = "Период"
OPERATIONS = {False: "Выплата", True: "Возврат"}
STATES = {
    "waiting": "ждёт",
    "unknown": "исход неизвестен",
    "processing": "у провайдера",
    "review": "на проверке у провайдера",
    "paid": "выплачено",
    "failed": "не выплачено",
    "cancelled": "отозвано",
    "returned": "вернулось",
}
TIMES, DAYS = "%d.%m.%Y %H:%M:%S", "%d.%m.%Y"
