"""The National Bank of Kazakhstan's board in miniature."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

ALMATY = ZoneInfo("Asia/Almaty")
# The rate that a currency swings around, per nominal.
CURRENCIES = (
    ("USD", 1, "ДОЛЛАР США", "512.40"),
    ("EUR", 1, "ЕВРО", "553.86"),
    ("RUB", 1, "РОССИЙСКИЙ РУБЛЬ", "5.54"),
    ("CNY", 1, "КИТАЙСКИЙ ЮАНЬ", "70.81"),
    ("AMD", 10, "АРМЯНСКИЙ ДРАМ", "13.22"),
    ("HUF", 10, "ВЕНГЕРСКИХ ФОРИНТОВ", "13.91"),
    ("KRW", 100, "ЮЖНО-КОРЕЙСКИХ ВОН", "36.70"),
    ("UZS", 100, "УЗБЕКСКИХ СУМОВ", "4.03"),
    ("IRR", 1000, "ИРАНСКИЙ РИАЛ", "12.20"),
    ("XDR", 1, "СДР", "679.73"),
)


class Changed(BaseModel):
    """POST /_rates: what one currency costs from a day on."""

    model_config = ConfigDict(extra="forbid")
    currency: str = Field(pattern="^[A-Z]{3}$")
    value: str = Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,4})?$")
    since: date = date.min
    quant: int | None = Field(default=None, gt=0)


class Settings(BaseModel):
    """POST /_settings. `registered`: the last day there are rates for; None: today in Almaty."""

    model_config = ConfigDict(extra="forbid")
    registered: date | None = None


@dataclass
class Board:
    """All rates."""

    settings: Settings = field(default_factory=Settings)
    changes: list[Changed] = field(default_factory=list)

    def document(self, day: date | None) -> str:
        """The list of a day, as it goes out; None: of the last day there are rates for."""
        last = self.settings.registered or datetime.now(UTC).astimezone(ALMATY).date()
        shown = day or last
        lines = "".join(self._lines(set_for(shown))) if shown <= last else NOTHING
        return (
            '<?xml version="1.0" encoding="utf-8"?><rates>'
            "<generator>Песочница</generator><title>Официальные курсы валют</title>"
            f"<date>{shown:%d.%m.%Y}</date>{lines}</rates>"
        )

    def _lines(self, day: date) -> Iterable[str]:
        for number, (currency, quant, name, usual) in enumerate(CURRENCIES):
            change = self._change(currency, day)
            value = change.value if change else swung(Decimal(usual), day, number)
            units = (change.quant if change else None) or quant
            yield (
                f"<item><fullname>{name}</fullname><title>{currency}</title>"
                f"<description>{value}</description><quant>{units}</quant>"
                "<index></index><change>0.00</change></item>"
            )

    def _change(self, currency: str, day: date) -> Changed | None:
        found = [it for it in self.changes if it.currency == currency and it.since <= day]
        return found[-1] if found else None


NOTHING = "<info>На эту дату курсов нет</info>"


def set_for(day: date) -> date:
    """On Sundays and Mondays the rates of Saturday are in force."""
    while day.weekday() in (6, 0):
        day -= timedelta(1)
    return day


def swung(usual: Decimal, day: date, number: int) -> Decimal:
    """The rate of a day: up to two per cent around the usual one, the same whenever asked."""
    swing = Decimal((day.toordinal() * 53 + number * 89) % 401 - 200) / 10000
    return (usual * (1 + swing)).quantize(Decimal("0.01"), ROUND_HALF_UP)
