"""What states, scopes and errors are called. Sources are Russian; English is in the catalogue, but
for the errors, whose English is that of the API itself.
"""

from uzel.partners.own_tokens import Why
from uzel.web.console.language import mark as m

# State of a payment → (word, tone).
STATES = {
    "pending": (m("В ожидании"), "wait"),
    "completed": (m("Выполнено"), "good"),
    "failed": (m("Ошибка"), "bad"),
}
SCOPES = {
    "read": m("читать: баланс, платежи, выписки"),
    "payments:write": m("платить"),
    "leads:write": m("передавать заявки"),
    "tokens:write": m("выпускать и отзывать токены"),
}
WHY = {
    Why.MAY_NOT: m("Этот токен не может управлять токенами. Попросите другой у администратора."),
    Why.BEYOND: m("Нельзя выдать больше прав, чем есть у вашего токена."),
    Why.NO_NAME: m("Назовите токен."),
    Why.NO_SCOPE: m("Отметьте хотя бы одно право."),
    Why.TOO_MANY: m("Слишком много действующих токенов: сначала отзовите лишние."),
    Why.UNKNOWN: m("Такого действующего токена у вас нет."),
}
# Action or operation → what it does. Those without a word here are described as in the API.
ABOUT = {
    "get_balance": m("Баланс: сколько доступно и сколько удержано."),
    "get_payment_cost": m("Сколько будет стоить платёж, с котировкой на десять минут."),
    "process_payment": m("Платёж. Деньги удерживаются или списываются сразу."),
    "get_transaction_status": m("Одна транзакция, по нашему или вашему номеру."),
    "get_transactions": m("Транзакции, новые сверху, и суммы по всем."),
    "getPartnerBalance": m("Баланс: сколько доступно и сколько удержано."),
    "makePartnerQuote": m("Точная цена платежа на десять минут."),
    "makePartnerPayment": m("Платёж: по котировке или по сумме и валюте."),
    "getPartnerPayment": m("Один платёж."),
    "listPartnerPayments": m("Платежи, новые сверху, с отбором."),
    "getPartnerStatement": m("Выписка: JSON, CSV, XLSX или PDF."),
}
ERRORS = {
    "unauthorized": "Токена нет, он неизвестен, истёк или отозван.",
    "insufficient_funds": "Доступных средств не хватает. Ничего не списано. Ответ на этот "
    "Idempotency-Key уже не изменится: после пополнения повторите с новым ключом.",
    "address_not_allowed": "Токен верный, но не с этого сетевого адреса.",
    "scope_missing": "Токен верный, но права на это действие у него нет.",
    "token_in_url": "Ваши токены не принимаются в адресе: передавайте заголовок Authorization.",
    "not_found": "Среди вашего такого нет.",
    "quote_not_found": "Котировки с таким номером у вас нет.",
    "method_not_allowed": "Метод не подходит; какие подходят, говорит заголовок Allow.",
    "request_in_progress": "Запрос с тем же ключом, номером или котировкой сейчас выполняется. "
    "Повторите через Retry-After секунд: ответ будет как на первый запрос.",
    "external_id_used": "Платёж с этим вашим номером уже есть. Сейчас ничего не списано.",
    "quote_expired": "Котировка истекла: запросите новую. Ничего не списано.",
    "quote_used": "По этой котировке уже заплачено. Сейчас ничего не списано.",
    "body_too_large": "Тело запроса больше 1 МиБ.",
    "idempotency_key_reused": "С этим Idempotency-Key или вашим номером уже приходил другой "
    "запрос. Сейчас ничего не списано.",
    "idempotency_key_invalid": "Idempotency-Key — от 1 до 255 печатных символов ASCII.",
    "invalid_action": "Такого действия нет.",
    "invalid_json": "Тело не читается как то, чем названо.",
    "invalid_parameters": "Какой параметр не подходит и почему, сказано в сообщении.",
    "rate_not_found": "Нет курса этой валюты к валюте баланса. Когда его введут, тот же запрос "
    "пройдёт.",
    "rate_too_old": "Курс старше условленного. Когда он обновится, тот же запрос пройдёт.",
    "rate_limited": "Слишком много запросов: повторите через Retry-After секунд.",
    "unavailable": "База данных не отвечает, или очередь велика. Повторите через Retry-After "
    "секунд с тем же Idempotency-Key.",
    "internal_error": "Ошибка у нас. Подробности в журнале под номером из X-Request-Id.",
}
