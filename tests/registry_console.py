"""A registry of the console's business, with people who look after it."""

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console_visitor import Visitor, rows, value
from registry_room import Program, new_program
from running_web import WebApp, running_web
from sample_data import ADMIN, OPERATOR

PHONES = itertools.count(10)


@dataclass
class RegistryConsole:
    """`olga` is an administrator, `ivan` an operator; `program` writes as a site does."""

    web: WebApp
    program: Program
    olga: Visitor
    ivan: Visitor

    def value(self, query: str, *values: Any) -> Any:
        return value(self.web, query, *values)

    def rows(self, query: str, *values: Any) -> list[Any]:
        return rows(self.web, query, *values)

    def add(self, module: str, **fields: str) -> int:
        """The number of a new record."""
        return int(self.program.create(module, **fields)["id"].partition("x")[2])

    def person(self, lastname: str = "Иванова", **fields: str) -> int:
        """The number of a new person, with a phone of their own unless one is given."""
        fields.setdefault("mobile", f"+7999000{next(PHONES):04}")
        return self.add("Contacts", lastname=lastname, **fields)

    def content(self, number: int) -> dict[str, str]:
        found: dict[str, str] = self.value("select content from crm_record where id = $1", number)
        return found

    def version(self, number: int) -> str:
        return str(self.value("select version from crm_record where id = $1", number))


@contextlib.contextmanager
def registry_console(dsn: str, folder: Path) -> Iterator[RegistryConsole]:
    """A server over a copy of the sample data."""
    with running_web(dsn, folder) as web:
        program = new_program(web, business=1).log_in()
        people = (Visitor(web.url).sign_in(*who) for who in (ADMIN, OPERATOR))
        yield RegistryConsole(web, program, *people)
