"""What bodies tell of deals with links; nobody else's elements change by it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connector import Element, Received
from uzel.connectors import amocrm
from uzel.connectors.amocrm.config import AmocrmConfig
from uzel.connectors.amocrm.miniature.hooks import form_of
from uzel.connectors.amocrm.sandbox import SETTINGS
from uzel.connectors.amocrm.webhook import parse
from uzel.errors import PayloadInvalid
from uzel.kit.http_file import looks_like_http, read_http_file
from uzel.model.deal import Deal, DealField

PLAIN = AmocrmConfig.model_validate(SETTINGS)
PAYING = AmocrmConfig.model_validate({**SETTINGS, "payment_links": True})
SAMPLES = [
    path
    for path in sorted((Path(amocrm.__path__[0]) / "samples").glob("*.http"))
    if looks_like_http(path.read_bytes())
]
LINK = "https://pay.example.com/c/pay/1#" + "x" * 4000
LEAD = {"id": 7, "pipeline_id": 1, "status_id": 2, "name": "x", "last_modified": 1773480000}


def read(body: bytes, config: AmocrmConfig = PAYING) -> list[Element]:
    return parse(Received(body, {}, "", datetime.now(UTC)), config)


def deals(body: bytes) -> list[Deal]:
    return [it.data for it in read(body) if isinstance(it.data, Deal)]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_all_other_elements_stay_where_they_are(path: Path) -> None:
    body = read_http_file(path.read_bytes()).body
    plain, more = read(body, PLAIN), read(body)
    assert more[: len(plain)] == plain
    assert {it.type for it in more[len(plain) :]} <= {"deal.told"}
    assert all(it.key is None and it.reason is None for it in more[len(plain) :])


def test_of_fields_only_links_are_kept() -> None:
    fields = [
        {"id": 1, "name": "Ссылка", "values": [{"value": LINK}]},
        {"id": 2, "name": "Почта", "values": [{"value": "Иван Иванов", "enum": 3}]},
        {"id": 3, "name": "Пусто", "values": [{"value": ""}]},
    ]
    (deal,) = deals(form_of({"leads": {"update": [{**LEAD, "custom_fields": fields}]}}))
    assert deal.fields == (DealField("1", "Ссылка", LINK), DealField("2", "Почта", None))
    assert (deal.number, deal.pipeline, deal.stage) == ("7", "1", "2")


@pytest.mark.parametrize(
    ("action", "lead", "known"),
    [
        ("update", LEAD, True),
        ("add", LEAD, True),
        ("status", LEAD, False),
        ("add", {"id": 7, "status_id": 2, "pipeline_id": 1}, False),
    ],
)
def test_no_fields_are_none_only_where_a_deal_is_told_whole(
    action: str, lead: dict[str, Any], *, known: bool
) -> None:
    (deal,) = deals(form_of({"leads": {action: [lead]}}))
    assert deal.fields == (() if known else None)


@pytest.mark.parametrize("action", ["delete", "restore", "responsible", "note"])
def test_other_actions_tell_nothing(action: str) -> None:
    assert deals(form_of({"leads": {action: [LEAD]}})) == []


def test_when_a_deal_was_changed() -> None:
    (told,) = (it for it in read(form_of({"leads": {"update": [LEAD]}})) if it.type == "deal.told")
    assert told.occurred_at == datetime.fromtimestamp(1773480000, UTC)
    assert told.subject == "сделка 7"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.just(LINK),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("id", "0", "values", "value", "name", "custom_fields", "field_id")),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(st.sampled_from(("leads", "lead")), st.sampled_from(("add", "update", "status", "0")), JSON)
def test_whatever_stands_there_is_read_or_refused(entity: str, action: str, found: Any) -> None:
    body = found if entity == "lead" else {action: found}
    try:
        told = deals(json.dumps({entity: body}).encode())
    except PayloadInvalid:
        return
    for deal in told:
        assert deal.number.isdigit()
        assert all(it.id or it.name for it in deal.fields or ())
