"""What every connector that reads webhooks, or answers it fetched, must hold to. It finds the
connectors by itself.

A sample is `samples/NAME.http` with the elements it means in `NAME.json`: a list of objects with
the fields of `Element`; null and absent are the same. One field more, `otherwise`, belongs to the
damage test. A sample of what is fetched has the request of ours in its first line, and below it
headers and body of the answer.

The damage test: take one value of a body away, or put another in its place that cannot be meant
there. `parse` then raises PayloadInvalid or gives elements whose keys are a subset of
- the keys the whole body gives, and
- `otherwise`: the key that an element gets once damage has taken away what spoke against it (a
  moved order without its marker looks delivered). It names the same order, never another one. With
  `:*` at its end it stands for all keys that begin so: versions of the order that it names.
So damage can lose an event, but it cannot make one order pass for a second one.
"""

import dataclasses
import importlib
import importlib.util
import json
import pkgutil
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import uzel.connectors
from uzel.connector import BodyKind, Config, Connector, Element, Received
from uzel.errors import PayloadInvalid
from uzel.events.bodies import readable_json, readable_xml
from uzel.kit.http_file import HttpFile, looks_like_http, read_http_file

RECEIVED_AT = datetime(2026, 3, 14, 10, 0, tzinfo=UTC)
README_SECTIONS = ("Настро", "Ограничени|Особенност", "Провер|проверено")
HERE = "\u2e28here\u2e29"  # marks the place of a replacement in a body

JSON_REPLACEMENTS = (
    *("null", '""', "0", "-1", "1e400", "1e99999999999999999999", "[]", "{}", "true", "false"),
    *('"x"', '"\\u0000"', '"\\ud800"', '"' + "9" * 5000 + '"', "9" * 5000),
    "[" * 5000 + "]" * 5000,
)
FORM_REPLACEMENTS = ("", "0", "-1", "x", "null", "\0", "9" * 5000, "[]", "%", "\ufffd")


def found() -> dict[str, Connector]:
    """Name → connector, for those that read webhooks or what they fetched."""
    names = [module.name for module in pkgutil.iter_modules(uzel.connectors.__path__)]
    modules = {name: importlib.import_module(f"uzel.connectors.{name}") for name in names}
    connectors = {name: getattr(module, "CONNECTOR", None) for name, module in modules.items()}
    return {name: it for name, it in connectors.items() if it is not None and it.parse}


def folder_of(name: str) -> Path:
    return Path(uzel.connectors.__path__[0]) / name


CONNECTORS = found()
SAMPLES = [
    pytest.param(name, path, id=f"{name}-{path.stem}")
    for name in CONNECTORS
    for path in sorted(folder_of(name).glob("samples/*.http"))
    if looks_like_http(path.read_bytes())
]
each_sample = pytest.mark.parametrize(("name", "path"), SAMPLES)
each_connector = pytest.mark.parametrize("name", CONNECTORS)


def kinds_of(name: str) -> BodyKind:
    """What bodies of this connector may be; answers that are fetched are JSON."""
    webhook = CONNECTORS[name].webhook
    return webhook.body if webhook is not None else BodyKind.JSON


def config_of(name: str) -> Config:
    """Settings as the connector's sandbox gives them; the defaults where it has none."""
    path = f"uzel.connectors.{name}.sandbox"
    values = importlib.import_module(path).SETTINGS if importlib.util.find_spec(path) else {}
    return CONNECTORS[name].config.model_validate(dict(values))


def parser(name: str, sample: HttpFile) -> Callable[[bytes], list[Element]]:
    """`parse` for bodies that arrive as the sample did; every answer is checked to be storable."""
    parse, config = CONNECTORS[name].parse, config_of(name)
    assert parse is not None

    def read(body: bytes) -> list[Element]:
        elements = parse(Received(body, sample.headers, sample.query, RECEIVED_AT), config)
        for element in elements:
            # UTF-8, no NUL and 64-bit integers are what the database's text and JSON hold.
            assert b"\\u0000" not in orjson.dumps(dataclasses.asdict(element))
            assert element.occurred_at is None or element.occurred_at.tzinfo is UTC
        return elements

    return read


def meaning(element: Element) -> dict[str, Any]:
    """An element in the form that `expected_of` gives."""
    return without_nulls(dataclasses.asdict(element))


def expected_of(path: Path) -> list[dict[str, Any]]:
    """The elements beside a sample, times as datetime."""
    elements = [without_nulls(given) for given in json.loads(path.with_suffix(".json").read_text())]
    for element in elements:
        if "occurred_at" in element:
            element["occurred_at"] = datetime.fromisoformat(element["occurred_at"])
    return elements


def without_nulls(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: bare(value) for name, value in fields.items() if value is not None}


def bare(value: Any) -> Any:
    """The value as JSON has it, without nulls inside."""
    if isinstance(value, dict):
        return without_nulls(value)
    return [bare(inner) for inner in value] if isinstance(value, list | tuple) else value


def test_there_is_something_to_test() -> None:
    assert {"iiko"} <= CONNECTORS.keys()
    assert {name for name, _ in (param.values for param in SAMPLES)} == CONNECTORS.keys()


@each_sample
def test_a_sample_means_exactly_its_elements(name: str, path: Path) -> None:
    sample = read_http_file(path.read_bytes())
    expected = [
        {field: value for field, value in element.items() if field != "otherwise"}
        for element in expected_of(path)
    ]
    assert [meaning(element) for element in parser(name, sample)(sample.body)] == expected


@each_sample
def test_damage_loses_events_but_invents_none(name: str, path: Path) -> None:
    sample = read_http_file(path.read_bytes())
    read = parser(name, sample)
    known = {
        key
        for element in expected_of(path)
        for key in (element.get("key"), element.get("otherwise"))
    }
    tried = 0
    for what, body in damage(name, sample.body):
        tried += 1
        try:
            keys = {element.key for element in read(body)}
        except PayloadInvalid:
            continue
        assert all(key is None or is_known(key, known) for key in keys), what
    assert tried > 0


def is_known(key: str, known: set[str | None]) -> bool:
    """Whether it is one of the known ones, or a version of what one of them names."""
    versions = tuple(name[:-1] for name in known if name and name.endswith(":*"))
    return key in known or key.startswith(versions)


def damage(name: str, body: bytes) -> Iterator[tuple[str, bytes]]:
    """Damage of the kind the body is of."""
    kinds = kinds_of(name)
    if BodyKind.JSON in kinds and readable_json(body):
        return json_damage(body)
    if BodyKind.XML in kinds and readable_xml(body):
        return text_damage(body)
    return form_damage(body)


def text_damage(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Each line taken away, and each number replaced."""
    lines = body.splitlines(keepends=True)
    for position in range(len(lines)):
        yield f"line {position} taken away", b"".join(lines[:position] + lines[position + 1 :])
    for found in re.finditer(rb"[0-9]+", body):
        yield f"{found[0]!r} = 0", body[: found.start()] + b"0" + body[found.end() :]


def json_damage(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Each value of a JSON body taken away, and replaced. A boolean in a boolean's place is not
    damage but a statement.
    """
    whole = json.loads(body)
    for path, value in paths(whole):
        where = "/" + "/".join(map(str, path))
        if path:
            yield f"{where} taken away", json.dumps(changed(whole, path, None)).encode()
        marked = json.dumps(changed(whole, path, HERE)).replace(json.dumps(HERE), HERE)
        for text in JSON_REPLACEMENTS:
            if not (isinstance(value, bool) and text in ("true", "false")):
                yield f"{where} = {text[:20]}", marked.replace(HERE, text).encode()


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every value in a JSON document with its path, the whole document first."""
    yield path, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from paths(inner, (*path, name))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from paths(inner, (*path, position))


def changed(value: Any, path: tuple[Any, ...], mark: str | None) -> Any:
    """A copy of the document with the mark at `path`; without a mark, with nothing there."""
    if not path:
        return mark
    copy = value.copy()
    if len(path) == 1 and mark is None:
        del copy[path[0]]
    else:
        copy[path[0]] = changed(value[path[0]], path[1:], mark)
    return copy


def form_damage(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Each field of a form taken away, emptied, and replaced."""
    fields = parse_qsl(body.decode(), keep_blank_values=True)
    for position, (name, _) in enumerate(fields):
        before, after = fields[:position], fields[position + 1 :]
        yield f"{name} taken away", urlencode(before + after).encode()
        for text in FORM_REPLACEMENTS:
            changed_fields = [*before, (name, text), *after]
            yield f"{name} = {text[:20]!r}", urlencode(changed_fields).encode()


@each_sample
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_bytes_lost_or_flipped_raise_nothing_else(
    name: str, path: Path, data: st.DataObject
) -> None:
    sample = read_http_file(path.read_bytes())
    body = bytearray(sample.body)
    positions = st.integers(0, max(len(body) - 1, 0))
    for position in data.draw(st.lists(positions, max_size=4)) if body else []:
        body[position] = data.draw(st.integers(0, 255))
    end = data.draw(st.none() | positions)
    expect_elements_or_refusal(parser(name, sample), bytes(body[:end]))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@each_connector
@given(body=st.binary(max_size=60) | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
@settings(deadline=None)
def test_any_body_is_read_or_refused(name: str, body: bytes) -> None:
    expect_elements_or_refusal(parser(name, HttpFile({}, "", b"")), body)


def expect_elements_or_refusal(read: Callable[[bytes], list[Element]], body: bytes) -> None:
    """Anything else that is raised fails the test."""
    try:
        assert isinstance(read(body), list)
    except PayloadInvalid as refusal:
        assert str(refusal)


@each_connector
def test_the_readme_tells_how_to_set_it_up_what_it_cannot_do_and_how_we_know(name: str) -> None:
    text = (folder_of(name) / "README.md").read_text()
    headings = re.findall(r"^##+ (.+)$", text, re.MULTILINE)
    missing = [s for s in README_SECTIONS if not any(re.search(s, title) for title in headings)]
    assert missing == []
