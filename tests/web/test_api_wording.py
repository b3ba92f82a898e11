"""What is wrong with a request is said in words."""

from collections.abc import Iterator
from typing import Any, cast

import pytest

from uzel.web.api.app import create_api
from uzel.web.api.openapi import describe
from uzel.web.api.wording import PATTERNS
from uzel.web.deps import Deps


def patterns(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("pattern"), str):
            yield value["pattern"]
        for part in value.values():
            yield from patterns(part)
    elif isinstance(value, list):
        for part in value:
            yield from patterns(part)


def test_every_form_of_what_is_sent_has_words() -> None:
    described = describe(create_api(cast(Deps, None)))
    assert set(patterns(described)) - set(PATTERNS) <= {"^[0-9]+$"}  # a header of ours


@pytest.mark.parametrize("pattern", sorted(PATTERNS))
def test_words_are_no_regular_expression(pattern: str) -> None:
    assert not any(sign in PATTERNS[pattern] for sign in "^$[]{}\\")
