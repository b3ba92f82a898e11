"""`reference`: gathers what the reference pages need from the layers above them."""

from collections.abc import Iterable
from typing import cast

from uzel import reference
from uzel.cli import build_parser
from uzel.events import door
from uzel.events.door import Reply
from uzel.reference.outcome_pages import Reason
from uzel.web import hooks
from uzel.web.api.app import create_api
from uzel.web.api.openapi import describe
from uzel.web.console.language import language
from uzel.web.console.reasons import REASONS
from uzel.web.console.words import told_by_connectors
from uzel.web.deps import Deps


def run(*, check: bool) -> int:
    """Write or check the pages; returns the exit status. Raises ConfigError."""
    return reference.run(above(), check=check)


def above() -> reference.Above:
    """Commands, the console's words, the door's refusals, the API."""
    # The API is described and serves nobody, so what its handlers work with is not needed.
    described = describe(create_api(cast(Deps, None)))
    return reference.Above(build_parser(), list(reasons()), own_reasons(), refusals(), described)


def reasons() -> Iterable[Reason]:
    """All reason codes in the words of the console."""
    english = language("en")
    for code, reason in REASONS.items():
        yield Reason(code, reason.text, english.one(reason.text))


def own_reasons() -> dict[str, str]:
    """Reasons that connectors' READMEs explain."""
    return {code: said for code, said in told_by_connectors().items() if code not in REASONS}


def refusals() -> list[Reply]:
    """Every answer with which the hooks turn a request away."""
    named = {**vars(door), **vars(hooks)}
    return [value for value in named.values() if isinstance(value, Reply)]
