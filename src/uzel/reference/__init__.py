"""`uzel reference`: the reference pages under `docs/reference`, made from the code they describe.

A page is a function of the code alone. What lies in higher layers (the command line, the words of
the console, the answers of the web part) is handed in as `Above`.
"""

import argparse
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from uzel.connectors import connectors
from uzel.errors import ConfigError
from uzel.events.door import Reply
from uzel.reference.api_page import api_page
from uzel.reference.commands_page import commands_page
from uzel.reference.connectors_page import connectors_page
from uzel.reference.outcome_pages import Reason, calls_page, http_page, reasons_page
from uzel.reference.settings_page import settings_page

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "reference"
FIX = "run `uzel reference` and commit what it changed"
HEAD = "<!-- Made by `uzel reference` from the code. Do not edit. -->"


@dataclasses.dataclass(frozen=True, slots=True)
class Above:
    """What the pages need from layers above this one. `api` is its OpenAPI description."""

    parser: argparse.ArgumentParser
    reasons: Sequence[Reason]
    of_connectors: Mapping[str, str]
    refusals: Sequence[Reply]
    api: Mapping[str, Any]


def run(above: Above, *, check: bool, folder: Path = FOLDER) -> int:
    """Write the pages, or with `check` only compare. Raises ConfigError: stale, or no checkout."""
    if not folder.is_dir():
        raise ConfigError(f"{folder} is not there: the pages are made in a checkout of the source")
    wanted = pages(above)
    found = {path.name: path.read_text("utf-8") for path in folder.glob("*.md")}
    stale = sorted(name for name in {*wanted, *found} if wanted.get(name) != found.get(name))
    if check and stale:
        raise ConfigError(f"stale in docs/reference: {', '.join(stale)}; {FIX}")
    for name in stale:
        if name in wanted:
            (folder / name).write_text(wanted[name], "utf-8")
        else:
            (folder / name).unlink()
    return 0


def pages(above: Above) -> dict[str, str]:
    """File name → text."""
    made = {
        "settings.md": settings_page(),
        "commands.md": commands_page(above.parser),
        "connectors.md": connectors_page(connectors().values()),
        "reasons.md": reasons_page(above.reasons, above.of_connectors),
        "calls.md": calls_page(),
        "http.md": http_page(above.refusals),
        "api.md": api_page(above.api),
    }
    return {name: f"{HEAD}\n\n{text.strip()}\n" for name, text in made.items()}
