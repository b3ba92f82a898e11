"""The rules of a business in words, for who only wants to know how it is set up."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from markupsafe import Markup, escape

from uzel.model.rules import ALL_SOURCES, DELAY_S, Guests, Hop, Rules, Sending
from uzel.web.console.language import Language
from uzel.web.console.language import mark as m
from uzel.web.console.names import CHANNELS as CHANNEL_NAMES
from uzel.web.console.route_form import CHANNELS, Ways
from uzel.web.console.show import SIGNS, money, number
from uzel.web.console.typed import span_words
from uzel.web.console.words import connector_title, named

GUESTS = {
    Guests.ALL: m("всех"),
    Guests.NEW: m("только новых"),
    Guests.REGULAR: m("только постоянных"),
}
SENDING = {
    Sending.LIVE: m("вживую: сообщения уходят гостям"),
    Sending.RECORD: m("запись: сообщения видны в журнале, но никому не уходят"),
    Sending.ALLOW_LIST: m("по списку: сообщения уходят только на адреса из списка"),
}
MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Line:
    """One rule. `is_usual`: it is as it would be had nobody decided anything."""

    label: str
    text: Markup
    is_usual: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to tell."""

    spoken: Language
    rules: Rules
    gap_days: int
    ways: Ways

    def text(self, message: str, /, **values: object) -> Markup:
        """In the page's language."""
        return self.spoken.text(message, **values)

    def is_usual(self, *names: str) -> bool:
        """Whether these rules have their defaults."""
        usual = Rules()
        return all(getattr(self.rules, name) == getattr(usual, name) for name in names)

    def list_of(self, items: list[str]) -> Markup:
        """The first of them, and how many more."""
        shown = Markup(", ").join(map(escape, items[:MOST_SHOWN]))
        more = len(items) - MOST_SHOWN
        return shown + (self.text(m(" и ещё {n}"), n=more) if more > 0 else Markup())


def timing(seen: Seen) -> Iterator[Line]:
    """When guests are asked."""
    rules, spoken = seen.rules, seen.spoken
    shared = rules.delay_s.get(ALL_SOURCES)
    for source in DELAY_S:
        seconds = round(rules.delay(source).total_seconds())
        text = seen.text(m("{span} после визита"), span=span_words(spoken, seconds))
        if seconds == 0:
            text = seen.text(m("сразу после визита"))
        yield Line(connector_title(source), text, source not in rules.delay_s and shared is None)
    hours = seen.text(m("с {opens} до {closes}"), opens=rules.opens, closes=rules.closes)
    if rules.opens == rules.closes:
        hours = seen.text(m("круглосуточно"))
    yield Line(m("Часы"), hours, seen.is_usual("opens", "closes"))
    expires = rules.expires_after_s
    until = seen.text(m("не устаревает"))
    if expires is not None:
        until = seen.text(m("{span}, потом не отправляется"), span=span_words(spoken, expires))
    yield Line(m("Годна"), until, seen.is_usual("expires_after_s"))
    again = seen.text(m("без ограничения"))
    if seen.gap_days:
        again = spoken.count("не чаще раза в {n} день", "не чаще раза в {n} дней", seen.gap_days)
    yield Line(m("Одного гостя"), again, seen.gap_days == 30)
    remind = rules.remind_after_s
    text = seen.text(m("нет"))
    if remind is not None:
        text = seen.text(m("одно, {span} после просьбы"), span=span_words(spoken, remind))
    yield Line(m("Напоминание"), text, seen.is_usual("remind_after_s"))


def guests(seen: Seen) -> Iterator[Line]:
    """Who is asked."""
    rules, no = seen.rules, seen.text(m("нет"))
    yield Line(m("Просим"), seen.text(GUESTS[rules.guests]), seen.is_usual("guests"))
    least = no
    if rules.minimum is not None:
        sign = SIGNS.get(rules.currency, rules.currency)
        least = seen.text(m("от {sum}"), sum=f"{rules.minimum:f} {sign}")
    yield Line(m("Сумма заказа"), least, seen.is_usual("minimum"))
    skipped = seen.list_of(rules.skip_sources) if rules.skip_sources else no
    yield Line(m("Не просим из"), skipped, seen.is_usual("skip_sources"))
    never = no
    if rules.never:
        never = seen.spoken.count("{n} адрес", "{n} адресов", len(rules.never))
    yield Line(m("Свои и проверочные"), never, seen.is_usual("never"))
    consent = seen.text(m("не требуется"))
    if rules.require_consent:
        consent = seen.text(m("нужно: без записанного согласия не просим"))
    elif rules.attested:
        consent = seen.text(m("получено: {how}"), how=rules.attested)
    yield Line(m("Согласие"), consent, seen.is_usual("require_consent", "attested"))


def route(seen: Seen) -> Iterator[Line]:
    """By which ways."""
    rules = seen.rules
    hops = rules.route or [Hop.model_validate({"channel": channel}) for channel in CHANNELS]
    for place, hop in enumerate(hops, 1):
        yield Line(f"{place}.", hop_words(seen, hop), not rules.route)
    russia = seen.text(m("нет: он там заблокирован"))
    if rules.whatsapp_russia:
        russia = seen.text(m("да"))
    yield Line(m("WhatsApp в Россию"), russia, seen.is_usual("whatsapp_russia"))


def hop_words(seen: Seen, hop: Hop) -> Markup:
    """One way: its channel, its connection, what makes it give way."""
    channel = named(seen.spoken, CHANNEL_NAMES, hop.channel)
    found = seen.ways.by(hop.channel, hop.connection_id)
    if not found:
        return seen.text(m("{channel}: подключения нет, способ пропускается"), channel=channel)
    text = seen.text(m("{channel} через {title}"), channel=channel, title=found[0].title)
    if hop.wait_s is not None:
        span = span_words(seen.spoken, hop.wait_s)
        text += seen.text(m("; без отчёта за {span} пробуем следующий"), span=span)
    return text


def sending(seen: Seen) -> Iterator[Line]:
    """Whether messages go out."""
    rules = seen.rules
    yield Line(m("Режим"), seen.text(SENDING[rules.sending]), seen.is_usual("sending"))
    if rules.allowed:
        yield Line(m("Список"), seen.list_of(rules.allowed))


def spending(seen: Seen) -> Iterator[Line]:
    """What it may cost."""
    rules, spoken = seen.rules, seen.spoken
    budget = seen.text(m("без ограничения"))
    if rules.budget_day_minor is not None:
        budget = escape(money(spoken, rules.budget_day_minor, rules.currency))
    yield Line(m("Бюджет на день"), budget, seen.is_usual("budget_day_minor"))
    most = seen.text(m("без ограничения"))
    if rules.messages_per_day is not None:
        most = escape(number(spoken, rules.messages_per_day))
    yield Line(m("Сообщений в день"), most, seen.is_usual("messages_per_day"))
    prices = Markup("; ").join(
        Markup("{} {}").format(price_of(seen, key), money(spoken, minor, rules.currency))
        for key, minor in sorted(rules.rates.items())
    )
    yield Line(m("Прайс"), prices or seen.text(m("не задан")), not rules.rates)


def price_of(seen: Seen, key: str) -> Markup:
    """`SMS RU`, for a key of the rate card."""
    channel, _, country = key.partition(":")
    name = named(seen.spoken, CHANNEL_NAMES, channel)
    return Markup("{} {}").format(name, country) if country else name


def ratings(seen: Seen) -> Iterator[Line]:
    """Which ratings the manager hears of."""
    low = seen.rules.low_rating
    text = seen.text(m("{n} и ниже"), n=low) if low else seen.text(m("не сообщаем"))
    yield Line(m("Управляющий узнаёт об оценке"), text, seen.is_usual("low_rating"))


WORDS: Mapping[str, Callable[[Seen], Iterator[Line]]] = {
    "timing": timing,
    "guests": guests,
    "route": route,
    "sending": sending,
    "money": spending,
    "ratings": ratings,
}
