"""How a statement file says things: in Russian, in English, or as programs read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from uzel.model.currency import exponent, text

NO_BREAK, MINUS = "\N{NO-BREAK SPACE}", "\N{MINUS SIGN}"
# As `lead_charge` and `reports` write it, and how numbers of payments for leads begin.
ABOUT_LEAD, BY_REPORT, FOR_LEAD = "lead ", "report: ", "lead_txn_"
SIGNS = {"RUB": "₽", "KZT": "₸", "USD": "$", "EUR": "€", "GBP": "£", "UAH": "₴", "TRY": "₺"}


@dataclass(frozen=True, slots=True)
class Words:
    """`came` and `went` are left out where they have no words. `standing`: what `closing` is called
    while a period is not over, "" for the same. `head`: time, kind, our number, the
    partner's own, description, amount, balance. A kind that has no word here is called by its code.
    `times`: as strftime takes it; "" is ISO 8601.
    """

    title: str
    partner: str
    period: str
    currency: str
    head: tuple[str, str, str, str, str, str, str]
    opening: str
    came: str
    went: str
    closing: str
    standing: str
    unfinished: str
    count: str
    is_test: str
    page: str
    kinds: Mapping[str, str]
    times: str
    comma: str
    about_lead: str = ABOUT_LEAD
    by_report: str = BY_REPORT

    def kind(self, code: str) -> str:
        return self.kinds.get(code, code)

    def told(self, text: str | None, payment_id: str | None = "") -> str:
        """What was kept beside a payment; what we wrote ourselves in this language: what a payment
        for a lead is for, and that a report ended it.
        """
        if (payment_id or "").startswith(FOR_LEAD) and (text or "").startswith(ABOUT_LEAD):
            return self.about_lead + (text or "").removeprefix(ABOUT_LEAD)
        if (text or "").startswith(BY_REPORT):
            return self.by_report + (text or "").removeprefix(BY_REPORT)
        return text or ""

    def time(self, at: datetime, zone: ZoneInfo) -> str:
        local = at.astimezone(zone)
        return local.strftime(self.times) if self.times else local.isoformat()

    def amount(self, minor: int, currency: str) -> str:
        """For people: `1 234,50`, `−3`, with spaces that do not break."""
        return self._grouped(text(minor, currency))

    def exact(self, amount: Decimal, currency: str) -> str:
        """With the currency's code; finer than the currency where the amount is."""
        shown = format(amount.normalize(), "f")
        places = max(exponent(currency), len(shown.partition(".")[2]))
        return f"{self._grouped(f'{amount:.{places}f}')}{NO_BREAK}{currency}"

    def _grouped(self, number: str) -> str:
        whole, _, rest = number.removeprefix("-").partition(".")
        grouped = f"{int(whole):,}".replace(",", NO_BREAK) + (self.comma + rest if rest else "")
        return f"{MINUS}{grouped}" if number.startswith("-") else grouped

    def money(self, minor: int, currency: str) -> str:
        """With the sign of the currency, or its code."""
        return f"{self.amount(minor, currency)}{NO_BREAK}{SIGNS.get(currency, currency)}"


RU = Words(
    title="Выписка по балансу",
    partner="Партнёр",
    period="Период",
    currency="Валюта",
    head=("Время", "Операция", "Наш номер", "Ваш номер", "Описание", "Сумма", "Остаток"),
    opening="Остаток на начало",
    came="Приход",
    went="Расход",
    closing="Остаток на конец",
    standing="Остаток на {at}",
    unfinished="период не окончен",
    count="Операций",
    is_test="Тестовый баланс: деньги не настоящие",
    page="Страница {n} из {of}",
    kinds={
        "payment": "Платёж",
        "payment_back": "Возврат платежа",
        "top_up": "Пополнение",
        "correction": "Исправление",
        "lead": "Лид",
        "lead_back": "Возврат за лид",
    },
    times="%d.%m.%Y %H:%M:%S",
    comma=",",
    about_lead="лид ",
    by_report="отчёт: ",
)
EN = Words(
    title="Statement of the balance",
    partner="Partner",
    period="Period",
    currency="Currency",
    head=("Time", "Operation", "Our number", "Your number", "Description", "Amount", "Balance"),
    opening="Opening balance",
    came="Came in",
    went="Went out",
    closing="Closing balance",
    standing="Balance at {at}",
    unfinished="the period is not over",
    count="Operations",
    is_test="Test balance: the money is not real",
    page="Page {n} of {of}",
    kinds={
        "payment": "Payment",
        "payment_back": "Payment given back",
        "top_up": "Top-up",
        "correction": "Correction",
        "lead": "Lead",
        "lead_back": "Lead given back",
    },
    times="%Y-%m-%d %H:%M:%S",
    comma=".",
)
# Codes as they are in JSON.
PLAIN = Words(
    title="statement",
    partner="partner",
    period="period",
    currency="currency",
    head=("at", "kind", "payment_id", "external_id", "description", "amount", "balance"),
    opening="opening",
    came="",
    went="",
    closing="closing",
    standing="",
    unfinished="",
    count="count",
    is_test="test",
    page="{n}/{of}",
    kinds={},
    times="",
    comma=".",
)
LANGUAGES: Mapping[str, Words] = {"ru": RU, "en": EN}
