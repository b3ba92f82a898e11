"""Whatever code the program can produce has words in both languages."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from uzel import errors
from uzel.calls.outcome import RULES, State
from uzel.web.console import states, words
from uzel.web.console.language import LANGUAGES, language
from uzel.web.console.reasons import DETAILS, ERRORS, REASONS

SOURCE = Path(errors.__file__).parent
# Where a reason stands among the arguments: by name, or at a place.
NAMED = {"reason", "note"}
PLACED = {"Decision": 2, "PhoneRejected": 0, "cancel_messages": 2}
READ = ("connectors", "flows", "events", "messages", "model")
# Functions that return a reason, or a pair that begins with one.
TELLING = ("_why", "_called_off", "letter", "unwanted", "forbidden")
# Reasons of the door are counted, not stored with an event: REFUSALS has them.
DOOR = "door.py"
# Errors that never become the class of a call.
NOT_OF_CALLS = {"CallFailed"}


def trees() -> Iterator[tuple[Path, ast.AST]]:
    for folder in READ:
        for path in sorted((SOURCE / folder).rglob("*.py")):
            if path.name != DOOR:
                yield path, ast.parse(path.read_text("utf-8"))


def texts(node: ast.AST | None) -> Iterator[str]:
    """The strings an expression can be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    if isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)
    if isinstance(node, ast.BoolOp):
        for part in node.values:
            yield from texts(part)


def reasons_in(tree: ast.AST) -> Iterator[str]:
    """Reasons given to a call, and those a function of a reasons' name returns."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else ""
            for keyword in node.keywords:
                if keyword.arg in NAMED:
                    yield from texts(keyword.value)
            place = PLACED.get(called)
            if place is not None and len(node.args) > place:
                yield from texts(node.args[place])
        if isinstance(node, ast.FunctionDef) and node.name.startswith(TELLING):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Return):
                    yield from texts(inner.value)
                if isinstance(inner, ast.Return) and isinstance(inner.value, ast.Tuple):
                    yield from texts(inner.value.elts[0])


def produced() -> set[str]:
    """Every reason the source or a sample names."""
    found = {reason for _, tree in trees() for reason in reasons_in(tree)}
    for path in (SOURCE / "connectors").rglob("samples/*.json"):
        content = json.loads(path.read_text("utf-8"))
        for item in content if isinstance(content, list) else [content]:
            if isinstance(item, dict) and isinstance(item.get("reason"), str):
                found.add(item["reason"])
    return found


def test_the_search_finds_reasons_of_every_kind() -> None:
    assert {
        *("no_phone", "phone_landline", "asked_recently", "visit_known", "place_unknown"),
        *("no_template", "no_channel", "text_too_long", "order_null", "status_missing"),
        *("blacklisted", "visit_cancelled", "deleted", "cancelled", "event_type", "malformed"),
    } <= produced()


@pytest.mark.parametrize("code", sorted(produced()))
def test_every_reason_has_words(code: str) -> None:
    assert words.knows_reason(code), (
        f"give {code} words: in uzel/web/console/reasons.py, or in its connector's README.md "
        "in a table that begins `| причина | что это значит |`"
    )
    for spoken in map(language, LANGUAGES):
        assert str(words.reason(spoken, code)) != code


def test_only_the_table_of_reasons_of_a_readme_is_read() -> None:
    table = "| причина | что это значит |\n|---|---|\n| `no_dish` | нет `dish` в чеке |\n"
    other = "| запись | событие |\n|---|---|\n| `test` | пропуск |\n\n| `balance` | лишнее |\n"
    assert list(words.reasons_in(f"{other}\n{table}\n{other}")) == [("no_dish", "нет dish в чеке")]
    assert list(words.reasons_in(table.rstrip())) == [("no_dish", "нет dish в чеке")]
    told = words.told_by_connectors()
    assert "order_id_missing" in told
    assert not {"test", "sms_status", "balance"} & told.keys()


def test_reasons_in_the_table_are_told_in_english_too() -> None:
    english, russian = language("en"), language("ru")
    for code, reason in REASONS.items():
        assert english.text(reason.text) != russian.text(reason.text), code
        if reason.hint:
            assert english.text(reason.hint) != russian.text(reason.hint), code


def test_every_error_of_a_call_has_words() -> None:
    classes = {kind.__name__ for kind in RULES}
    classes |= {kind.__name__ for kind in errors.CallFailed.__subclasses__()}
    assert classes - NOT_OF_CALLS <= set(ERRORS)


def test_every_state_has_words() -> None:
    schema = (SOURCE / "migrations" / "versions" / "0001_foundation.sql").read_text("utf-8")
    for kind in ("raw", "decision", "message", "call"):
        for code in states.STATES[kind]:
            assert f"'{code}'" in schema, (kind, code)
    assert set(states.CALLS) == {state.value for state in State}


def test_details_of_ours_are_translated_and_others_left_alone() -> None:
    english, russian = language("en"), language("ru")
    for text in DETAILS:
        assert str(words.detail(russian, text)) != text
    assert words.detail(russian, "the answer was lost: ReadError") == (
        "ответ потерян: соединение оборвалось"
    )
    assert words.detail(english, "the answer was lost: ReadError") == (
        "the answer was lost: the connection broke"
    )
    assert words.detail(russian, "decided by olga: again") == "решил человек: olga: again"
    assert words.detail(russian, "SMS.ru: <нет>") == "SMS.ru: &lt;нет&gt;"
    assert words.detail(russian, None) == ""
