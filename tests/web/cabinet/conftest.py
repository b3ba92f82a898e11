"""One installation for all tests of a file: each makes partners of its own."""

from collections.abc import Iterator

import pytest

from partner_client import partner_web
from running_web import WebApp


@pytest.fixture(scope="module")
def app(shared_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebApp]:
    with partner_web(shared_dsn, tmp_path_factory.mktemp("cabinet")) as running:
        yield running
