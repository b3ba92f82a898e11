"""A console to read from, shared by a module, and one to change, for a single test."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from console_visitor import Visitor, copy_of
from running_web import WebApp, running_web

_numbers = itertools.count()


@pytest.fixture(scope="module")
def console(
    server_dsn: str, sample_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WebApp]:
    """A server over sample data, for tests that change nothing."""
    name = f"uzel_console_{os.getpid()}_{next(_numbers)}"
    folder: Path = tmp_path_factory.mktemp("console")
    with copy_of(server_dsn, sample_template, name) as dsn, running_web(dsn, folder) as running:
        yield running


@pytest.fixture(scope="module")
def reader(console: WebApp) -> Visitor:
    """An administrator who only reads."""
    return Visitor(console.url).sign_in()


@pytest.fixture
def visitor(web_app: WebApp) -> Visitor:
    """An administrator at a console of the test's own."""
    return Visitor(web_app.url).sign_in()
