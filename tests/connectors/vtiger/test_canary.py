"""A key and a session nobody else has, through every way an operation can end: they come out
nowhere.
"""

import logging
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from uzel.connectors.vtiger.examples import EXAMPLES
from uzel.connectors.vtiger.sign_in import log_in
from uzel.errors import UzelError

KEY, SESSION = "canaryAccessKey4f1b", "canary0session9d2c"
ECHOES: list[tuple[int, bytes]] = [
    (status, body % tuple([SESSION.encode(), KEY.encode()] * (body.count(b"%s") // 2)))
    for status in (200, 302, 400, 401, 403, 404, 429, 500)
    for body in (
        b'{"success":false,"error":{"code":"ACCESS_DENIED","message":"%s %s"}}',
        b'{"success":false,"error":{"code":"INVALID_SESSIONID","message":"%s%s"}}',
        b'{"success":false,"error":{"code":"%s","message":"%s"}}',
        b'{"success":false,"error":{"message":"%s %s"}}',
        b"<html>%s %s</html>",
        b'{"success":tr%s%s',
    )
]


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.INFO, "uzel"):
        yield caplog


def hanging(error: BaseException | None) -> Iterator[str]:
    """Everything that hangs on an error and the errors behind it."""
    while error is not None:
        yield from (repr(error), str(error), repr(error.args), repr(vars(error)))
        error = error.__cause__ or error.__context__


def shown(crm: Any, operation: str) -> list[str]:
    """All that comes out of one call."""
    try:
        answer = crm.run(operation, **EXAMPLES[operation])
    except UzelError as error:
        return [*traceback.format_exception(error), *hanging(error)]
    return [repr(answer)]


@pytest.mark.parametrize("echo", ECHOES, ids=lambda echo: f"{echo[0]}-{echo[1][:40]!r}")
@pytest.mark.parametrize("operation", ["listtypes", "create_contact", "capture", "query"])
def test_whatever_they_answer(
    client: Any,
    provider: Any,
    logged: pytest.LogCaptureFixture,
    echo: tuple[int, bytes],
    operation: str,
) -> None:
    status, body = echo
    provider.says(body, status, location=f"https://e.com/?error={SESSION} {KEY}")
    canary = client.with_(access_key=SecretStr(KEY), session=SecretStr(f"19x1:{SESSION}"))
    text = "".join([*shown(canary, operation), logged.text])
    assert KEY not in text
    assert SESSION not in text


@pytest.mark.parametrize("echo", ECHOES[:12], ids=lambda echo: f"{echo[0]}-{echo[1][:40]!r}")
def test_signing_in(client: Any, provider: Any, echo: tuple[int, bytes]) -> None:
    provider.gives({"token": "abc"})
    provider.says(echo[1], echo[0])
    canary = client.with_(access_key=SecretStr(KEY))
    with pytest.raises(UzelError) as caught:
        canary.caller(canary.config, log_in)
    assert KEY not in "".join([*traceback.format_exception(caught.value), *hanging(caught.value)])
