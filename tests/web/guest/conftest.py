"""A server whose guests each have a place and a request of their own, so that all tests of a file
can share it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from running_web import WebApp, running_web
from uzel.connections import manage

EMAIL = {"api_key": "re_test", "sender": "Кофейня <hello@cafe.example>"}


@pytest.fixture(scope="module")
def web(shared_sample_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebApp]:
    """The server, with a connection for e-mail beside the one for text messages."""
    folder: Path = tmp_path_factory.mktemp("guests")
    with running_web(shared_sample_dsn, folder) as running:
        running.run(lambda: add_email(running))
        yield running


async def add_email(web: WebApp) -> None:
    async with web.deps.pool.acquire() as connection, connection.transaction():
        await manage.add(connection, web.deps.ring, "resend", "mail", EMAIL)
    await web.deps.registry.refresh()
