"""The console's languages. The source strings are Russian; other catalogues lie in `locales`.

After a change of wording: `pybabel extract -F locales/babel.cfg …`, as locales/README.md says.
"""

import functools
import gettext
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from markupsafe import Markup, escape
from starlette.requests import Request

from uzel.web.console.cookies import LANGUAGE

LOCALES = Path(__file__).parent / "locales"
LANGUAGES = {"ru": "Русский", "en": "English"}
DEFAULT = "ru"


def mark(message: str) -> str:
    """Mark a string for the catalogues; it is translated where it is shown."""
    return message


@dataclass(frozen=True, slots=True)
class Language:
    """One language. What it returns is safe to put into a page: messages hold no markup, so all of
    it is escaped, and a text from outside that gets here by mistake does no harm.
    """

    code: str
    one: Callable[[str], str]
    many: Callable[[str, str, int], str]

    def text(self, message: str, /, **values: object) -> Markup:
        """The message with `{name}` filled in."""
        return fill(self.one(message) if message else "", values)

    def count(self, one: str, more: str, number: int, /, **values: object) -> Markup:
        """The form of the message that fits `number`, which is `{n}` in it."""
        return fill(self.many(one, more, number), {"n": number, **values})


def fill(message: str, values: dict[str, object]) -> Markup:
    """The message with its values, all of it escaped."""
    return escape(message).format(**values) if values else escape(message)


@functools.cache
def language(code: str, folder: Path = LOCALES) -> Language:
    """The language with this code, out of a folder of catalogues; `ru` for any other."""
    if code not in LANGUAGES:
        return language(DEFAULT, folder)
    with (folder / f"{code}.po").open("rb") as file:
        catalogue = read_po(file, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    translations = gettext.GNUTranslations(compiled)
    return Language(code, translations.gettext, translations.ngettext)


def language_of(request: Request, folder: Path = LOCALES) -> Language:
    """What the visitor chose, else what the browser prefers, else Russian."""
    chosen = request.cookies.get(LANGUAGE)
    if chosen in LANGUAGES:
        return language(chosen, folder)
    return language(preferred(request.headers.get("accept-language", "")), folder)


def preferred(accept_language: str) -> str:
    """The first of our languages by the browser's order of preference (RFC 9110, 12.5.4)."""
    wishes = []
    for part in accept_language[:500].split(","):
        tag, _, quality = part.partition(";")
        code = tag.strip().lower().partition("-")[0]
        if code in LANGUAGES:
            wishes.append((weight(quality), code))
    best = max((weight for weight, _ in wishes), default=0.0)
    return next((code for weight, code in wishes if weight == best > 0), DEFAULT)


def weight(parameter: str) -> float:
    """`q=0.8` as a number; 1 where there is none, 0 where it is unreadable."""
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        number = float(value)
    except ValueError:
        return 0.0
    return number if 0.0 <= number <= 1.0 else 0.0
