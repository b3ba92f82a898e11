"""What the refusals of Graph mean, by their code, their status and their headers."""

import json
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from uzel.connector import Answer
from uzel.connectors.meta.config import MetaConfig
from uzel.connectors.meta.sandbox import EXAMPLES
from uzel.errors import (
    AuthFailed,
    CallFailed,
    ConfigError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)

Run = Callable[[MetaConfig, str, Mapping[str, Any]], Answer]
Answering = Callable[..., MetaConfig]
Asked = list[tuple[str, str, Mapping[str, str], Any]]

TEXT = {"phone": "+77010000001", "text": "Спасибо!", "reference": "ref-1"}
TEMPLATE = EXAMPLES["send_whatsapp_template"]
SENDS = [("send_whatsapp", TEXT), ("send_whatsapp_template", TEMPLATE)]
ACCEPTED = b'{"messages":[{"id":"wamid.HBgLNzcw"}]}'


def graph_error(code: int, **more: Any) -> bytes:
    error = {"message": f"(#{code}) Error", "type": "OAuthException", "code": code, **more}
    return json.dumps({"error": {**error, "fbtrace_id": "A"}}).encode()


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        (190, 401, AuthFailed),
        (131042, 400, AuthFailed),
        (10, 403, AuthFailed),
        (131047, 400, Rejected),
        (132001, 404, Rejected),
        (131056, 400, RateLimited),
        (131056, 429, RateLimited),
        (80007, 400, RateLimited),
        (131016, 500, Unavailable),
        (131016, 503, Unavailable),
        (2, 500, OutcomeUnknown),
        (131000, 500, OutcomeUnknown),
        (131000, 400, OutcomeUnknown),
        (131999, 400, Rejected),
        (131999, 401, AuthFailed),
        (131999, 403, AuthFailed),
        (131999, 429, RateLimited),
        (131999, 500, OutcomeUnknown),
        (131999, 503, OutcomeUnknown),
    ],
)
@pytest.mark.parametrize(("operation", "arguments"), SENDS)
def test_the_code_decides_and_the_status_only_where_the_code_is_unknown(
    run: Run,
    answering: Answering,
    operation: str,
    arguments: Mapping[str, Any],
    code: int,
    status: int,
    error: type[CallFailed],
) -> None:
    with pytest.raises(CallFailed) as caught:
        run(answering(graph_error(code), status), operation, arguments)
    assert type(caught.value) is error
    assert caught.value.http_status == status


def test_an_account_that_does_not_exist_is_a_matter_of_settings(
    run: Run, config: MetaConfig
) -> None:
    elsewhere = config.model_copy(update={"phone_number_id": "404000000000001"})
    for operation, arguments in [*SENDS, ("phone_number", {})]:
        with pytest.raises(AuthFailed) as caught:
            run(elsewhere, operation, arguments)
        assert caught.value.code == "100"


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, 300),
        ({"retry-after": "90"}, 90),
        ({"x-app-usage": '{"estimated_time_to_regain_access": 2}'}, 120),
        (
            {"x-business-use-case-usage": '{"1":[{"estimated_time_to_regain_access":19}]}'}
            | {"retry-after": "90"},
            19 * 60,
        ),
        ({"x-business-use-case-usage": '{"1":[{"estimated_time_to_regain_access":0}]}'}, 300),
        ({"x-business-use-case-usage": '{"1":[{"estimated_time_to_regain_access":1e9}]}'}, 86_400),
        ({"x-business-use-case-usage": "[[["}, 300),
        ({"x-business-use-case-usage": '{"1":[null,{"a":"b"}],"2":7}'}, 300),
    ],
)
def test_the_headers_say_how_long_to_wait(
    run: Run, answering: Answering, headers: dict[str, str], wait_s: int
) -> None:
    before = datetime.now(UTC)
    with pytest.raises(RateLimited) as caught:
        run(answering(graph_error(80007), 400, headers), "templates", {})
    after = datetime.now(UTC)
    wait = timedelta(seconds=wait_s)
    assert before + wait - timedelta(seconds=1) <= caught.value.retry_at <= after + wait


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error":"no"}', b'{"error":{}}'])
def test_a_refusal_without_a_code_is_read_by_its_status(
    run: Run, answering: Answering, body: bytes
) -> None:
    classes = {400: Rejected, 401: AuthFailed, 429: RateLimited, 502: OutcomeUnknown}
    for status, error in classes.items():
        with pytest.raises(CallFailed) as caught:
            run(answering(body, status), "send_whatsapp", TEXT)
        assert type(caught.value) is error


def test_the_token_is_never_shown(run: Run, answering: Answering) -> None:
    config = answering(graph_error(190, error_data={"details": "token canary-9"}), 401)
    secret = config.access_token.get_secret_value()
    with pytest.raises(AuthFailed) as caught:
        run(config, "phone_number", {})
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert secret not in shown and "canary-9" not in shown


@pytest.mark.parametrize("token", ["ключ", "EAA\nB", "EAA\x7f"])
def test_a_token_that_no_header_can_carry_is_a_matter_of_settings(
    run: Run, answering: Answering, asked: Asked, token: str
) -> None:
    config = answering(ACCEPTED).model_copy(update={"access_token": SecretStr(token)})
    with pytest.raises(ConfigError) as caught:
        run(config, "send_whatsapp", TEXT)
    assert asked == [] and token not in str(caught.value)
