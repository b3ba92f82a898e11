"""What holds for all operations: how many requests each makes, and how it may be repeated."""

from typing import Any

import httpx2
import pytest

from uzel.connectors.amocrm import CONNECTOR
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.connectors.amocrm.sandbox import EXAMPLES, SETTINGS


@pytest.mark.parametrize("name", CONNECTOR.operations)
def test_one_request_does_it(run: Any, sandbox: str, control: httpx2.Client, name: str) -> None:
    config = AmocrmConfig.model_validate({**SETTINGS, "base_url": f"{sandbox}/amocrm"})
    run(config, name, EXAMPLES[name])
    entries = control.get("/_journal?connector=amocrm").json()
    asked = [entry for entry in entries if entry["operation"] != "webhook"]
    assert len(asked) == (2 if name in ("find_guest", "fill_deal") else 1)


def test_whatever_may_not_be_repeated_can_be_looked_up_and_nothing_else() -> None:
    for operation in CONNECTOR.operations.values():
        assert operation.repeatable == (operation.look_up is None)


def test_every_operation_says_how_many_requests_it_makes() -> None:
    for operation in CONNECTOR.operations.values():
        if operation.run.__module__.rpartition(".")[2] not in ("client", "registration"):
            assert "equest" in (operation.run.__doc__ or ""), operation.name
