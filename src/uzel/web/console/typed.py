"""What a person typed into a form, read field by field; what is wrong is said at its field."""

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from markupsafe import Markup

from uzel.messages.stop_list import address_of
from uzel.model.hours import TIME
from uzel.web.console.fields import CHECKED
from uzel.web.console.language import Language
from uzel.web.console.language import mark as m

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400
UNITS = {"m": MINUTE_S, "h": HOUR_S, "d": DAY_S}
UNIT_NAMES = {"m": m("минут"), "h": m("часов"), "d": m("дней")}
LONGEST_LINE, MOST_LINES = 200, 500
LONGEST_URL = 500
URL = re.compile(r"https?://[^\s/]+(/\S*)?")
EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]+")
NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?")


class Typed:
    """A form being read. `wrong`: field → what is wrong with it, in the page's language."""

    def __init__(self, spoken: Language, form: Mapping[str, str]) -> None:
        self.spoken = spoken
        self.form = form
        self.wrong: dict[str, Markup] = {}

    def refuse(self, name: str, message: str, /, **values: object) -> None:
        """Something is wrong with a field; of several things the first is said."""
        self.wrong.setdefault(name, self.spoken.text(message, **values))

    def plain(self, name: str) -> str:
        """What stands in a field, without the space around it."""
        return self.form.get(name, "").strip()

    def line(self, name: str, longest: int, *, needed: bool = True) -> str:
        """A line of text, its spaces made single."""
        text = " ".join(self.form.get(name, "").split())
        if len(text) > longest or (needed and not text):
            said = m("Заполните, до {n} знаков.") if needed else m("До {n} знаков.")
            self.refuse(name, said, n=longest)
        return text

    def switch(self, name: str) -> bool:
        """A box that is ticked or not."""
        return self.form.get(name) == CHECKED

    def choice(self, name: str, among: Collection[str]) -> str:
        """One of some values."""
        value = self.form.get(name, "")
        if value not in among:
            self.refuse(name, m("Выберите одно из списка."))
        return value

    def decimal(self, name: str) -> Decimal | None:
        """A number that is not negative; None for an empty field and for what is none."""
        text = re.sub(r"[\s\u00a0\u202f]", "", self.form.get(name, "")).replace(",", ".")
        if text and NUMBER.fullmatch(text) is None:
            self.refuse(name, m("Нужно число."))
            return None
        return Decimal(text) if text else None

    def number(self, name: str, low: int, high: int) -> int | None:
        """A whole number, None for an empty field."""
        number = self.decimal(name)
        if number is None:
            return None
        if number != int(number) or not low <= number <= high:
            self.refuse(name, m("Нужно целое число, от {low} до {high}."), low=low, high=high)
            return None
        return int(number)

    def money(self, name: str, most_minor: int) -> int | None:
        """A sum in minor units, None for an empty field."""
        number = self.decimal(name)
        if number is None:
            return None
        minor = number * 100
        if minor > most_minor:
            self.refuse(name, m("Нужно не больше {le}."), le=most_minor // 100)
        elif minor != int(minor):
            self.refuse(name, m("Не больше двух знаков после запятой."))
        else:
            return int(minor)
        return None

    def span(self, name: str, low_s: int, high_s: int) -> int | None:
        """A length of time in seconds, None for an empty field."""
        number, unit = self.decimal(name), self.form.get(f"{name}_unit", "h")
        if number is None:
            return None
        if unit not in UNITS:
            self.refuse(name, m("Выберите одно из списка."))
            return None
        seconds = min(number, Decimal(high_s + 1)) * UNITS[unit]
        if not low_s <= seconds <= high_s:
            low, high = span_words(self.spoken, low_s), span_words(self.spoken, high_s)
            self.refuse(name, m("Нужно от {low} до {high}."), low=low, high=high)
            return None
        return round(seconds)

    def clock(self, name: str, *, needed: bool = True) -> str | None:
        """A time of day."""
        text = self.plain(name)
        if not text and not needed:
            return None
        if TIME.fullmatch(text) is None:
            self.refuse(name, m("Нужно время вида 09:00."))
        return text

    def lines(self, name: str) -> list[str]:
        """One thing a line; each once, in the order given."""
        said = [line.strip() for line in self.form.get(name, "").splitlines()]
        found = list(dict.fromkeys(line for line in said if line))
        if len(found) > MOST_LINES or any(len(line) > LONGEST_LINE for line in found):
            self.refuse(
                name, m("До {n} строк, в каждой до {m} знаков."), n=MOST_LINES, m=LONGEST_LINE
            )
        return found

    def addresses(self, name: str) -> list[str]:
        """Phones and e-mail addresses, one a line or with commas between."""
        found: dict[str, None] = {}
        for line in self.lines(name):
            for part in filter(None, (part.strip() for part in re.split("[,;]", line))):
                address = readable(part)
                if address is None:
                    self.refuse(name, m("Это не телефон и не e-mail: {text}"), text=part[:60])
                else:
                    found[address] = None
        return list(found)

    def url(self, name: str) -> str | None:
        """A web address, None for an empty field."""
        text = self.plain(name)
        if text and (len(text) > LONGEST_URL or not is_link(text)):
            self.refuse(name, m("Нужна ссылка вида https://…"))
            return None
        return text or None

    def zone(self, name: str, *, needed: bool = True) -> str | None:
        """A time zone."""
        text = self.plain(name)
        if not text and not needed:
            return None
        try:
            ZoneInfo(text)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.refuse(name, m("Такого часового пояса нет."))
        return text


def readable(raw: str) -> str | None:
    """E.164 or a lower-case e-mail address from what a person or a table says; None for neither.
    Spreadsheets put an apostrophe before a plus.
    """
    text = raw.strip().lstrip("'\u2019").strip()
    if "@" in text and EMAIL.fullmatch(text) is None:
        return None
    return address_of(text)


def span_shown(seconds: int | None) -> tuple[str, str]:
    """(number, unit) as they stand in the fields of a length of time."""
    if seconds is None:
        return "", "h"
    unit = next((u for u in ("d", "h", "m") if seconds and seconds % UNITS[u] == 0), "m")
    if unit == "d" and seconds == DAY_S:
        unit = "h"
    number = Decimal(seconds) / UNITS[unit]
    return f"{round(number, 4).normalize():f}", unit


def span_words(spoken: Language, seconds: int) -> Markup:
    """`1 ч 30 мин`, exactly."""
    days, rest = divmod(seconds, DAY_S) if seconds > DAY_S else (0, seconds)
    hours, rest = divmod(rest, HOUR_S)
    minutes, left = divmod(rest, MINUTE_S)
    parts = [
        spoken.text(words, n=number)
        for number, words in (
            (days, m("{n} дн")),
            (hours, m("{n} ч")),
            (minutes, m("{n} мин")),
            (left, m("{n} с")),
        )
        if number
    ]
    return Markup(" ").join(parts) if parts else spoken.text("сразу")


def money_shown(minor: int | None) -> str:
    """A sum as it stands in its field."""
    if minor is None:
        return ""
    whole, rest = divmod(minor, 100)
    return f"{whole},{rest:02}" if rest else str(whole)


def is_link(text: str) -> bool:
    """An address that a guest's browser can follow, and that says where it leads."""
    if not URL.fullmatch(text):
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    host = (parts.hostname or "").strip(".")
    return bool(host) and parts.username is None and port != 0
