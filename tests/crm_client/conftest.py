"""Fixtures of the parts, with a CRM."""

from collections.abc import Iterator

import pytest

from parts import Sandbox, module_dsn, sandbox, sandbox_server
from registry_room import Program
from uzel.connectors.vtiger import examples
from uzel.crm.users import NewUser
from vtiger_room import vtiger_behind

__all__ = ["module_dsn", "sandbox", "sandbox_server"]


@pytest.fixture(scope="module")
def program(
    shared_dsn: str, sandbox_server: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Program]:
    """Somebody else who speaks to the CRM."""
    with vtiger_behind(sandbox_server.url, shared_dsn, tmp_path_factory.mktemp("crm")) as app:
        user = NewUser(examples.USER, examples.LOGIN, examples.ACCESS_KEY)
        yield Program(app, user, examples.SESSION)
