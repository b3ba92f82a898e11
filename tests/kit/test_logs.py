"""Log lines: one JSON object each, whatever is logged, and nothing secret in them."""

import io
import logging
from collections.abc import Callable, Iterator

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr

from uzel.kit import logs
from uzel.kit.logs import JsonFormatter, TextFormatter, redact_text

CANARY = "canary-8c1f0d77"
SHAPES = (
    "key={}",
    "https://hub.example/api/webhook/iiko?key={}&x=1",
    "GET /sms/send?to=1&api_id={}&json=1",
    '{{"api_id": "{}"}}',
    "{{'api_id': '{}'}}",
    '{{"password":"{} with spaces and \\"quotes\\""}}',
    "Authorization: Bearer {}",
    "Authorization: {}",
    "authorization=Basic {}",
    "x-api-key: {}",
    "SMSRU_API_KEY={}",
    "UZEL_MASTER_KEY='{}'",
    "another master key: set UZEL_MASTER_KEY={}",
    "key: UZEL_MASTER_KEY: {}",
    "key: UZEL_{}",
    "refresh_token : {}",
    "client_secret={};path=/",
    "Cookie: {}",
    "postgresql://uzel:{}@db.example/uzel",
    "postgresql://uzel:a@b/{}@db.example/uzel",
    "postgresql://:{}@db.example/uzel",
)


@pytest.fixture(params=[JsonFormatter, TextFormatter])
def logged(request: pytest.FixtureRequest) -> Iterator[Callable[..., str]]:
    """logged(message, *arguments, **extra): the line as it is written; a logging error raises."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(request.param())
    handler.handleError = lambda record: (_ for _ in ()).throw(AssertionError("not logged"))  # type: ignore[method-assign]
    logger = logging.getLogger("uzel.test.logs")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel("INFO")

    def log(
        message: str, *arguments: object, error: BaseException | None = None, **extra: object
    ) -> str:
        logger.error(message, *arguments, extra=extra, exc_info=error)
        return stream.getvalue()

    yield log
    logger.handlers, logger.propagate = [], True


@pytest.mark.parametrize("shape", SHAPES)
def test_a_secret_in_a_message_is_taken_out(logged: Callable[..., str], shape: str) -> None:
    line = logged("asked: %s", shape.format(CANARY))
    assert CANARY not in line and "with spaces" not in line
    assert "asked" in line


@pytest.mark.parametrize("shape", SHAPES)
def test_a_secret_in_an_exception_is_taken_out(logged: Callable[..., str], shape: str) -> None:
    try:
        raise ValueError(shape.format(CANARY))
    except ValueError as error:
        line = logged("failed", error=error)
    assert CANARY not in line and "ValueError" in line


@pytest.mark.parametrize("name", ["token", "api_id", "webhook_key", "X-Api-Key", "UZEL_MASTER_KEY"])
def test_a_field_with_a_secret_name_is_hidden_at_any_depth(
    logged: Callable[..., str], name: str
) -> None:
    line = logged("saved", settings={"deep": [{name: CANARY}, {name: [CANARY]}]})
    assert CANARY not in line


def test_secret_types_show_nothing(logged: Callable[..., str]) -> None:
    assert CANARY not in logged("%s %r", SecretStr(CANARY), SecretStr(CANARY), it=SecretStr(CANARY))


@pytest.mark.parametrize("phone", ["+79991234567", "79991234567", "+7 (999) 123-45-67"])
def test_a_phone_is_masked(logged: Callable[..., str], phone: str) -> None:
    line = logged("sent to %s", phone, about=f"guest {phone}")
    assert phone not in line and "1234567" not in line and "123-45" not in line


ADVICE = (
    "connection 2 cannot be used: a stored secret was sealed with another master key: set "
    "UZEL_MASTER_KEY to the key in use when it was saved (several: separated by commas)",
    "the master key: UZEL_MASTER_KEY, or a file",
    "no key: UZEL_MASTER_KEY is not set.",
)


@pytest.mark.parametrize("text", ADVICE)
def test_the_name_of_a_variable_to_set_can_be_read(logged: Callable[..., str], text: str) -> None:
    assert redact_text(text) == text
    assert text in logged("%s", text)


@pytest.mark.parametrize(
    "text", ["monkey=banana", "raw-1234567890123", "2026-11-20 09:15:02", "attempt 3 of 12"]
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact_text(text) == text


@given(
    st.text(st.characters(codec=None), max_size=40),
    st.recursive(
        st.one_of(st.text(st.characters(codec=None), max_size=9), st.integers(), st.binary()),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=5,
    ),
)
@example("half a pair \ud83d", 2**70)
def test_whatever_is_logged_becomes_one_line(message: str, value: object) -> None:
    record = logging.makeLogRecord(
        {"name": "uzel.test", "msg": "%s", "args": (message,), "value": value}
    )
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert set(orjson.loads(line)) >= {"at", "level", "part", "event", "value"}
    TextFormatter().format(record).encode()


def test_the_request_id_is_in_every_line_of_its_task() -> None:
    token = logs.request_id.set("raw-17")
    try:
        line = orjson.loads(JsonFormatter().format(logging.makeLogRecord({"msg": "sent"})))
    finally:
        logs.request_id.reset(token)
    assert line["request_id"] == "raw-17"


@pytest.mark.parametrize("folder", ["", "/file"])
def test_the_token_of_a_bot_in_an_address_is_taken_out(folder: str) -> None:
    address = f"https://api.telegram.org{folder}/bot110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PA-_/getMe"
    line = f'HTTP Request: POST {address} "HTTP/1.1 200 OK"'
    assert redact_text(line) == (
        f'HTTP Request: POST https://api.telegram.org{folder}/bot•••/getMe "HTTP/1.1 200 OK"'
    )
