"""Why nothing followed from an event, why a call did not end well: code → words."""

from dataclasses import dataclass

from uzel.web.console.language import mark as m


@dataclass(frozen=True, slots=True)
class Reason:
    """`text` says why; `hint` what a person could do about it, empty where all is as it should."""

    text: str
    hint: str = ""


REASONS = {
    # What the source sent.
    "event_type": Reason(m("такие события Узлу не нужны")),
    "element_invalid": Reason(m("на месте события стоит не объект")),
    "malformed": Reason(m("запись не читается")),
    "heartbeat": Reason(m("проверка связи, не событие")),
    "order_null": Reason(m("самого заказа в событии нет")),
    "order_id_missing": Reason(
        m("у заказа нет номера"), m("Без номера заказ не отличить от других, поэтому он пропущен.")
    ),
    "status_missing": Reason(m("у заказа нет статуса")),
    "status_not_completed": Reason(
        m("заказ ещё в работе"), m("Когда он завершится, придёт новое событие.")
    ),
    "moved": Reason(m("заказ перенесён под другой номер")),
    "blacklisted": Reason(
        m("гость в чёрном списке"), m("Пометку снимают в карточке гостя у источника заказа.")
    ),
    "duplicate": Reason(m("такое событие уже было")),
    # Payouts.
    "payout_unknown": Reason(
        m("выплаты с таким номером у нас нет"),
        m("Её сделал кто-то другой, или ответ о ней потерялся: тогда её найдёт сверка."),
    ),
    "payouts_stopped": Reason(
        m("выплаты остановлены"), m("Их снова разрешает команда: uzel payout go.")
    ),
    "payouts_tripped": Reason(
        m("выплаты придержаны: сервис выплат не отвечает или отказывает всем подряд"),
        m("Узел скоро пробует одну; отпустить все сразу: uzel payout go."),
    ),
    "card_needed": Reason(
        m("номер карты уничтожен: выплата ждала слишком долго"),
        m("Введите ту же карту ещё раз: uzel payout card."),
    ),
    # Orders of shops.
    "no_shop": Reason(
        m("магазин для этого подключения не настроен"), m("Его подключают в разделе «Заказы».")
    ),
    "shop_off": Reason(m("магазин был выключен"), m("Включают его в разделе «Заказы».")),
    "before_start": Reason(
        m("оформлен раньше, чем включили магазин"),
        m("Прежние заказы тоже можно взять: «Заказы», «Настройка», «Включение»."),
    ),
    "order_superseded": Reason(m("тут же пришло известие новее")),
    "order_outdated": Reason(m("известие новее уже учтено; заказ прочитаем ещё раз")),
    "order_unchanged": Reason(m("ничего нового")),
    "order_new": Reason(m("новый заказ: станет сделкой")),
    "order_changed": Reason(m("заказ изменился")),
    # Deals with links that are to be paid.
    "no_lead_crm": Reason(
        m("какие поля сделок читать, не задано"),
        m("Задаёт команда uzel leads crm; потом разберите событие заново."),
    ),
    "deal_elsewhere": Reason(m("сделка не в той воронке или не на том этапе")),
    "deal_lookup": Reason(m("спрашиваем у CRM поля сделки"), m("Решение появится само.")),
    "deal_gone": Reason(m("сделки в CRM больше нет")),
    "deal_unread": Reason(
        m("CRM не показала сделку"), m("Посмотрите вызов; потом разберите событие заново.")
    ),
    "deal_paid": Reason(m("статус оплаты в сделке уже стоит")),
    "link_missing": Reason(m("в сделке нет ссылки на оплату")),
    "link_invalid": Reason(
        m("в поле ссылки на оплату не ссылка"), m("Исправьте поле в сделке: придёт новое событие.")
    ),
    "link_refused": Reason(
        m("ссылка ведёт не туда, куда разрешено"),
        m("Чем ссылка должна быть, задаёт команда uzel leads crm."),
    ),
    "lead_new": Reason(m("новое задание на оплату")),
    "lead_link": Reason(m("ссылка изменилась: задание обновлено")),
    "lead_link_late": Reason(
        m("ссылка изменилась после оплаты"), m("Задание остаётся выполненным; решите, что делать.")
    ),
    "lead_link_same": Reason(m("ссылка та же, задание уже есть")),
    "lead_link_outdated": Reason(m("известие новее уже учтено")),
    # What the phone is.
    "no_phone": Reason(
        m("в заказе нет телефона"),
        m("Телефон гостя вносят в заказ на кассе; в зале его обычно не спрашивают."),
    ),
    "phone_invalid": Reason(m("это не номер телефона"), m("Проверьте, как номер вносят на кассе.")),
    "phone_fake": Reason(
        m("номер выдуман"), m("Одна цифра подряд или 1234567890: так обходят обязательное поле.")
    ),
    "phone_extension": Reason(
        m("номер с добавочным"), m("Это подменный номер агрегатора или АТС: SMS на него не дойдёт.")
    ),
    "phone_landline": Reason(m("городской номер"), m("На городские номера SMS не приходят.")),
    "phone_not_mobile": Reason(
        m("номер не мобильный"), m("Бесплатные и виртуальные номера SMS не принимают.")
    ),
    # What we remember.
    "visit_known": Reason(m("об этом визите уже спросили или он отменён")),
    "asked_recently": Reason(
        m("гостя недавно уже просили"),
        m("Сколько дней не беспокоить одного гостя, решают правила."),
    ),
    "cancelled": Reason(m("заказ отменён")),
    "deleted": Reason(m("заказ удалён")),
    "reopened": Reason(m("сделку вернули в работу")),
    "unmarked": Reason(m("гость не отмечен пришедшим: его ждут, или отметку сняли")),
    "no_show": Reason(m("гость не пришёл")),
    "status_unknown": Reason(
        m("такого статуса нет в настройках подключения"),
        m("Скажите, что он значит: кнопки на странице события."),
    ),
    "visit_cancelled": Reason(m("визит отменили раньше, чем сообщение ушло")),
    "guest_lookup": Reason(
        m("спрашиваем у источника, кто был гостем"), m("Ответ придёт, и решение появится само.")
    ),
    "guest_not_found": Reason(
        m("источник не сказал, кто был гостем"), m("Посмотрите вызов ниже: что ответил источник.")
    ),
    # What the business decided.
    "stopped": Reason(
        m("гость просил не писать"), m("Снять отказ может только сам гость или администратор.")
    ),
    "no_consent": Reason(
        m("нет отметки о согласии гостя"), m("Согласия ведут в разделе «Согласия».")
    ),
    "staff_or_test": Reason(m("это номер сотрудника или проверочный")),
    "asked_elsewhere": Reason(m("источник уже попросил об отзыве сам")),
    "source_skipped": Reason(
        m("заказ пришёл от агрегатора"), m("Список агрегаторов стоит в правилах.")
    ),
    "below_minimum": Reason(m("сумма заказа меньше заданной")),
    "guest_new": Reason(m("гость новый, а спрашиваем только постоянных")),
    "guest_regular": Reason(m("гость постоянный, а спрашиваем только новых")),
    "too_late": Reason(
        m("визит был слишком давно"), m("Через сколько часов не беспокоить, решают правила.")
    ),
    # Why a message does not leave.
    "quiet_hours": Reason(m("там сейчас ночь; уйдёт, когда будет можно")),
    "expired": Reason(m("срок просьбы вышел раньше, чем она ушла")),
    "arrived_already": Reason(m("гость уже получил её другим каналом")),
    "next_way": Reason(m("не ушло вовремя; попробован следующий канал")),
    "recorded_only": Reason(
        m("режим записи: ничего не отправляется"), m("Режим меняют в правилах бизнеса.")
    ),
    "not_on_allow_list": Reason(m("режим проверки: адреса нет в списке разрешённых")),
    "budget_spent": Reason(
        m("бюджет на сегодня исчерпан; уйдёт завтра"), m("Бюджет задают в правилах бизнеса.")
    ),
    "link_inside": Reason(
        m("ссылка вела бы на этот же компьютер: гость её не откроет"),
        m("Задайте UZEL_PUBLIC_URL и разберите визиты заново."),
    ),
    "no_price": Reason(
        m("есть бюджет, а цена сообщения неизвестна; уйдёт, когда её скажет поставщик"),
        m("Цены задают в разделе «Расходы»."),
    ),
    "gave_up": Reason(m("не ушло за отведённое время; отозвано и само уже не уйдёт")),
    "clicked": Reason(m("гость уже открыл ссылку, напоминать незачем")),
    # What people answer.
    "sender_unknown": Reason(m("отправителя не узнать")),
    "reply_stop": Reason(m("гость просит не писать: внесён в стоп-лист")),
    "reply_start": Reason(m("гость снова разрешает писать")),
    "start_unheeded": Reason(
        m("остался в стоп-листе: отказ новее, дан другим путём или время просьбы неизвестно")
    ),
    "user_stopped": Reason(m("гость отказался от сообщений у поставщика")),
    "complaint": Reason(m("гость пожаловался на сообщение")),
    "bounce": Reason(m("такого почтового ящика нет")),
    # What is not set up.
    "place_unknown": Reason(
        m("неизвестно, какое это заведение"),
        m("Добавьте заведение с этим номером источника или заведение по умолчанию: «Заведения»."),
    ),
    "no_template": Reason(m("нет текста сообщения"), m("Напишите его в разделе «Тексты».")),
    "no_channel": Reason(
        m("не через что отправить"), m("Добавьте подключение, которое отправляет SMS.")
    ),
    "no_email": Reason(m("адрес почты гостя неизвестен")),
    "unreachable": Reason(m("у гостя нет этого канала: так недавно сказал поставщик")),
    "whatsapp_russia": Reason(
        m("WhatsApp в России заблокирован, на российские номера не пишем"),
        m("Разрешить можно в правилах, в разделе «Чем»."),
    ),
    "text_too_long": Reason(
        m("текст не помещается в восемь SMS"), m("Сократите его в разделе «Тексты».")
    ),
}

ERRORS = {
    "Unavailable": m("поставщик недоступен; ничего не произошло, Узел повторит сам"),
    "AddressRefused": m(
        "адрес внутренний, настройки Узла к нему не пускают; ничего не произошло, вызов ждёт"
    ),
    "RateLimited": m("слишком часто; ничего не произошло, Узел повторит в названный срок"),
    "AuthFailed": m("поставщик не принимает ключ; подключение на паузе, вызов ждёт"),
    "Rejected": m("поставщик ответил отказом; повторять бесполезно"),
    "OutcomeUnknown": m("ответ потерян: вызов мог состояться, сам Узел его не повторит"),
    "TimeoutError": m("ответа не было слишком долго: вызов мог состояться"),
    "ContractBroken": m("ответ не такой, как описано у поставщика; подключение на паузе"),
    "ConfigError": m("подключение настроено неверно; вызов ждёт"),
}

# Texts of our own that are stored beside a state.
DETAILS = {
    "no answer came in time": m("ответа не было слишком долго"),
    "an error of ours": m("ошибка Узла, подробности в его журнале"),
    "an error of ours: ": m("ошибка Узла, подробности в его журнале: "),
    "the connection's settings cannot be read": m("настройки подключения не читаются"),
    "the process that made the call ended before the answer was written down": m(
        "процесс, который вёл вызов, прервался раньше, чем записал ответ"
    ),
    "this process was stopped before the call left": m("процесс остановили до начала вызова"),
    "looked up: it happened": m("спросили поставщика: вызов состоялся"),
    "looked up: it did not happen": m("спросили поставщика: вызова не было"),
    "a stored secret was sealed with another master key: set UZEL_MASTER_KEY to the key in use "
    "when it was saved (several: separated by commas, the newest first)": m(
        "секрет запечатан другим мастер-ключом: задайте в UZEL_MASTER_KEY тот, что был при "
        "сохранении, или введите секрет заново («Изменить»)"
    ),
    "a private address, which only UZEL_ALLOW_PRIVATE_ADDRESSES opens: ": m(
        "внутренний адрес, который открывает только UZEL_ALLOW_PRIVATE_ADDRESSES: "
    ),
    "paused since ": m("подключение на паузе с "),
    "a page for people instead of the answer": m("вместо ответа пришла страница для людей"),
    "it tells none that can be read": m("позиций, которые можно прочитать, в ответе нет"),
    "what was linked is not shown": m("добавленного amoCRM не показывает"),
    "paused by ": m("на паузу поставил человек: "),
    "switched off by ": m("выключил человек: "),
    "decided by ": m("решил человек: "),
    "the answer was lost: ": m("ответ потерян: "),
    "the answer cannot be decoded": m("ответ не читается"),
    "no connection: ": m("нет соединения: "),
    "the body is not JSON: ": m("тело не JSON: "),
    "the body is not UTF-8: ": m("тело не в UTF-8: "),
    "iiko sends an array of events or one event, this is neither": m(
        "iiko шлёт массив событий или одно событие, а это ни то ни другое"
    ),
    "no data[…] in the form": m("в форме нет полей data[…]"),
    "a receipt proves that it happened": m("отчёт о доставке доказывает: вызов состоялся"),
    "a record or the hash is given twice": m("запись или подпись стоит в форме дважды"),
    "the body is nested too deeply": m("тело вложено слишком глубоко"),
}

# How the connection to a provider ended: classes of the HTTP client.
TRANSPORT = {
    "ReadError": m("соединение оборвалось"),
    "ReadTimeout": m("не дождались ответа"),
    "RemoteProtocolError": m("ответ оборван"),
    "WriteError": m("запрос не дошёл целиком"),
    "WriteTimeout": m("запрос не успел уйти"),
    "ConnectError": m("соединиться не удалось"),
    "ConnectTimeout": m("поставщик не ответил на соединение"),
    "PoolTimeout": m("все соединения заняты"),
}

REFUSALS = {
    "key": m("неизвестный ключ в адресе"),
    "signature": m("подпись не сошлась"),
    "body": m("тело не того вида"),
    "size": m("больше мегабайта"),
    "busy": m("не успевали принять; отправитель повторит"),
    "method": m("не POST"),
    "cron": m("неверный токен в адресе для cron"),
}
