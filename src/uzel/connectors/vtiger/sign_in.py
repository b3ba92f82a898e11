"""A session: a challenge, and the answer to it. Source: konsol-and-vtiger, B3.

A server keeps one challenge for an account, so whoever asks for one takes away that of another
program which has not answered yet. Among our own processes one signs in at a time; other programs
may be in between, and then it is done a second time.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from uzel.connectors.vtiger.api import SCRIPT, private_in, result_of
from uzel.connectors.vtiger.config import VtigerConfig
from uzel.errors import AuthFailed, ContractBroken, Rejected, Unavailable
from uzel.kit.http import ask
from uzel.model.access import SignIn, Tokens

# Sites of this protocol are told that a session lives for 15 minutes; no call of ours is longer
# than one of them.
GOOD_FOR = timedelta(minutes=14)
# Said of a challenge that another program took away, and of a wrong key.
TAKEN_AWAY = ("INVALID_AUTH_TOKEN", "INVALID_USER_CREDENTIALS")
LONGEST_NAME = 200


async def log_in(http: httpx2.AsyncClient, config: VtigerConfig) -> Tokens:
    """A new session: `<user id>:<session name>`, good for 14 minutes. Two requests, at most four.
    Raises AuthFailed where login or key are not theirs; Unavailable where others sign in all the
    time; every other CallFailed but OutcomeUnknown.
    """
    asked_at = datetime.now(UTC)
    try:
        result = await answered(http, config)
    except Rejected as first:
        if first.code not in TAKEN_AWAY:
            raise refused(first) from first
        try:
            result = await answered(http, config)
        except Rejected as second:
            raise refused(second) from second
    return Tokens(session_in(result), "", asked_at + GOOD_FOR)


async def answered(http: httpx2.AsyncClient, config: VtigerConfig) -> Any:
    """What a challenge, answered, is answered with. Nothing of it needs to be found again where
    it is lost.
    """
    challenge = await result(http, config, "GET", operation="getchallenge", username=config.login)
    token = challenge.get("token") if isinstance(challenge, dict) else None
    if not isinstance(token, str) or not 0 < len(token) <= LONGEST_NAME:
        raise ContractBroken("vtiger: в ответе на getchallenge нет token")
    key = config.access_key.get_secret_value()
    digest = hashlib.md5(f"{token}{key}".encode(), usedforsecurity=False).hexdigest()
    return await result(
        http, config, "POST", operation="login", username=config.login, accessKey=digest
    )


async def result(http: httpx2.AsyncClient, config: VtigerConfig, method: str, **given: str) -> Any:
    """One request without a session."""
    by_query = {"operation": given["operation"]} if method == "POST" else given
    response = await ask(
        http,
        method,
        f"{SCRIPT}?{httpx2.QueryParams(by_query)}",
        effect=False,
        form=given if method == "POST" else None,
        answer_within_s=config.timeout_s,
    )
    return result_of(response, private_in(config, given.values()), effect=False)


def session_in(content: Any) -> str:
    """Servers give it as `sessionName`; some as `sessionId`, or as both."""
    found = content if isinstance(content, dict) else {}
    name = found.get("sessionName") or found.get("sessionId")
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or not name.isascii():
        raise ContractBroken("vtiger: в ответе на login нет сессии")
    user = found.get("userId")
    return f"{user if isinstance(user, str) and ':' not in user else ''}:{name}"


def refused(error: Rejected) -> AuthFailed | Unavailable:
    """Why there is no session."""
    if error.code == TAKEN_AWAY[0]:
        return Unavailable(
            "vtiger: под этим логином всё время входит другая программа; заведите Узлу свой",
            code=error.code,
        )
    if error.http_status is not None:
        return AuthFailed(f"vtiger: по этому адресу нет {SCRIPT[1:]} ({error.detail})")
    return AuthFailed(f"vtiger: логин или ключ доступа не подходят ({error.code})", code=error.code)


SIGN_IN = SignIn(grant="session", log_in=log_in)
