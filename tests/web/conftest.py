"""A running web server with sample data, for everything under `tests/web`.

`web_app`     a server and a database of the test's own: it may change what it likes
`shared_web`  one for all tests of a file: for those that leave it as they found it

See `running_web.WebApp`; names, keys and tokens of the sample stand in `sample_data`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from running_web import WebApp, running_web


@pytest.fixture
def web_app(sample_dsn: str, tmp_path: Path) -> Iterator[WebApp]:
    """The server over a fresh copy of the sample data."""
    with running_web(sample_dsn, tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def shared_web(
    shared_sample_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WebApp]:
    """The server over a copy of the sample data that nobody changes."""
    with running_web(shared_sample_dsn, tmp_path_factory.mktemp("shared")) as running:
        yield running
