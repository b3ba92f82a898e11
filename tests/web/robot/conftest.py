"""One installation for all tests of a file: each makes partners of its own."""

from collections.abc import Iterator

import pytest

from partner_client import Client, add_client, partner_web
from running_web import WebApp


@pytest.fixture(scope="module")
def app(shared_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebApp]:
    with partner_web(shared_dsn, tmp_path_factory.mktemp("robots")) as running:
        yield running


@pytest.fixture
def partner(app: WebApp) -> Client:
    """A partner with 1000.50 RUB whose payments are debited at once, as partners have known it."""
    return add_client(app, "1000.5", debit="at_once")
