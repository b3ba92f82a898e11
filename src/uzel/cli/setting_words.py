"""What is wrong with the settings of a new connection, in terms of `--set FIELD=VALUE`."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from uzel.connections.config import secret_fields
from uzel.connector import Config, Connector
from uzel.errors import ConfigError

# Pydantic's kinds of errors; its own text serves for the others.
WRONG = {
    "string_too_long": "at most {max_length} characters",
    "string_too_short": "at least {min_length} characters",
    "bool_parsing": "true or false",
    "int_parsing": "a whole number",
    "float_parsing": "a number",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "literal_error": "one of {expected}",
    "enum": "one of {expected}",
}


def check_settings(connector: Connector, values: Mapping[str, str]) -> None:
    """Raises ConfigError that says which option to give and how; never a value."""
    config = connector.config
    try:
        config.model_validate(values)
    except ValidationError as error:
        items = error.errors(include_input=False, include_url=False)
        raise ConfigError("; ".join(in_words(config, item) for item in items)) from None


def in_words(config: type[Config], item: Any) -> str:
    """One thing that is wrong."""
    name = str(item["loc"][0]) if item["loc"] else ""
    if item["type"] == "missing":
        return missing(config, name)
    if item["type"] == "extra_forbidden":
        there = [other for other, field in config.model_fields.items() if not field.exclude]
        return f"there is no setting {name!r}; there are: {', '.join(there)}"
    if item["type"] == "string_pattern_mismatch":
        said = unlike(config, name, item["ctx"]["pattern"])
    elif (words := WRONG.get(item["type"])) is None:
        said = str(item["msg"]).removeprefix("Value error, ")
    else:
        said = words.format(**item.get("ctx", {}))
    return f"--set {name}=…: {said}" if name else said


def unlike(config: type[Config], name: str, pattern: str) -> str:
    """A text of another form than its setting has: what it should be like, as far as it says."""
    field = config.model_fields[name]
    if isinstance(field.default, str):
        return f"not like that; an example is {field.default}"
    return f"not like that; it is {field.title or name}, in the form {pattern}"


def missing(config: type[Config], name: str) -> str:
    """A setting that has to be given, with an example."""
    title = config.model_fields[name].title or name
    if name in secret_fields(config):
        return f"{name} ({title}) is missing: give --set {name}=- and type it when you are asked"
    return f"{name} ({title}) is missing: give --set {name}=VALUE"
