"""Names of an operation's parameters and of the fields that they are kept in."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from uzel.crm import refusal
from uzel.crm.draft import Draft, read_all
from uzel.crm.field import Module
from uzel.crm.refusal import Refused


def demand(given: Mapping[str, str], names: Iterable[str]) -> None:
    """Raises Refused, by the name of the first parameter that is empty."""
    for name in names:
        if not given.get(name, "").strip():
            raise refusal.missing(name)


def draft_of(module: Module, given: Mapping[str, str], names: Mapping[str, str]) -> Draft:
    """What was given, by parameter (`names`: parameter → field). What is empty says nothing: it
    empties no field. Raises Refused.
    """
    meant = {field: given[name] for name, field in names.items() if given.get(name, "").strip()}
    draft = read_all(module, meant)
    # What could not be read is no reason to forget what is known.
    content = {name: text for name, text in draft.content.items() if text}
    return replace(draft, content=content)


@contextlib.contextmanager
def in_parameters(names: Mapping[str, str]) -> Iterator[None]:
    """What is refused by the name of a field is refused by that of its parameter."""
    try:
        yield
    except Refused as refused:
        field, colon, rest = refused.message.partition(":")
        for name, meant in names.items():
            if meant == field:
                raise Refused(refused.code, f"{name}{colon}{rest}") from None
        raise
