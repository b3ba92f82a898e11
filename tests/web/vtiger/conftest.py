"""One installation for all tests of a file; each test has a registry of its own."""

from collections.abc import Iterator

import pytest

from registry_room import Program, new_program
from running_web import WebApp, running_web


@pytest.fixture(scope="module")
def app(shared_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebApp]:
    with running_web(shared_dsn, tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture
def program(app: WebApp) -> Program:
    return new_program(app).log_in()


@pytest.fixture
def strict(app: WebApp) -> Program:
    return new_program(app, strict=True).log_in()
