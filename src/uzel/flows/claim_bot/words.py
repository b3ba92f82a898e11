"""What the bot says, in Russian: short, polite, and with what to do next."""

from collections.abc import Mapping
from typing import Any

from uzel.model.currency import text as amount_text
from uzel.model.phone import mask_phone
from uzel.payouts.claims.claim import ClaimRefused, State
from uzel.payouts.payout import Kind
from uzel.payouts.wish import WishRejected

GREETING = "Здравствуйте! Здесь можно оставить заявку на выплату."
MENU = "Что сделать?"
NOTHING_OPEN = "Сейчас нечего отменять."
DROPPED = "Хорошо, забыли. Начать заново можно в любой момент."
CARD_SEEN = "Номер карты сейчас не нужен, сообщение я убираю. Если оно ещё видно, удалите его сами."
CARD_TAKEN = "Карту записал, сообщение убираю. Если оно ещё видно, удалите его сами."
OLD_BUTTON = "Эта кнопка устарела."
CHANGED = "Заявка с тех пор изменилась, вот она сейчас."
NOT_YOURS = "Это не ваша заявка."
WRITTEN = "Передал менеджеру. Ответ придёт сюда."
FILE_TAKEN = "Файл получил."
FILE_REFUSED = "Один из файлов не подошёл: нужны фото (JPEG, PNG, WebP) или PDF, до 7 МБ."
TEXT_ONLY = "Понимаю текст, фото, PDF и кнопки."
SENT = "Заявка {number} отправлена. Напишу, когда её рассмотрят."
SENT_ALREADY = "Эта заявка уже отправлена."
PER_DAY = "На сегодня заявок достаточно: не больше {most} за сутки. Приходите завтра."

ASK = {
    "amount": "Какую сумму выплатить? Напишите её в рублях, например: 1500",
    "name": "На чьё имя? Напишите фамилию, имя и отчество, например: Иванова Анна Петровна",
    "way": "Куда перевести?",
    "card": "Напишите номер карты: 16–19 цифр. Сообщение с ним я сразу уберу из чата.",
    "phone": "На какой номер телефона перевести? Напишите его или нажмите «Отправить мой номер».",
    "bank": "В каком банке счёт с этим номером? Выберите или напишите название.",
    "photo": "Пришлите фото или PDF: чек, скриншот. Можно несколько. Потом нажмите «Дальше».",
    "write": "Напишите, что передать менеджеру.",
    "fix": "Что исправить?",
}

STATES: Mapping[str, str] = {
    State.DRAFT: "не отправлена",
    State.SUBMITTED: "на рассмотрении",
    State.APPROVED: "одобрена, выплата готовится",
    State.PAYING: "одобрена, деньги в пути",
    State.PAID: "выплачена",
    State.FAILED: "выплата не прошла",
    State.REJECTED: "отклонена",
    State.CANCELLED: "отменена",
}

# Field and reason, or the field alone.
WRONG: Mapping[str, str] = {
    "amount": "Не понял сумму. Напишите число в рублях, например: 1500",
    "amount amount_too_small": "Сумма слишком мала: от 1 ₽.",
    "amount amount_too_large": "Сумма слишком велика для одной выплаты.",
    "name": "Напишите фамилию и имя буквами, например: Иванова Анна Петровна",
    "name too_long": "Имя слишком длинное.",
    "card": "В номере карты ошибка. Проверьте и напишите ещё раз: 16–19 цифр.",
    "phone": "Не понял номер. Нужен российский мобильный, например: +7 999 000-00-00",
    "phone phone_more_digits": "Здесь больше одного номера. Напишите только телефон.",
    "phone phone_not_russian": "Перевод идёт только на российский мобильный номер.",
    "bank": "Такого банка не нашёл. Напишите название иначе или выберите кнопкой.",
    "bank bank_ambiguous": "Так называются несколько банков. Какой из них?",
    "purpose": "Не вышло: назначение платежа не подходит. Напишите менеджеру.",
}

REFUSED: Mapping[str, str] = {
    "unknown": "Такой заявки нет.",
    "state": "С этой заявкой этого уже сделать нельзя.",
    "incomplete": "Заявка заполнена не до конца.",
    "changed": "Заявка с тех пор изменилась.",
    "same_person": "Свою заявку решает другой человек.",
    "voted": "Вы её уже утвердили.",
    "no_approver": "У вас нет права решать о заявках.",
    "reason": "Нужен текст.",
    "card_needed": "Номер карты нужно ввести заново.",
    "blocked": "Заявки от вас сейчас не принимаются.",
    "too_many": "Файлов уже достаточно.",
    "too_large": "Файл слишком большой.",
    "file_type": "Нужны фото или PDF.",
}
NOT_DONE = "Не вышло. Попробуйте ещё раз."


def of_wish(error: WishRejected) -> str:
    """Why what was typed is not taken."""
    specific = WRONG.get(f"{error.field} {error.reason}")
    return specific or WRONG.get(error.field) or NOT_DONE


def of_refusal(error: ClaimRefused) -> str:
    """Why it is not done."""
    return REFUSED.get(error.code, NOT_DONE)


def money(row: Any) -> str:
    """`1 500,50 ₽`; a dash where nobody has said it yet."""
    if row["amount_minor"] is None:
        return "—"
    whole, _, part = amount_text(row["amount_minor"], row["currency"]).partition(".")
    grouped = f"{int(whole):,}".replace(",", "\u00a0")
    sign = "₽" if row["currency"] == "RUB" else row["currency"]
    return f"{grouped}{'' if part in ('', '00') else ',' + part}\u00a0{sign}"


def name(row: Any) -> str:
    """Last and first name, and the patronymic."""
    parts = (row["last_name"], row["first_name"], row["patronymic"])
    return " ".join(part for part in parts if part) or "—"


def target(row: Any) -> str:
    """Where it goes, masked."""
    if row["kind"] == Kind.CARD:
        return f"карта {row['card_shown']}"
    if row["kind"] == Kind.FPS:
        return f"{row['bank_name']}, {mask_phone(row['phone'])}"
    return "—"


def summary(row: Any, files: int) -> str:
    """A claim for who asks."""
    lines = [
        f"Заявка {row['id']}: {STATES[row['state']]}",
        f"Сумма: {money(row)}",
        f"Кому: {name(row)}",
        f"Куда: {target(row)}",
    ]
    if files:
        lines.append(f"Файлов: {files}")
    if row["state"] in (State.REJECTED, State.FAILED) and row["reason"]:
        lines.append(f"Почему: {row['reason']}")
    return "\n".join(lines)


def line(row: Any) -> str:
    """A claim in a list."""
    return f"{row['id']} · {money(row)} · {STATES[row['state']]}"
