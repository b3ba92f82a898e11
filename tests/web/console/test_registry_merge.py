"""Duplicates are found, looked at side by side and merged, by an operator."""

import re
from collections.abc import Iterator

import pytest

from registry_console import RegistryConsole, registry_console
from registry_room import new_program

CANARY = "<script>alert('x')</script>"


@pytest.fixture(scope="module")
def room(
    shared_sample_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RegistryConsole]:
    with registry_console(shared_sample_dsn, tmp_path_factory.mktemp("merge")) as made:
        yield made


def at(number: int, more: str = "") -> str:
    return f"/registry/records/{number}{more}"


def listed(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'<tr id="record-(\d+)"', page)]


def test_who_looks_the_same_is_offered_and_others_are_found(room: RegistryConsole) -> None:
    inn = "500100732259"
    one = room.person("Двойникова", firstname="Анна", cf_contacts_inn=inn)
    two = room.person("Двойникова", firstname="Анна")
    three = room.person("Замужняя", cf_contacts_inn=inn)
    lead = room.add("Leads", lastname="Двойникова", firstname="Анна")
    page = room.ivan.page(at(one, "/merge"))
    assert set(listed(page)) == {two, three}
    assert f'href="{at(one, f"/merge/{two}")}"' in page
    other = room.person("Совсем Иная")
    assert listed(room.ivan.page(at(one, "/merge?q=совсем"))) == [other]
    assert room.ivan.get(at(one, f"/merge/{lead}")).status_code == 404
    assert room.ivan.get(at(one, f"/merge/{one}")).status_code == 404


def test_two_are_seen_side_by_side_and_become_one(room: RegistryConsole) -> None:
    one = room.person("Первова", title="врач", mobile="+79996660001")
    two = room.person("Вторая", title="доктор", email="v@mail.example", mobile="+79996660002")
    project = room.add("Project", projectname="Дело", linktoaccountscontacts=f"12x{two}")
    page = room.ivan.page(at(one, f"/merge/{two}"))
    for text in ("врач", "доктор", "v@mail.example", "1 запись, что указывала", 't_title"'):
        assert text in page
    # What nobody has to choose stands there already.
    assert 'name="t_email"' not in page and '<b class="kept-text">v@mail.example</b>' in page
    shown = room.ivan.done(
        at(one, f"/merge/{two}"), version="1", other_version="1", t_title="other", t_lastname="own"
    )
    assert "Записи слиты" in shown and "слияние" in shown and f"CON{two}" in shown
    assert room.content(one)["title"] == "доктор"
    assert room.content(one)["lastname"] == "Первова"
    assert room.content(one)["otherphone"] == "+79996660002"
    assert room.content(project)["linktoaccountscontacts"] == f"12x{one}"
    gone = room.ivan.page(at(two))
    assert "влилась в другую" in gone and f'href="{at(one)}"' in gone and "Вторая" in gone
    change = room.rows("select * from crm_change where record_id = $1 order by version", one)[-1]
    assert (change["act"], change["made_by"]) == ("merged", "ivan")


def test_what_changed_meanwhile_is_looked_at_again(room: RegistryConsole) -> None:
    one, two = room.person("Раз"), room.person("Два")
    room.ivan.page(at(one, f"/merge/{two}"))
    given = {"version": "1", "other_version": "7"}
    answer = room.ivan.post(at(one, f"/merge/{two}"), **given)
    assert answer.status_code == 409 and "Ничего не сделано" in answer.text
    assert room.version(two) == "1"
    room.ivan.done(at(one, f"/merge/{two}"), version="1", other_version="1")
    again = room.ivan.post(at(one, f"/merge/{two}"), version="2", other_version="2")
    assert again.status_code == 404


def test_others_records_and_forged_forms_merge_nothing(room: RegistryConsole) -> None:
    one, two = room.person("Своя"), room.person("Тоже своя")
    other = new_program(room.web).log_in()
    theirs = int(other.create("Contacts", lastname="Чужая")["id"].partition("x")[2])
    given = {"version": "1", "other_version": "1"}
    for path in (at(one, f"/merge/{theirs}"), at(theirs, f"/merge/{one}")):
        assert room.ivan.get(path).status_code == 404
        assert room.ivan.post(path, **given).status_code == 404
    forged = room.ivan.client.post(at(one, f"/merge/{two}"), data={**given, "csrf": "wrong"})
    assert forged.status_code == 403
    assert room.version(one) == room.version(two) == "1"


def test_what_both_hold_is_shown_as_text(room: RegistryConsole) -> None:
    one = room.person(CANARY, description=CANARY)
    two = room.person(f"{CANARY} 2", title=CANARY)
    for path in ("/merge", f"/merge?q={CANARY}", f"/merge/{two}"):
        assert CANARY not in room.ivan.page(at(one, path))
