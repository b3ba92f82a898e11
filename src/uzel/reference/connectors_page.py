"""The page of connectors: settings, what each reads, what each can do."""

import json
from collections.abc import Iterable, Mapping
from importlib.resources import files

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from uzel.connections.config import secret_fields
from uzel.connector import BodyKind, Checked, Connector
from uzel.reference.markdown import code, table, yes


def connectors_page(known: Iterable[Connector]) -> str:
    """Every connector: its settings, what it reads, what it can do."""
    head = """
# Connectors

How each was *checked* is said per operation, weakest first: """
    return (
        head.strip()
        + " "
        + ", ".join(f"*{way}*" for way in Checked)
        + ".\n\n"
        + "\n\n".join(
            connector_part(connector) for connector in sorted(known, key=lambda c: c.name)
        )
    )


def connector_part(connector: Connector) -> str:
    """One connector."""
    link = f"../../src/uzel/connectors/{connector.name}/README.md"
    parts = [
        f"## {connector.title}",
        f"Name `{connector.name}`. [Set-up, limits and quirks]({link}) (in Russian). "
        f"At most {connector.rate_per_s:g} calls a second unless the connection says otherwise.",
        "### Settings",
        settings_of(connector) or "None: the webhook key is all there is.",
    ]
    if connector.environment:
        given = ", ".join(f"`{v}` → `{f}`" for v, f in connector.environment.items())
        parts.append(f"From the environment at the start: {given}.")
    parts += ["### Webhook", webhook_of(connector)]
    if connector.operations:
        parts += ["### Operations", operations_of(connector)]
    return "\n\n".join(parts)


def settings_of(connector: Connector) -> str:
    """The table of a connection's fields; empty if there are none."""
    secret = secret_fields(connector.config)
    rows = [
        (
            code(name),
            field.title or "",
            "required" if field.is_required() else code(default_of(field)) or "empty",
            yes(name in secret),
            field.description or "",
        )
        for name, field in connector.config.model_fields.items()
        if not field.exclude
    ]
    return table(("field", "title", "default", "secret", "help"), rows) if rows else ""


def default_of(field: FieldInfo) -> object:
    """A default that may be shown."""
    hidden = field.default is PydanticUndefined or isinstance(field.default, SecretStr)
    return None if hidden else field.default


def kinds_of(body: BodyKind) -> str:
    """`form or json`."""
    return " or ".join(sorted((kind.name or "").lower() for kind in body))


def webhook_of(connector: Connector) -> str:
    """What it reads, by the elements its samples are known to mean."""
    webhook = connector.webhook
    if webhook is None:
        return "It sends none."
    signed = "is checked" if webhook.verify else "does not exist: the key in the address proves who"
    elements = sample_elements(connector.name)
    entered = "by `uzel connection register`" if connector.register else "by hand"
    types = sorted({str(e["type"]) for e in elements})
    reasons = sorted({str(e["reason"]) for e in elements if e.get("reason")})
    return (
        f"`POST /api/webhook/{connector.name}`, {kinds_of(webhook.body)}; answered with "
        f"`{webhook.answer.decode()}`. A signature {signed}. Its address is entered {entered}.\n\n"
        f"Events in its samples: {', '.join(map(code, types))}.\n\n"
        f"Reasons in its samples: {', '.join(map(code, reasons))}."
    )


def sample_elements(name: str) -> list[Mapping[str, object]]:
    """The elements beside a connector's samples."""
    folder = files("uzel.connectors") / name / "samples"
    if not folder.is_dir():
        return []
    texts = [path.read_text("utf-8") for path in folder.iterdir() if path.name.endswith(".json")]
    return [element for text in texts for element in json.loads(text)]


def operations_of(connector: Connector) -> str:
    """The table of what may be asked of the provider."""
    rows = [
        (
            code(operation.name) + (" (the *test* button)" if connector.test == name else ""),
            ", ".join(map(code, operation.arguments)),
            yes(operation.repeatable),
            yes(operation.look_up is not None),
            f"{operation.checked}, {operation.checked_on}",
        )
        for name, operation in connector.operations.items()
    ]
    return table(("operation", "arguments", "may be repeated", "can be looked up", "checked"), rows)
