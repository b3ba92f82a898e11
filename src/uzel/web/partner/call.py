"""One request that was let in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from uzel.partners.access import Caller
from uzel.web.partner.carriers import Given
from uzel.web.partner.parts import PartnerParts
from uzel.web.partner.reply import Reply


@dataclass(frozen=True, slots=True)
class Call:
    """What was given, by whom, and what to work with."""

    given: Given
    caller: Caller
    parts: PartnerParts


@dataclass(frozen=True, slots=True)
class Action:
    """What an action does.

    scope         that a token needs
    unauthorized  what a wrong token is told
    before        looks at a request before anybody asks for its token; raises reply.Refusal
    """

    run: Callable[[Call], Awaitable[Reply]]
    scope: str
    unauthorized: str = "Unauthorized: Invalid API token."
    before: Callable[[Given], None] | None = None
