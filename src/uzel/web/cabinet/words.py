"""What states, scopes and errors are called. Sources are Russian; English is in the catalogue, but
for the errors, whose English is that of the API itself.
"""

from uzel.partners.own_tokens import Why
from uzel.web.console.language import mark as m

# State of a payment, of a lead, of a delivery → (word, tone). The words are those of the console.
STATES = {
    "pending": (m("Ждёт исхода"), "wait"),
    "completed": (m("Оплачено"), "good"),
    "failed": (m("Не вышло"), "bad"),
}
LEADS = {
    "new": (m("Ждёт отчёта"), "wait"),
    "done": (m("Выполнен"), "good"),
    "failed": (m("Не вышло"), "bad"),
}
DELIVERIES = {
    "pending": (m("Доставляется"), "wait"),
    "delivered": (m("Доставлено"), "good"),
    "failed": (m("Не доставлено"), "bad"),
}
# What happened to a lead, as far as it concerns its partner.
STEPS = {
    "received": m("получен"),
    "link": m("ссылка изменилась"),
    "edited": m("изменён"),
    "done": m("выполнен"),
    "failed": m("не вышло"),
}
SCOPES = {
    "read": m("смотреть баланс, платежи, лиды и выписки"),
    "payments:write": m("платить"),
    "leads:write": m("передавать лиды"),
    "tokens:write": m("выпускать и отзывать токены, менять адрес вебхуков: для людей"),
}
WHY = {
    Why.MAY_NOT: m("Этот токен не может управлять токенами. Попросите другой у администратора."),
    Why.BEYOND: m("Нельзя выдать больше прав, чем есть у вашего токена."),
    Why.NO_NAME: m("Назовите токен."),
    Why.NO_SCOPE: m("Отметьте хотя бы одно право."),
    Why.TOO_MANY: m("Слишком много действующих токенов: сначала отзовите лишние."),
    Why.UNKNOWN: m("Такого действующего токена у вас нет."),
}
# Why an address of webhooks is not taken, or nothing is sent (hook_url.HookRefused).
HOOK = {
    "hook_form": m("Адрес выглядит так: https://shop.example.kz/hooks?from=uzel, латиницей."),
    "hook_http": m("Адрес начинается с https://: по http:// сообщение прочитают по дороге."),
    "hook_private": m("Это адрес частной сети, туда ничего не отправляется."),
    "hook_off": m("Вебхуки выключил администратор. Попросите его включить."),
    "hook_none": m("Адреса нет: сначала укажите его."),
    "hook_testing": m("Проверка уже отправлена и ещё доставляется. Подождите её исхода."),
    "address_unreadable": m("Это не адрес."),
    "address_scheme": m("Адрес начинается с https://."),
    "address_host": m("Имени сервера нет, или оно написано с ошибкой."),
    "address_port": m("Порт: число от 1 до 65535."),
    "address_login": m("Логину и паролю в адресе не место: он хранится открыто."),
    "address_extra": m("Это не адрес."),
}
RESEND = {
    "pending": m("Это событие ещё доставляется: отправлять его снова рано."),
    "off": m("Адрес выключен: ничего не отправляется."),
}
HOOK_MAY_NOT = m(
    "Этот токен не может менять адрес и секрет. Для этого нужен токен с правом tokens:write: его "
    "выдаёт администратор."
)
# Action or operation → what it does. Those without a word here are described as in the API.
ABOUT = {
    "get_balance": m("Баланс: сколько доступно и сколько удержано."),
    "get_payment_cost": m("Сколько будет стоить платёж, с котировкой на десять минут."),
    "process_payment": m("Платёж. Деньги удерживаются или списываются сразу."),
    "get_transaction_status": m("Одна транзакция, по нашему или вашему номеру."),
    "get_transactions": m("Транзакции, новые сверху, и суммы по всем."),
    "submit_partner_lead": m("Лиды пачкой, до тысячи. Ошибка в одном не мешает другим."),
    "getPartnerBalance": m("Баланс: сколько доступно и сколько удержано."),
    "makePartnerQuote": m("Точная цена платежа на десять минут."),
    "makePartnerPayment": m("Платёж: по котировке или по сумме и валюте."),
    "getPartnerPayment": m("Один платёж."),
    "listPartnerPayments": m("Платежи, новые сверху, с отбором."),
    "getPartnerStatement": m("Выписка: JSON, CSV, XLSX или PDF."),
    "submitPartnerLeads": m("Лиды пачкой, до тысячи: берутся все новые или ни одного."),
    "listPartnerLeads": m("Лиды, новые сверху, с отбором: что о каждом сообщили и когда."),
    "listPartnerWebhookDeliveries": m("Доставки вебхуков, новые сверху."),
    "resendPartnerWebhook": m("Отправить вебхук ещё раз: тот же webhook-id, то же тело."),
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
    "closed": "Для роботов: токена робота ещё никому не выдали.",
    "invalid_json": "Тело не читается как то, чем названо.",
    "invalid_parameters": "Какой параметр не подходит и почему, сказано в сообщении.",
    "rate_not_found": "Нет курса этой валюты к валюте баланса. Когда его введут, тот же запрос "
    "пройдёт.",
    "rate_too_old": "Курс старше условленного. Когда он обновится, тот же запрос пройдёт.",
    "rate_limited": "Слишком много запросов: повторите через Retry-After секунд.",
    "unavailable": "База данных не отвечает, или очередь велика. Повторите через Retry-After "
    "секунд с тем же Idempotency-Key.",
    "bad_request": "Запрос не читается как HTTP или JSON. Только новый адрес.",
    "conflict": "Состояние не позволяет: вебхук ещё доставляется или адрес выключен. Только новый "
    "адрес.",
    "invalid_request": "Параметра нет, он незнаком или вне границ: какой и почему, сказано в "
    "errors. Только новый адрес.",
    "internal_error": "Ошибка у нас. Подробности в журнале под номером из X-Request-Id.",
}
