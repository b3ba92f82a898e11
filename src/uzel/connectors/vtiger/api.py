"""One request to a vtiger and what its answer means.

Source: konsol-and-vtiger, B1 to B4. One address for all operations; parameters in the query or in
the form, as the operation has it; an envelope with HTTP 200 whether done or refused. What throws
outside of the envelope's reach is HTTP 500 with an empty body, or a page, or a warning of PHP in
front of the envelope.

Many read `operation` in a form only, some in the query only; some read `sessionName`, some
`sessionId`. All get all of it.
"""

import json as codec
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

import httpx2

from uzel.connectors.vtiger.config import VtigerConfig
from uzel.errors import (
    AuthFailed,
    CallFailed,
    ContractBroken,
    OutcomeUnknown,
    Rejected,
    Unavailable,
)
from uzel.kit.body import storable
from uzel.kit.http import ask, is_page

Arguments = Mapping[str, Any]

SCRIPT = "/webservice.php"
# A session that is over, by all the names this has.
SESSION_OVER = frozenset(
    {"INVALID_SESSIONID", "SESSION_EXPIRED", "SESSION_LEFT_IDLE", "AUTHENTICATION_REQUIRED"}
)
# A handler threw: before it did anything, or after.
HANDLER_FAILED = "INTERNAL_SERVER_ERROR"
CODE = re.compile(r"[A-Z][A-Z_]{1,60}")
ENVELOPE = b'{"success":'
HIDDEN = "…"
LONGEST_SAID, SHORTEST_PRIVATE = 200, 4
LONG_NUMBER = re.compile(r"\d(?:[^\w,;:]{0,2}\d){5,}")


async def read(http: httpx2.AsyncClient, config: VtigerConfig, operation: str, **given: str) -> Any:
    """The result of an operation that takes its parameters from the query. Raises CallFailed."""
    query = urlencode({"operation": operation, **session_of(config), **given})
    response = await ask(
        http, "GET", f"{SCRIPT}?{query}", effect=False, answer_within_s=config.timeout_s
    )
    return result_of(response, private_in(config, given.values()), effect=False)


async def write(
    http: httpx2.AsyncClient,
    config: VtigerConfig,
    operation: str,
    given: Mapping[str, str],
    *,
    effect: bool = True,
) -> Any:
    """The result of an operation that takes its parameters from a form. Raises CallFailed."""
    form = {"operation": operation, **session_of(config), **given}
    response = await ask(
        http,
        "POST",
        f"{SCRIPT}?{urlencode({'operation': operation})}",
        effect=effect,
        form=form,
        answer_within_s=config.timeout_s,
    )
    return result_of(response, private_in(config, given.values()), effect=effect)


def session_of(config: VtigerConfig) -> dict[str, str]:
    """The session, under both names that servers read it by. Raises AuthFailed."""
    if config.session is None:
        raise AuthFailed("vtiger: сессия не открыта", code="AUTHENTICATION_REQUIRED")
    _, _, name = config.session.get_secret_value().partition(":")
    return {"sessionName": name, "sessionId": name}


def user_of(config: VtigerConfig) -> str:
    """Whose session it is: `19x5`; empty where the server did not say."""
    return config.session.get_secret_value().partition(":")[0] if config.session else ""


def private_in(config: VtigerConfig, values: Iterable[str]) -> list[str]:
    """What their words must not bring back: the keys to the account, and all that was sent."""
    secrets = [config.access_key, *([config.session] if config.session else [])]
    plain = [part for one in secrets for part in one.get_secret_value().split(":")]
    return [*plain, *values]


def result_of(response: httpx2.Response, private: Iterable[str], *, effect: bool) -> Any:
    """What stands in the envelope of a 2xx answer. Raises the CallFailed that a refusal means, or
    that there is no envelope.
    """
    envelope = envelope_in(response, effect=effect)
    if envelope.get("success") is True:
        return envelope.get("result")
    error = envelope.get("error")
    code, message = (
        (error.get("code"), error.get("message")) if isinstance(error, dict) else ("",) * 2
    )
    if not isinstance(code, str) or not CODE.fullmatch(code):
        broken = OutcomeUnknown if effect else ContractBroken
        raise broken("vtiger: ни результата, ни ошибки в ответе")
    raise failure(code, said(message, private), effect=effect)


def failure(code: str, words: str, *, effect: bool) -> CallFailed:
    """What a refusal by this code means."""
    detail = f"vtiger: {code}" + (f": «{words}»" if words else "")
    if code in SESSION_OVER:
        return AuthFailed(detail, code=code)
    if code == HANDLER_FAILED and effect:
        return OutcomeUnknown(detail, code=code)
    return Rejected(detail, code=code)


def envelope_in(response: httpx2.Response, *, effect: bool) -> dict[str, Any]:
    """The envelope, whatever the answer calls itself and whatever PHP put in front of it."""
    content = response.content
    start = content.find(ENVELOPE)
    if start < 0 and not effect and (is_page(response) or not content.strip()):
        raise Unavailable("vtiger: вместо ответа пусто или страница для людей")
    try:
        found = codec.loads(
            content[max(start, 0) :],
            parse_float=str,
            parse_int=whole,
            parse_constant=lambda _: None,
        )
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        broken = OutcomeUnknown if effect else ContractBroken
        raise broken("vtiger: ответ не читается")
    return found


def whole(text: str) -> int | str:
    """A number of 64 bits; longer ones are somebody's text."""
    return int(text) if len(text) < 19 else text


def said(message: Any, private: Iterable[str]) -> str:
    """Their words as an operator may see them: one line without what was sent, without keys and
    without long numbers.
    """
    if not isinstance(message, str):
        return ""
    text = one_line(message)
    hidden = {it for value in private if len(it := one_line(value)) >= SHORTEST_PRIVATE}
    for value in sorted(hidden, key=len, reverse=True):
        text = text.replace(value, HIDDEN)
    return LONG_NUMBER.sub(HIDDEN, text)[:LONGEST_SAID].rstrip()


def one_line(text: str) -> str:
    """Without what cannot be shown."""
    return " ".join(storable(text).split())
