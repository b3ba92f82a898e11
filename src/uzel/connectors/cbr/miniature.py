"""The Bank of Russia's board in miniature: what rates it has for a day, and how it writes them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

MOSCOW = ZoneInfo("Europe/Moscow")
# Rates are set on working days for the day after: Tuesday to Saturday.
SET_FOR = range(1, 6)
# The rate that a currency swings around, per nominal.
CURRENCIES = (
    ("R01235", "840", "USD", 1, "Доллар США", "92.4130"),
    ("R01239", "978", "EUR", 1, "Евро", "99.8714"),
    ("R01375", "156", "CNY", 1, "Китайский юань", "12.7605"),
    ("R01335", "398", "KZT", 100, "Казахстанских тенге", "18.0312"),
    ("R01060", "051", "AMD", 100, "Армянских драмов", "23.8790"),
    ("R01135", "348", "HUF", 100, "Венгерских форинтов", "25.1137"),
    ("R01820", "392", "JPY", 100, "Японских иен", "60.2941"),
    ("R01717", "860", "UZS", 10000, "Узбекских сумов", "72.3308"),
    ("R01150", "704", "VND", 10000, "Вьетнамских донгов", "36.5128"),
    ("R01589", "960", "XDR", 1, "СДР (специальные права заимствования)", "122.6500"),
)


class Changed(BaseModel):
    """POST /_rates: what one currency costs from a day on; `nominal` and `unit_rate` (text as it
    is to stand there, "" for none) may be left alone.
    """

    model_config = ConfigDict(extra="forbid")
    currency: str = Field(pattern="^[A-Z]{3}$")
    value: str = Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,4})?$")
    since: date = date.min
    nominal: int | None = Field(default=None, gt=0)
    unit_rate: str | None = None


class Settings(BaseModel):
    """POST /_settings. `registered`: the last day there are rates for; None: tomorrow in Moscow."""

    model_config = ConfigDict(extra="forbid")
    registered: date | None = None


@dataclass
class Board:
    """All rates."""

    settings: Settings = field(default_factory=Settings)
    changes: list[Changed] = field(default_factory=list)

    def day(self, asked: date | None) -> date:
        """The day whose rates are shown to who asks for one."""
        last = self.settings.registered or datetime.now(UTC).astimezone(MOSCOW).date() + timedelta(
            1
        )
        day = min(asked or last, last)
        while day.weekday() not in SET_FOR:
            day -= timedelta(1)
        return day

    def document(self, day: date) -> bytes:
        """The list of a day, as it goes out."""
        lines = "".join(self._lines(day))
        text = (
            '<?xml version="1.0" encoding="windows-1251"?>'
            f'<ValCurs Date="{day:%d.%m.%Y}" name="Foreign Currency Market">{lines}</ValCurs>'
        )
        return text.encode("windows-1251")

    def _lines(self, day: date) -> Iterable[str]:
        for number, (ident, code, currency, nominal, name, usual) in enumerate(CURRENCIES):
            change = self._change(currency, day)
            value = Decimal(change.value) if change else swung(Decimal(usual), day, number)
            units = (change.nominal if change else None) or nominal
            unit = change.unit_rate if change else None
            unit = comma((value / units).normalize()) if unit is None else unit
            more = f"<VunitRate>{unit}</VunitRate>" if unit else ""
            yield (
                f'<Valute ID="{ident}"><NumCode>{code}</NumCode><CharCode>{currency}</CharCode>'
                f"<Nominal>{units}</Nominal><Name>{name}</Name>"
                f"<Value>{comma(value)}</Value>{more}</Valute>"
            )

    def _change(self, currency: str, day: date) -> Changed | None:
        found = [it for it in self.changes if it.currency == currency and it.since <= day]
        return found[-1] if found else None


def swung(usual: Decimal, day: date, number: int) -> Decimal:
    """The rate of a day: up to two per cent around the usual one, the same whenever asked."""
    swing = Decimal((day.toordinal() * 37 + number * 101) % 401 - 200) / 10000
    return (usual * (1 + swing)).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def comma(value: Decimal) -> str:
    """As the bank writes: what is very small by its power of ten."""
    return (format(value, "f") if value >= 1 else str(value)).replace(".", ",")
