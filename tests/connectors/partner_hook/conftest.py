"""The sandbox's receivers, and one that answers whatever a test wants."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx2
import pytest

from miniatures import Caller, sandbox, session_caller
from uzel.connector import Answer
from uzel.connectors.partner_hook import DELIVER
from uzel.connectors.partner_hook.config import PartnerHookConfig
from uzel.connectors.partner_hook.miniature import SECRET

__all__ = ["sandbox", "session_caller"]

Deliver = Callable[..., Answer]


@pytest.fixture
def control(sandbox: str) -> Iterator[httpx2.Client]:
    """The sandbox's doors, with everything as in the beginning."""
    with httpx2.Client(base_url=sandbox, trust_env=False) as http:
        http.delete("/partner_hook/_receivers").raise_for_status()
        http.delete("/_faults").raise_for_status()
        yield http


@pytest.fixture
def deliver(session_caller: Caller) -> Deliver:
    """deliver(base_url, arguments, **settings)"""

    def once(base_url: str, arguments: Mapping[str, Any], **settings: Any) -> Answer:
        config = PartnerHookConfig.model_validate(
            {"base_url": base_url, "secret": SECRET, **settings}
        )
        return session_caller.run(DELIVER, config, arguments)

    return once
