"""What a text would look like at a sample guest's, and what is wrong with it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from uzel.errors import ConfigError
from uzel.messages.template import check, check_length, render
from uzel.model.sms_text import Segments, count_segments
from uzel.web.console.language import Language
from uzel.web.console.language import mark as m

PURPOSE, SMS = "review_request", "sms"
GUEST = m("Мария")
NO_PLACE = (m("Ваше заведение"), "https://example.org/review")

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
class Preview:
    """text      as the sample guest gets it; empty where it cannot be filled in
    nameless  the same for a guest whose name is unknown; empty where that makes no difference
    wrong     in words, or empty
    """

    text: str
    nameless: str
    segments: Segments
    wrong: Markup
    guest: str
    place: str


def preview_of(spoken: Language, body: str, places: Sequence[Any]) -> Preview:
    """The text for a sample guest at the first place."""
    wrong = wrong_with(spoken, body, places)
    name, url = place_of(spoken, places)
    guest = spoken.one(GUEST)
    text = nameless = ""
    if not wrong or fits_somewhere(body):
        known = {"place": name, "link": url}
        text, nameless = render(body, {**known, "name": guest}), render(body, known)
    if nameless == text:
        nameless = ""
    return Preview(text, nameless, count_segments(text), wrong, guest, name)


def wrong_with(spoken: Language, body: str, places: Sequence[Any]) -> Markup:
    """What stands in the way of using this text, at any of the places; empty if nothing does."""
    names = [(place["name"], place["review_url"]) for place in places]
    try:
        check(body)
        for name, url in names or [place_of(spoken, places)]:
            check_length(render(body, {"place": name, "link": url, "name": spoken.one(GUEST)}))
    except ConfigError as error:
        return translated(spoken, str(error))
    return Markup()


def fits_somewhere(body: str) -> bool:
    """Whether the text can be filled in, if only it were shorter."""
    try:
        check(body)
    except ConfigError:
        return False
    return True


def place_of(spoken: Language, places: Sequence[Any]) -> tuple[str, str]:
    """(name, link) of the first place, or of none in particular."""
    if places:
        return places[0]["name"], places[0]["review_url"]
    return spoken.one(NO_PLACE[0]), NO_PLACE[1]


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
