"""How values look: times, phones, sums, sizes. Filters for the templates."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Any

import orjson
import phonenumbers
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from uzel.connections.config import split
from uzel.kit.logs import HIDDEN
from uzel.model.currency import EXPONENTS
from uzel.views.life import RawEvent
from uzel.views.rows import EventRow
from uzel.web.console.language import Language, mark

MONTHS = (
    *(mark("янв"), mark("фев"), mark("мар"), mark("апр"), mark("мая"), mark("июн")),
    *(mark("июл"), mark("авг"), mark("сен"), mark("окт"), mark("ноя"), mark("дек")),
)
SIGNS = {"RUB": "₽", "KZT": "₸", "USD": "$", "EUR": "€", "BYN": "Br", "UZS": "сум"}
NARROW_SPACE = "\u202f"
NO_BREAK_SPACE = "\u00a0"
LONGEST_BODY = 200_000


def filters(spoken: Language) -> Mapping[str, Callable[..., Any]]:
    """The filters in one language."""

    @pass_context
    def when(context: Context, at: datetime | None, long: bool = False) -> Markup:
        return time_tag(spoken, context["desk"].zone, at, long=long)

    def ago(at: datetime | None) -> Markup:
        return age_tag(spoken, at)

    def lasting(seconds: float | None) -> str:
        return duration(spoken, seconds)

    return {
        "when": when,
        "clock": pass_context(lambda context, at: f"{in_zone(at, context['desk'].zone):%H:%M}"),
        "ago": ago,
        "date": lambda at: f"{day(spoken, at)} {at.year}",
        "lasting": lasting,
        "number": lambda value: number(spoken, value),
        "percent": lambda part: percent(spoken, part),
        "decimal": lambda value, places=1: decimal(spoken, value, places),
        "money": lambda minor, currency: money(spoken, minor, currency),
        "amount": lambda value, currency: amount(spoken, value, currency),
        "plain": lambda value: grouped(spoken, value),
        "shift": lambda part: percent_of(spoken, part),
        "about_number": lambda value: grouped(spoken, Decimal(f"{value:.6g}")),
        "phone": phone,
        "about": about,
        "body_text": body_text,
        "json_text": json_text,
        "input_time": pass_context(lambda context, at: input_time(context["desk"].zone, at)),
    }


def time_tag(spoken: Language, zone: tzinfo, at: datetime | None, *, long: bool = False) -> Markup:
    """A `<time>`: short to read, complete for machines and on hover, with the zone's name."""
    if at is None:
        return Markup("—")
    local = in_zone(at, zone)
    full = f"{day(spoken, local)} {local.year}, {local:%H:%M:%S} {zone_name(local)}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", full, full if long else short(spoken, local)
    )


def in_zone(at: datetime, zone: tzinfo) -> datetime:
    """The time in a time zone; a provider's clock may tell the last hours of the year 9999, which
    have none in a zone east of Greenwich, and come back as they are.
    """
    try:
        return at.astimezone(zone)
    except OverflowError:
        return at


def short(spoken: Language, local: datetime) -> str:
    """As much as an operator needs: today's time of day, else the day too."""
    now = datetime.now(local.tzinfo)
    if local.date() == now.date():
        return f"{local:%H:%M:%S}"
    if local.year == now.year:
        return f"{day(spoken, local)}, {local:%H:%M}"
    return f"{day(spoken, local)} {local.year}"


def day(spoken: Language, local: date) -> str:
    """`20 ноя`."""
    return f"{local.day}{NO_BREAK_SPACE}{spoken.text(MONTHS[local.month - 1])}"


def zone_name(local: datetime) -> str:
    """`Europe/Moscow (UTC+3)`."""
    offset = local.utcoffset()
    minutes = int(offset.total_seconds() // 60) if offset else 0
    hours, rest = divmod(abs(minutes), 60)
    shift = f"{'−' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")
    return f"{local.tzinfo} (UTC{shift})" if str(local.tzinfo) != "UTC" else "UTC"


def age_tag(spoken: Language, at: datetime | None) -> Markup:
    """How long ago, in a `<time>` that the script keeps up to date."""
    if at is None:
        return Markup("")
    seconds = (datetime.now(UTC) - at).total_seconds()
    text = spoken.text("только что") if -1 < seconds < 5 else relative(spoken, seconds)
    return Markup('<time class="ago" datetime="{}">{}</time>').format(
        f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", text
    )


def relative(spoken: Language, seconds: float) -> Markup:
    """`3 мин назад`, `через 3 мин`; the script has the same words."""
    if seconds < 0:
        return spoken.text("через {length}", length=rough(spoken, -seconds))
    if seconds < 60:
        return spoken.text("{n} с назад", n=int(seconds))
    if seconds < 3600:
        return spoken.text("{n} мин назад", n=int(seconds // 60))
    if seconds < 48 * 3600:
        return spoken.text("{n} ч назад", n=int(seconds // 3600))
    return spoken.text("{n} дн назад", n=int(seconds // 86400))


def rough(spoken: Language, seconds: float) -> Markup:
    """The largest unit that fits."""
    if seconds < 60:
        return spoken.text("{n} с", n=int(seconds))
    if seconds < 3600:
        return spoken.text("{n} мин", n=int(seconds // 60))
    if seconds < 48 * 3600:
        return spoken.text("{n} ч", n=int(seconds // 3600))
    return spoken.text("{n} дн", n=int(seconds // 86400))


def duration(spoken: Language, seconds: float | None) -> str:
    """`41 мс`, `1,2 с`, `3 мин`."""
    if seconds is None:
        return "—"
    if seconds < 1:
        return spoken.text("{n} мс", n=round(seconds * 1000))
    if seconds < 10:
        text = f"{seconds:.1f}"
        return spoken.text("{n} с", n=text.replace(".", ",") if spoken.code == "ru" else text)
    return rough(spoken, seconds)


def number(spoken: Language, value: int) -> str:
    """`12 345`."""
    return f"{value:,}".replace(",", NARROW_SPACE if spoken.code == "ru" else ",")


def percent(spoken: Language, part: float | None) -> str:
    """`64 %`, `0,4 %`; of a part that is neither nothing nor all of it never `0 %` or `100 %`."""
    if part is None:
        return "—"
    shown = part * 100
    near = 0 < shown < 1 or 99 < shown < 100
    text = decimal(spoken, min(max(shown, 0.1), 99.9), 1) if near else f"{shown:.0f}"
    return f"{text}{NO_BREAK_SPACE}%" if spoken.code == "ru" else f"{text}%"


def decimal(spoken: Language, value: float | None, places: int = 1) -> str:
    """`4,6`."""
    if value is None:
        return "—"
    text = f"{value:.{places}f}"
    return text.replace(".", ",") if spoken.code == "ru" else text


def money(spoken: Language, minor: int | None, currency: str | None) -> str:
    """`3,50 ₽`, with as many digits behind the comma as the currency has."""
    if minor is None:
        return "—"
    places = EXPONENTS.get(currency or "", 2)
    return sum_of(spoken, Decimal(minor).scaleb(-places), places, currency)


def amount(spoken: Language, value: Decimal, currency: str) -> str:
    """The same of a decimal, which may be finer than its currency."""
    places = max(EXPONENTS.get(currency, 2), -int(value.normalize().as_tuple().exponent))
    return sum_of(spoken, value, places, currency)


def sum_of(spoken: Language, value: Decimal, places: int, currency: str | None) -> str:
    """Thousands apart, the currency behind it."""
    whole, _, rest = f"{abs(value):.{places}f}".partition(".")
    sign = "−" if value < 0 else ""
    comma = "," if spoken.code == "ru" else "."
    unit = SIGNS.get(currency or "", currency or "")
    text = f"{sign}{number(spoken, int(whole))}{comma if rest else ''}{rest}"
    return f"{text}{NO_BREAK_SPACE}{unit}".rstrip()


def grouped(spoken: Language, value: Decimal) -> str:
    """A decimal with all its digits: `92,413`."""
    places = max(0, -int(value.normalize().as_tuple().exponent))
    return sum_of(spoken, value, places, None)


def percent_of(spoken: Language, part: Decimal) -> str:
    """0.0512 as `5,12 %`."""
    text = f"{part * 100:.2f}"
    space = NO_BREAK_SPACE if spoken.code == "ru" else ""
    return f"{text.replace('.', ',') if spoken.code == 'ru' else text}{space}%"


def phone(e164: str | None) -> str:
    """`+7 999 000-10-01`."""
    if not e164:
        return "—"
    try:
        parsed = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL).replace(
        " ", NO_BREAK_SPACE
    )


def about(event: EventRow) -> str:
    """What an event is called: what it is about, else the guest's name, else the phone (an order
    sent by hand has no number); empty where nothing is known.
    """
    name = (event.data or {}).get("name")
    return (
        event.subject or (str(name) if name else "") or (phone(event.phone) if event.phone else "")
    )


@pass_context
def body_text(context: Context, raw: RawEvent) -> str:
    """A body for reading, without the secrets of its own connection."""
    return without_secrets(context, raw.body.text, raw.row.connection_id, cut=raw.body.cut)


@pass_context
def json_text(context: Context, value: Any, connection_id: int) -> str:
    """JSON for reading, without the secrets of its connection."""
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    return without_secrets(context, text, connection_id)[:LONGEST_BODY]


def without_secrets(context: Context, text: str, connection_id: int, cut: bool = False) -> str:
    """The text with the secret settings of a connection taken out, should they stand in it; of a
    text that was `cut` the beginning of one at its end, too.
    """
    active = context["desk"].deps.registry.get(connection_id)
    if active is not None and active.config is not None:
        for secret in split(active.config)[1].values():
            text = text.replace(secret, HIDDEN) if secret else text
            ends = (i for i in range(len(secret) - 1, 0, -1) if cut and text.endswith(secret[:i]))
            text = text[: len(text) - next(ends, 0)]
    return text


def input_time(zone: tzinfo, at: datetime | None) -> str:
    """The value of an `<input type="datetime-local">`."""
    return f"{in_zone(at, zone):%Y-%m-%dT%H:%M}" if at else ""
