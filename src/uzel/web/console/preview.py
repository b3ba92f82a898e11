"""What a text would look like at a sample guest's, and what is wrong with it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup, escape

from uzel.errors import ConfigError
from uzel.messages.template import check, check_length, names_in, render
from uzel.model.sms_text import Segments, count_segments
from uzel.web.console.language import Language
from uzel.web.console.language import mark as m

REQUEST, REMINDER = "review_request", "review_reminder"
SMS, WHATSAPP, EMAIL = "sms", "whatsapp", "email"
# What a text of each purpose may say; see flows.review_requests.wish and remind.
VARIABLES: Mapping[str, tuple[str, ...]] = {
    REQUEST: ("place", "link", "name", "staff", "service", "code"),
    REMINDER: ("place", "link", "name", "code"),
}
VARIABLE_NAMES = {
    "place": m("название заведения"),
    "link": m("ссылка на страницу отзыва"),
    "name": m("имя гостя"),
    "staff": m("кто обслуживал"),
    "service": m("что сделали"),
    "code": m("слово из ссылки"),
}
# Values a visit may come without.
UNCERTAIN = ("name", "staff", "service")
# A link to a page of ours, or what it ends with.
LEADS_ON = ("link", "code")
SAMPLE = {"name": m("Мария"), "staff": m("Ольга"), "service": m("Стрижка")}
SAMPLE_CODE = "Ab3dE5gH7k"
NO_PLACE = m("Ваше заведение")
LONGEST_SUBJECT = 200

# What uzel.messages.template says, as patterns, for the catalogues.
SAID = (
    m("Текст пуст."),
    m("Неизвестная переменная {name}. Есть: {known}."),
    m("В тексте нет {{link}}: гостю некуда будет перейти."),
    m("Скобки {{ }} не парные; чтобы написать скобку, удвойте её."),
    m("В скобках может стоять только имя переменной, не {name}."),
    m("Текст занимает {n} SMS, больше {most} не принимают."),
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A text that is being written. approved: of a WhatsApp template, see table template."""

    purpose: str
    channel: str
    body: str
    subject: str = ""
    approved: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """text      as the sample guest gets it; empty where it cannot be filled in
    bare      the same for a visit of which nothing but the place is known; empty where that makes
              no difference
    wrong     in words, or empty
    buttons   where the buttons of a WhatsApp template lead
    """

    text: str
    bare: str
    subject: str
    segments: Segments
    wrong: Markup
    guest: str
    place: str
    buttons: Sequence[str] = field(default=())


def preview_of(spoken: Language, draft: Draft, places: Sequence[str], url: str) -> Preview:
    """The text for a sample guest at the first place. `url`: where our pages are."""
    wrong = wrong_with(spoken, draft, places, url)
    place = next(iter(places), spoken.one(NO_PLACE))
    values = sample(spoken, place, url)
    known = {name: value for name, value in values.items() if name not in UNCERTAIN}
    text = bare = subject = ""
    if not wrong or can_be_filled_in(draft):
        text, bare = render(draft.body, values), render(draft.body, known)
        subject = render(draft.subject or "{place}", values) if draft.channel == EMAIL else ""
    if bare == text:
        bare = ""
    buttons = [
        f"…{values[name]}" if name == "code" else values.get(name, "")
        for name in (draft.approved or {}).get("buttons", ())
    ]
    segments = count_segments(text)
    return Preview(text, bare, subject, segments, wrong, values["name"], place, buttons)


def sample(spoken: Language, place: str, url: str) -> dict[str, str]:
    """What the variables stand for."""
    return {
        "place": place,
        "link": f"{url}/r/{SAMPLE_CODE}",
        "code": SAMPLE_CODE,
        **{name: spoken.one(value) for name, value in SAMPLE.items()},
    }


def wrong_with(spoken: Language, draft: Draft, places: Sequence[str], url: str) -> Markup:
    """What stands in the way of using this text, at any of the places; empty if nothing does."""
    try:
        check_words(draft)
        for place in places or [spoken.one(NO_PLACE)]:
            if draft.channel == SMS:
                check_length(render(draft.body, sample(spoken, place, url)))
    except ConfigError as error:
        return translated(spoken, str(error))
    missing = without_value(draft)
    if missing:
        said = m("В тексте есть {name}, а среди параметров шаблона его нет.")
        return spoken.text(said, name=f"{{{missing}}}")
    return Markup()


def check_words(draft: Draft) -> None:
    """Refuse variables that are not there, and a text that leads nowhere. Raises ConfigError."""
    variables = VARIABLES[draft.purpose]
    if draft.channel == EMAIL and draft.subject:
        check_names(draft.subject, variables)
    buttons = (draft.approved or {}).get("buttons", ())
    if set(buttons) & set(LEADS_ON) and "link" not in names_in(draft.body):
        check_names(draft.body, variables)
        return
    check(draft.body, variables)


def check_names(text: str, variables: Sequence[str]) -> None:
    """Refuse variables that are not there; a link is not asked for. Raises ConfigError."""
    check(text.replace("{link}", "…"), tuple(name for name in variables if name != "link"))


def without_value(draft: Draft) -> str | None:
    """A variable that an approved template has no parameter for; None if all have theirs."""
    if draft.channel != WHATSAPP or not draft.approved:
        return None
    given = {*draft.approved.get("parameters", ())}
    return next((name for name in names_in(draft.body) if name not in given), None)


def can_be_filled_in(draft: Draft) -> bool:
    """Whether the text makes sense, if only it were shorter."""
    try:
        check_words(draft)
    except ConfigError:
        return False
    return True


def translated(spoken: Language, said: str) -> Markup:
    """An error of uzel.messages.template in the page's language."""
    for pattern in SAID:
        found = re.fullmatch(regular(pattern), said)
        if found is not None:
            # `{{` stands for a brace, so the pattern is formatted even where it has no values.
            return escape(spoken.one(pattern)).format(**found.groupdict())
    return escape(said)


def regular(pattern: str) -> str:
    """A pattern with `{name}` in it as a regular expression."""
    plain = re.escape(pattern.replace("{{", "\1").replace("}}", "\2"))
    named = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", plain)
    return named.replace("\1", r"\{").replace("\2", r"\}")
