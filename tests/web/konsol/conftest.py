"""One installation and one sandbox for all tests of a file: each has a company of its own."""

from collections.abc import Iterator

import pytest

from payout_client import Company, add_company, payout_web
from running_web import WebApp


@pytest.fixture(scope="module")
def web(shared_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[WebApp, str]]:
    with payout_web(shared_dsn, tmp_path_factory.mktemp("konsol")) as running:
        yield running


@pytest.fixture
def company(web: tuple[WebApp, str]) -> Company:
    return add_company(*web)
