"""A connection's form, from its connector's settings: titles, help, kinds, and errors at the field.

What a secret field holds is never sent to a browser; empty keeps what is stored.
"""

import enum
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from uzel.connections.config import secret_fields
from uzel.connector import Config
from uzel.web.console.language import Language
from uzel.web.console.language import mark as m

CHECKED = "on"
LIST_TYPES = (list, set, tuple, frozenset)

# Pydantic's kinds of errors in words; its own text serves for the others.
WRONG = {
    "missing": m("Заполните это поле."),
    "string_too_long": m("Не длиннее {max_length} знаков."),
    "string_too_short": m("Не короче {min_length} знаков."),
    "string_pattern_mismatch": m("Это не похоже на то, что нужно: см. пояснение."),
    "int_parsing": m("Нужно целое число."),
    "float_parsing": m("Нужно число."),
    "decimal_parsing": m("Нужно число."),
    "greater_than": m("Нужно больше {gt}."),
    "greater_than_equal": m("Нужно не меньше {ge}."),
    "less_than": m("Нужно меньше {lt}."),
    "less_than_equal": m("Нужно не больше {le}."),
    "url_parsing": m("Это не адрес."),
    "literal_error": m("Выберите одно из списка."),
    "enum": m("Выберите одно из списка."),
    "address_unreadable": m("Это не адрес."),
    "address_scheme": m("Адрес начинается с https:// или http://."),
    "address_host": m("Имени сервера нет, или оно написано с ошибкой."),
    "address_port": m("Порт: число от 1 до 65535."),
    "address_login": m("Логину и паролю в адресе не место: он хранится открыто."),
    "address_extra": m("Адрес должен кончаться раньше знаков ? и #."),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form.

    kind    text, secret, switch, number, lines, choice
    value   what stands in it; never that of a secret
    stored  a secret that has a value already
    """

    name: str
    title: str
    about: str
    kind: str
    required: bool
    value: str = ""
    stored: bool = False
    choices: tuple[str, ...] = ()
    wrong: str = ""


def fields_of(
    config: type[Config],
    current: Config | None,
    form: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] | None = None,
) -> list[Field]:
    """The form. `current` are the settings in use, `form` what was just typed."""
    return [
        field_of(name, info, current, form, (wrong or {}).get(name, ""))
        for name, info in config.model_fields.items()
        if not info.exclude
    ]


def field_of(
    name: str,
    info: FieldInfo,
    current: Config | None,
    form: Mapping[str, str] | None,
    wrong: str,
) -> Field:
    """One field."""
    kind, choices = kind_of(info.annotation)
    secret = kind == "secret"
    known = getattr(current, name) if current is not None else info.get_default()
    shown = form.get(name, "") if form is not None else text_of(known, kind)
    return Field(
        name=name,
        title=info.title or name,
        about=info.description or "",
        kind=kind,
        required=info.is_required() and not (secret and current is not None),
        value="" if secret else shown,
        stored=secret and isinstance(known, SecretStr) and current is not None,
        choices=choices,
        wrong=wrong,
    )


def kind_of(annotation: Any) -> tuple[str, tuple[str, ...]]:
    """(kind of field, what there is to choose from)."""
    plain = without_none(annotation)
    if plain is SecretStr:
        return "secret", ()
    if plain is bool:
        return "switch", ()
    if get_origin(plain) is Literal:
        return "choice", tuple(str(value) for value in get_args(plain))
    if isinstance(plain, type) and issubclass(plain, enum.Enum):
        return "choice", tuple(str(item.value) for item in plain)
    if get_origin(plain) in LIST_TYPES or plain in LIST_TYPES:
        return "lines", ()
    return ("number" if plain in (int, float) else "text"), ()


def without_none(annotation: Any) -> Any:
    """`X` of `X | None`."""
    if get_origin(annotation) in (Union, types.UnionType):
        rest = [part for part in get_args(annotation) if part is not type(None)]
        return without_none(rest[0]) if len(rest) == 1 else annotation
    return annotation


def text_of(value: Any, kind: str) -> str:
    """A setting as it stands in its field."""
    if value is None or isinstance(value, SecretStr) or repr(value) == "PydanticUndefined":
        return ""
    if kind == "switch":
        return CHECKED if value else ""
    if kind == "lines":
        return "\n".join(str(item) for item in value)
    return str(value.value if isinstance(value, enum.Enum) else value)


def read(config: type[Config], form: Mapping[str, str]) -> dict[str, Any]:
    """Plain values from a form; empty fields are left out and take their default."""
    values: dict[str, Any] = {}
    for name, info in config.model_fields.items():
        kind, _ = kind_of(info.annotation)
        text = form.get(name, "").strip()
        if kind == "switch":
            values[name] = text == CHECKED
        elif kind == "lines" and text:
            values[name] = [line.strip() for line in text.splitlines() if line.strip()]
        elif text:
            values[name] = text
    return values


def errors_of(
    spoken: Language, config: type[Config], values: Mapping[str, Any], current: Config | None
) -> dict[str, str]:
    """Field → what is wrong with it; `` → what is wrong with the whole. Secrets left empty count
    as those in use.
    """
    hidden = secret_fields(config)
    kept = {name: getattr(current, name) for name in hidden} if current is not None else {}
    try:
        config.model_validate({**kept, **values})
    except ValidationError as error:
        items = error.errors(include_input=False, include_url=False)
        return {field_in(item["loc"], config): said(spoken, item) for item in items}
    return {}


def field_in(location: Sequence[int | str], config: type[Config]) -> str:
    """The field an error is about; empty where it is about none of the form's."""
    first = str(location[0]) if location else ""
    return first if first in config.model_fields else ""


def said(spoken: Language, item: Any) -> str:
    """An error in words; never what was typed."""
    words = WRONG.get(item["type"])
    if words is None:
        return str(item["msg"]).removeprefix("Value error, ")
    return spoken.text(words, **item.get("ctx", {}))
