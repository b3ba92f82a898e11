"""Notes in the feed of deals."""

import json
from typing import Any

from uzel.connectors.amocrm.config import AmocrmConfig

HAL = "application/hal+json"


def note(request: str, lead: int, text: str) -> dict[str, Any]:
    return {"request_id": request, "lead_id": lead, "text": text}


def test_a_note_stands_in_the_feed_of_its_deal(run: Any, raw: Any, config: AmocrmConfig) -> None:
    leads = [{"request_id": name, "name": name} for name in ("1", "2")]
    deals = run(config, "create_leads", {"leads": leads, "since": 0}).data["ids"]
    notes = [note("a", deals["1"], "Доставка\nАлматы"), note("b", deals["2"], "Отмена")]
    ids = run(config, "add_notes", {"notes": notes, "since": 0}).data["ids"]
    shown = raw(config, "GET", f"/api/v4/leads/{deals['1']}/notes", None)["_embedded"]["notes"]
    assert [(it["id"], it["params"]["text"], it["note_type"]) for it in shown] == [
        (ids["a"], "Доставка\nАлматы", "common")
    ]


def test_a_look_up_reads_the_notes_of_these_deals_and_compares_words(
    look_up: Any, served: Any
) -> None:
    shown = [
        {"id": 9, "entity_id": 7, "created_at": 2000, "params": {"text": "Доставка\r\nАлматы "}},
        {"id": 8, "entity_id": 8, "created_at": 2000, "params": {"text": "Доставка Алматы"}},
        {"id": 6, "entity_id": 7, "created_at": 1, "params": {"text": "Отмена"}},
        {"id": 5, "entity_id": 7, "created_at": 2000, "params": []},
    ]
    served.answers = [(200, HAL, json.dumps({"_embedded": {"notes": shown}}).encode())]
    notes = [note("a", 7, "Доставка\nАлматы"), note("b", 7, "Отмена")]
    answer = look_up(served.config(), "add_notes", {"notes": notes, "since": 1000})
    assert answer.data == {"ids": {"a": 9}}
    assert [what for what, _, _ in served.got] == [
        "GET /api/v4/leads/notes?filter%5Bentity_id%5D%5B0%5D=7&filter%5Bnote_type%5D%5B0%5D=common"
        "&order%5Bid%5D=desc&limit=250&page=1"
    ]


def test_without_a_since_an_old_note_counts(look_up: Any, served: Any) -> None:
    shown = [{"id": 6, "entity_id": 7, "created_at": 1, "params": {"text": "Отмена"}}]
    served.answers = [(200, HAL, json.dumps({"_embedded": {"notes": shown}}).encode())]
    answer = look_up(served.config(), "add_notes", {"notes": [note("b", 7, "Отмена")]})
    assert answer.data == {"ids": {"b": 6}}


def test_more_than_fifty_deals_are_asked_about_by_turns(look_up: Any, served: Any) -> None:
    served.answers = [(204, HAL, b"")]
    notes = [note(str(lead), lead, "x") for lead in range(1, 53)]
    assert look_up(served.config(), "add_notes", {"notes": notes, "since": 1}) is None
    assert [what.count("entity_id") for what, _, _ in served.got] == [50, 2]
