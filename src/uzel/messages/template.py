"""Texts with places to fill in: `{place}`, `{link}`, `{name}`; checked when they are saved."""

from collections.abc import Mapping
from string import Formatter

from uzel.errors import ConfigError
from uzel.model.sms_text import count_segments

# What a review request may say. `name` is empty where the guest's name is unknown.
VARIABLES = ("place", "link", "name")
MOST_SEGMENTS = 8


def check(body: str, variables: tuple[str, ...] = VARIABLES) -> None:
    """Refuse what could not be filled in later. Raises ConfigError in words for the editor."""
    if not body.strip():
        raise ConfigError("Текст пуст.")
    for name in names_in(body):
        if name not in variables:
            known = ", ".join(f"{{{item}}}" for item in variables)
            raise ConfigError(f"Неизвестная переменная {{{name}}}. Есть: {known}.")
    if "link" in variables and "link" not in names_in(body):
        raise ConfigError("В тексте нет {link}: гостю некуда будет перейти.")


def names_in(body: str) -> list[str]:
    """The variables a text uses. Raises ConfigError for braces that do not pair up and for
    anything but a plain name in them: `{name.__class__}` or `{0}` never reach a formatter.
    """
    try:
        parts = list(Formatter().parse(body))
    except ValueError as error:
        raise ConfigError("Скобки { } не парные; чтобы написать скобку, удвойте её.") from error
    for _, name, spec, conversion in parts:
        if name is not None and (not name.isidentifier() or spec or conversion):
            raise ConfigError(f"В скобках может стоять только имя переменной, не {{{name}}}.")
    return [name for _, name, _, _ in parts if name is not None]


def render(body: str, values: Mapping[str, str]) -> str:
    """The text for one person. A variable left empty takes the space or comma before it along; at
    the very start, the punctuation after it, and what follows begins with a capital.
    """
    text, beheaded = "", False
    for literal, name, _, _ in Formatter().parse(body):
        text += without_joint(literal) if beheaded and not text else literal
        if name is not None:
            value = " ".join(values.get(name, "").split())
            beheaded = beheaded or not (text.strip() or value)
            text = text + value if value else text.rstrip(" ,")
    return text.strip()


def without_joint(literal: str) -> str:
    """What follows a name that is missing, as the beginning of a text."""
    rest = literal.lstrip(" ,.;:!?–—-")
    return rest[:1].upper() + rest[1:]


def check_length(text: str) -> None:
    """Refuse a text that needs more parts than a provider takes."""
    segments = count_segments(text).segments
    if segments > MOST_SEGMENTS:
        raise ConfigError(f"Текст занимает {segments} SMS, больше {MOST_SEGMENTS} не принимают.")
