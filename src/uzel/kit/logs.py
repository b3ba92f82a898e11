"""Structured logs, one JSON object a line, with secrets and personal data taken out.

Every line carries the request id of the webhook it belongs to (`uzel.kit.logs.request_id`), from
the hook to the call at the provider.
"""

import contextvars
import logging
import re
import sys
import traceback
from datetime import UTC, datetime

import orjson

from uzel.kit.card_numbers import cut, masked
from uzel.kit.credentials import is_credential

request_id: contextvars.ContextVar[str | None] = contextvars.ContextVar("request_id", default=None)

SECRET_NAMES = frozenset(
    {
        *("key", "api_key", "apikey", "api_id", "x-api-key", "master_key", "hash", "signature"),
        *("token", "access_token", "refresh_token", "secret", "client_secret", "password"),
        *("authorization", "cookie", "set-cookie", "dsn"),
    }
)
HIDDEN = "•••"
BIGGEST = 2**63 - 1  # what orjson writes
# `api_id=…`, `"token": "…"`, `'password': '…'`, `UZEL_MASTER_KEY=…`, `Authorization: Basic …`
_NAME = r"(?i)(?<![a-z0-9])(" + "|".join(sorted(SECRET_NAMES, key=len, reverse=True)) + ")"
_SECRET_NAME = re.compile(_NAME + r"\Z")
# `another master key: set UZEL_MASTER_KEY to …`: the name of a variable of ours is advice and no
# value; in `key: set UZEL_MASTER_KEY=…` the value follows in a pair of its own.
_ADVICE = r"(?!(?:set\s+)?(?-i:UZEL_[A-Z_]+)(?![^\s.,;:=)]))"
_PAIR = re.compile(
    _NAME
    + r"([\"']?\s*[=:]\s*)"
    + _ADVICE
    + r"(?:\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?|(?:(?:bearer|basic|token)\s+)?[^\s\"'&,;}]+)"
)
_PHONE = re.compile(r"(?<![\w-])(?:\+?\d{10,15}|\+\d[\d ()-]{8,17}\d)(?![\w-])")
_DSN_PASSWORD = re.compile(r"(://[^/\s:@]*:)\S*@")
# Bots of Telegram have their token in the path of each address.
_BOT_TOKEN = re.compile(r"(?<=/bot)[0-9]+:[A-Za-z0-9_-]+")
# Below an error of PostgreSQL: `DETAIL:  Failing row contains (…)`, over as many lines as the row.
_DETAIL = re.compile(
    r"^(DETAIL:\s+).*?(?=^HINT:|^\s*\Z|^\n(?:During handling|The above)|\Z)",
    re.MULTILINE | re.DOTALL,
)
# Longer ones are cut: looking through them takes its time, and nobody reads them.
LONGEST_TEXT = 20_000
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


def redact_text(text: str) -> str:
    """Free text without the values of secret-looking pairs, with numbers of cards and phones
    masked; half a surrogate pair, which no stream takes, becomes its escape.
    """
    text = text.encode(errors="backslashreplace").decode()
    text = _PAIR.sub(lambda match: f"{match[1]}{match[2]}{HIDDEN}", text)
    text = _BOT_TOKEN.sub(HIDDEN, text)
    text = _DSN_PASSWORD.sub(rf"\1{HIDDEN}@", text)
    text = masked(cut(text, LONGEST_TEXT))[0]
    return _PHONE.sub(lambda match: match[0][:5] + HIDDEN + match[0][-2:], text)


def traced(record: logging.LogRecord) -> str:
    """The traceback of a record, without the rows and keys that the database puts below an error:
    they are what somebody asked for, in plain.
    """
    assert record.exc_info
    text = "".join(traceback.format_exception(*record.exc_info))
    return redact_text(_DETAIL.sub(rf"\1{HIDDEN}", text))


def redact(value: object, name: str = "") -> object:
    """The same for structured values, by field name."""
    if value is not None and (_SECRET_NAME.search(name) or is_credential(name)):
        return HIDDEN
    if isinstance(value, dict):
        return {str(key): redact(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact(item) for item in value]
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, int | float | bool) or value is None:
        return value if not isinstance(value, int) or -BIGGEST <= value <= BIGGEST else str(value)
    return redact_text(str(value))


class JsonFormatter(logging.Formatter):
    """`{"at", "level", "part", "event", "request_id"?, …extra, "error"?}`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "part": record.name,
            "event": redact_text(record.getMessage()),
        }
        if (current := request_id.get()) is not None:
            line["request_id"] = current
        for name, value in record.__dict__.items():
            if name not in _STANDARD:
                line[name] = redact(value, name)
        if record.exc_info:
            line["error"] = traced(record)
        return orjson.dumps(line, default=str).decode()


class TextFormatter(logging.Formatter):
    """For a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        extra = " ".join(
            f"{name}={redact(value, name)}"
            for name, value in record.__dict__.items()
            if name not in _STANDARD
        )
        at = datetime.fromtimestamp(record.created).strftime("%H:%M:%S")
        line = f"{at} {record.name:<18} {redact_text(record.getMessage())} {extra}".rstrip()
        if record.exc_info:
            line += "\n" + traced(record)
        return line


def set_up_logs(log_format: str = "json", level: str = "info") -> None:
    """Send everything to standard error in the chosen format (`json` or `text`) from `level` on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(TextFormatter() if log_format == "text" else JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("httpx2", "httpcore2", "uvicorn.error", "uvicorn.access", "pgqueuer", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def without_text(error: Exception) -> Exception:
    """The same place in our code, without the words of the error: what stands in a request must not
    get into the log by it.
    """
    return RuntimeError(type(error).__name__).with_traceback(error.__traceback__)
