"""People and projects in amoCRM, as the console shows it, switches it on and off, tries again."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from console_visitor import Visitor
from mirror_console import CANARY, MirrorConsole, mirror_console
from parts import Sandbox, sandbox, sandbox_server
from uzel.connectors.amocrm.miniature.beginnings import FIRST_STAGE_ID, PIPELINE_ID

__all__ = ["sandbox", "sandbox_server"]

PATH, ON = "/registry/mirror", "/registry/mirror/on"
STAGE = f"{PIPELINE_ID}:{FIRST_STAGE_ID}"


@pytest.fixture(scope="module")
def room(
    shared_dsn: str, sandbox_server: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MirrorConsole]:
    """For tests that change nothing but what is theirs."""
    with mirror_console(shared_dsn, sandbox_server, tmp_path_factory.mktemp("mirror")) as made:
        made.olga.page(PATH)
        made.ivan.page("/registry")
        yield made


@pytest.fixture
def own(dsn: str, sandbox: Sandbox, tmp_path: Path) -> Iterator[MirrorConsole]:
    """For a test that switches."""
    with mirror_console(dsn, sandbox, tmp_path) as made:
        yield made


def at(number: int, more: str = "") -> str:
    return f"/registry/records/{number}{more}"


def panel(visitor: Visitor, number: int) -> str:
    """What a record's page says of its deal; empty where it says nothing."""
    found = re.search(r'<section[^>]* id="deal".*?</section>', visitor.page(at(number)), re.DOTALL)
    return found[0] if found else ""


def test_a_records_page_leads_to_its_deal(room: MirrorConsole) -> None:
    said, lead = panel(room.ivan, room.done), room.item(room.done)["lead_id"]
    assert f'/amocrm/leads/detail/{lead}" target="_blank"' in said
    assert f"Сделка № {lead}" in said and "сделка есть" in said and "<form" not in said
    said = panel(room.ivan, room.unwritten)
    assert "примечание в сделку не добавлено: amoCRM: сделки нет" in said
    assert "Попробовать ещё раз" in said


def test_who_waits_is_told_to_wait_and_who_is_mirrored_nowhere_nothing(room: MirrorConsole) -> None:
    said = panel(room.ivan, room.waits)
    assert "Узел сделает её сам" in said and "<form" not in said and "/leads/detail/" not in said
    room.rows("update crm_mirrored set step = 'known' where number = $1", f"12x{room.waits}")
    assert panel(room.ivan, room.waits) == ""
    room.rows("update crm_mirrored set step = 'waiting' where number = $1", f"12x{room.waits}")


def test_an_operator_tries_again_what_is_stuck(own: MirrorConsole) -> None:
    said = panel(own.ivan, own.stuck)
    assert "amoCRM не принимает контакт: amoCRM: &lt;script&gt;" in said and CANARY not in said
    assert "Попробовать ещё раз" in said
    assert "Узел ищет, нет ли уже такой сделки" in own.ivan.done(at(own.stuck, "/deal"))
    row = own.item(own.stuck)
    assert (row["step"], row["reason"]) == ("finding", None)
    (act,) = own.acts("retry_deal")
    assert (act["actor"], act["subject"]) == ("ivan", f"record:{own.stuck}")
    assert "ничего не сделано" in own.ivan.done(at(own.stuck, "/deal"))
    assert own.ivan.post(at(own.done, "/deal")).headers["location"].endswith("=deal_as_it_was")
    assert len(own.acts("retry_deal")) == 1
    assert own.item(own.done)["step"] == "done"
    assert own.ivan.post(at(10**6, "/deal")).status_code == 404


def test_the_settings_say_how_far_it_is_and_what_is_stuck(room: MirrorConsole) -> None:
    page = room.olga.page(PATH)
    for text in ("Реестр Узла → amoCRM", "люди и проекты", "Попробовать все ещё раз"):
        assert text in page
    tiles = re.findall(r'<div class="tile"><dt>(.*?)</dt><dd>(.*?)</dd>', page)
    told = {name: re.sub("<.*?>", "", said).strip() for name, said in tiles}
    assert told["сделок"] == "2" and told["застряли"] == "1" and told["ждут сделки"] == "1"
    assert told["примечания ждут записи"].endswith("не записаны: 1")
    assert f'href="{at(room.stuck)}"' in page and f'href="{at(room.done)}"' not in page
    assert "&lt;script&gt;" in page and CANARY not in page
    assert f"detail/{room.item(room.unwritten)['lead_id']}" in page
    assert len(re.findall(r'name="number"', page)) == 2


def test_an_operator_reaches_none_of_the_settings(room: MirrorConsole) -> None:
    before = room.value("select count(*) from audit")
    for path in (PATH, ON, f"{PATH}/{room.mirror}/off"):
        assert room.ivan.get(path).status_code == 403, path
    for path in (ON, f"{PATH}/{room.mirror}/off", f"{PATH}/{room.mirror}/retry"):
        assert room.ivan.post(path, do="on").status_code == 403, path
    assert PATH not in room.ivan.page("/registry")
    assert (room.value("select count(*) from audit"), room.state()) == (before, "on")


def test_what_is_stuck_is_on_the_badge_and_on_the_overview(own: MirrorConsole) -> None:
    badge = '<span class="badge tone-ask" title="записи, чьи сделки застряли">1</span>'
    assert badge in own.olga.page("/") and badge in own.ivan.page("/")
    line = f'href="/registry/mirror?business={own.business}"'
    assert line in own.olga.page("/") and "сделки из реестра застряли" in own.olga.page("/")
    assert line not in own.ivan.page("/")
    assert f'href="{at(own.stuck)}?business={own.business}"' in own.ivan.page("/")
    own.olga.page(PATH)
    own.olga.done(f"{PATH}/{own.mirror}/retry")
    assert "застряли" not in own.olga.page("/") and badge not in own.ivan.page("/")
    (act,) = own.acts("registry.mirror_retry")
    assert (act["actor"], act["subject"]) == ("olga", str(own.mirror))
    assert own.item(own.stuck)["step"] == "finding"
    assert own.item(own.unwritten)["step"] == "done"


def test_what_is_switched_off_waits_for_nobody(own: MirrorConsole) -> None:
    off = f"{PATH}/{own.mirror}/off"
    assert "1 запись ждёт сделки" in own.olga.page(off)
    assert own.state() == "on"
    assert "Выключено" in own.olga.done(off) and own.state() == "off"
    assert [act["subject"] for act in own.acts("registry.mirror_off")] == [str(own.mirror)]
    assert "застряли</b>" not in own.olga.page("/")
    assert "сейчас выключены" in panel(own.ivan, own.waits)
    assert "Попробовать ещё раз" not in panel(own.ivan, own.stuck)
    assert "Попробовать все" not in own.olga.page(PATH)
    lead = own.item(own.done)["lead_id"]
    assert f"/leads/detail/{lead}" in panel(own.ivan, own.done)


def test_it_is_looked_at_first_and_then_switched_on(own: MirrorConsole) -> None:
    own.rows("delete from crm_mirrored")
    own.rows("delete from crm_mirror")
    own.rows("delete from crm_news")
    page = own.olga.page(ON)
    assert "молчит" in page and 'name="stage"' not in page
    page = own.olga.page(f"{ON}?source=&crm={own.amocrm}")
    assert f'<option value="{STAGE}"' in page
    given = {"source": "", "crm": str(own.amocrm), "stage": STAGE, "responsible": ""}
    given |= {"deals": "people", "days": "2"}
    seen = own.olga.post(ON, do="look", **given)
    assert seen.status_code == 200 and "4 записи сразу получат сделку" in seen.text
    assert f"Ждущая (CON{own.waits})" in seen.text and f"Реестр, CON{own.waits}" in seen.text
    for table in ("crm_mirror", "crm_news", "crm_mirrored", "audit"):
        assert own.value(f"select count(*) from {table}") == 0, table
    back = own.olga.post(ON, do="back", **given)
    assert f'<option value="{STAGE}" selected>' in back.text and 'value="2"' in back.text
    assert "Включено" in own.olga.done(ON, do="on", **given)
    (row,) = own.rows("select *, now() - since as back from crm_mirror")
    assert row["settings"] == {
        "pipeline_id": PIPELINE_ID, "status_id": FIRST_STAGE_ID, "deals": ["Contacts"]
    }  # fmt: skip
    assert (row["source_id"], row["crm_id"], row["back"].days) == (None, own.amocrm, 2)
    assert own.value("select count(*) from crm_news") == 4
    (act,) = own.acts("registry.mirror_on")
    assert (act["actor"], act["detail"]["business"]) == ("olga", own.business)
    assert act["detail"]["stage"]


def test_it_is_switched_on_again_where_it_was(own: MirrorConsole) -> None:
    began = own.value("select since from crm_mirror")
    own.olga.page(f"{PATH}/{own.mirror}/off")
    own.olga.done(f"{PATH}/{own.mirror}/off")
    page = own.olga.page(ON)
    assert "молчит" not in page and f'<option value="{STAGE}" selected>' in page
    assert own.olga.get(f"{ON}?crm={own.silent}").status_code == 404
    given = {"crm": str(own.amocrm), "stage": "", "responsible": "", "deals": "projects"}
    own.olga.done(ON, do="on", days="0", **given)
    (row,) = own.rows("select * from crm_mirror")
    assert (row["state"], row["since"], row["settings"]) == ("on", began, {"deals": ["Project"]})


@pytest.mark.parametrize(
    "wrong",
    [
        {"stage": "1:2"},
        {"deals": "all"},
        {"deals": ""},
        {"days": "-1"},
        {"days": "3651"},
        {"responsible": "1"},
        {"do": "off"},
    ],
)
def test_what_cannot_be_chosen_is_refused_at_its_field(
    room: MirrorConsole, wrong: dict[str, str]
) -> None:
    before = room.value("select settings from crm_mirror")
    given = {"crm": str(room.amocrm), "stage": STAGE, "responsible": "", "deals": "both"}
    answer = room.olga.post(ON, **{"do": "on", "days": "0", **given, **wrong})
    assert answer.status_code == 422 and 'role="alert"' in answer.text
    assert room.value("select settings from crm_mirror") == before


def test_an_account_that_does_not_answer_is_said_to(own: MirrorConsole) -> None:
    own.rows("delete from crm_mirrored")
    own.rows("delete from crm_mirror")
    page = own.olga.page(f"{ON}?crm={own.silent}")
    assert "amoCRM сейчас не прочитать" in page and 'name="stage"' not in page
    given = {"crm": str(own.silent), "stage": "", "deals": "both", "days": "0"}
    answer = own.olga.post(ON, do="on", **given)
    assert answer.status_code == 422 and "сейчас не прочитать" in answer.text
    assert own.value("select count(*) from crm_mirror") == 0


def test_a_vtiger_that_is_not_read_says_why(own: MirrorConsole) -> None:
    own.rows(
        "update crm_mirror set source_id = $1, problem = $2", own.silent, f"no connection: {CANARY}"
    )
    page = own.olga.page(PATH)
    assert "Не читается" in page and CANARY not in page
    assert f'href="{at(own.stuck)}"' not in page and f"12x{own.stuck}" in page
    page = own.olga.page("/")
    assert "vtiger не читается" in page and CANARY not in page
    assert "vtiger не читается" in own.ivan.page("/")
    assert panel(own.ivan, own.done) == ""


def test_another_business_has_none_of_it(own: MirrorConsole) -> None:
    other = own.value(
        "insert into business (name, request_gap_days) values ('Другая', 30) returning id"
    )
    page = own.olga.page(f"{PATH}?business={other}")
    assert "нет подключения к amoCRM" in page and 'href="/connections/new/amocrm"' in page
    assert "нет подключения к amoCRM" in own.olga.page(ON)
    assert own.olga.get(f"{ON}?crm={own.amocrm}").status_code == 404
    for act in ("off", "retry"):
        assert own.olga.post(f"{PATH}/{own.mirror}/{act}").status_code == 404
    assert own.olga.get(f"{PATH}/{own.mirror}/off").status_code == 404
    assert own.state() == "on" and own.item(own.stuck)["step"] == "stuck"


def test_it_speaks_english(room: MirrorConsole) -> None:
    olga = Visitor(room.web.url, {"accept-language": "en"}).sign_in()
    for path in (PATH, f"{ON}?crm={room.amocrm}", f"{PATH}/{room.mirror}/off"):
        main = olga.page(path).partition("<main")[2].partition("</main>")[0]
        # Names are what people gave them.
        ours = re.sub(r"<(optgroup|select|a|td|dd)\b.*?</\1>", "", main, flags=re.DOTALL)
        assert not re.findall("[а-яё]{3,}", ours), path
    assert "Deal in amoCRM" in panel(olga, room.done)
