"""The registry's lists: found, filtered, paged, taken away as files, each business its own."""

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
    with registry_console(shared_sample_dsn, tmp_path_factory.mktemp("registry")) as made:
        yield made


def listed(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'<tr id="record-(\d+)"', page)]


def test_each_module_has_its_list_and_each_row_leads_to_its_record(room: RegistryConsole) -> None:
    made = {
        "": room.person("Списочная"),
        "/companies": room.add("Accounts", accountname="ООО Список"),
        "/projects": room.add("Project", projectname="Список дел"),
        "/leads": room.add("Leads", lastname="Списков"),
    }
    for path, number in made.items():
        page = room.ivan.page(f"/registry{path}")
        assert number in listed(page)
        assert f'href="/registry/records/{number}"' in page
        others = set(made.values()) - {number}
        assert not others & set(listed(page))
    assert 'href="/registry"' in room.ivan.page("/")
    assert room.ivan.get("/registry/else").status_code == 404


@pytest.mark.parametrize(
    "text", ["8 (999) 777-66-55", "777 66 55", "исакова", "5001007322", "isa@"]
)
def test_somebody_is_found_by_what_is_at_hand(room: RegistryConsole, text: str) -> None:
    found = room.value("select id from crm_record where phone = '+79997776655'")
    number = found or room.person(
        "Исакова",
        mobile="+7 999 777-66-55",
        email="isa@mail.example",
        cf_contacts_inn="500100732259",
    )
    page = room.ivan.client.get("/registry", params={"q": text}).text
    assert listed(page) == [number]
    assert room.ivan.client.get("/registry.csv", params={"q": text}).text.count("Исакова") == 1


def test_doubts_are_told_and_filtered(room: RegistryConsole) -> None:
    good, bad = room.person("Верная"), room.person("Сомнительная", cf_contacts_inn="123")
    page = room.ivan.page("/registry?doubts=only")
    assert bad in listed(page) and good not in listed(page)
    assert "1 замечание" in page and "здесь не столько" in page


def test_a_long_list_has_pages(room: RegistryConsole) -> None:
    numbers = [room.add("Leads", lastname=f"Страница {n}") for n in range(60)]
    first = room.ivan.page("/registry/leads?q=страница")
    assert listed(first) == numbers[:-51:-1]
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    assert listed(room.ivan.page(older[1].replace("&amp;", "&"))) == numbers[9::-1]


def test_another_businesss_records_are_another_businesss(room: RegistryConsole) -> None:
    other = new_program(room.web).log_in()
    number = int(other.create("Contacts", lastname="Чужая")["id"].partition("x")[2])
    assert "Чужая" not in room.ivan.page("/registry?q=чужая")
    business = room.value("select business_id from crm_record where id = $1", number)
    assert number in listed(room.olga.page(f"/registry?business={business}&q=чужая"))
    room.olga.page("/registry?business=1")


def test_names_are_text_in_lists_and_files(room: RegistryConsole) -> None:
    number = room.person(CANARY, firstname="=1+1", email=f"{CANARY}@mail.example")
    page = room.ivan.page("/registry?period=1h")
    assert number in listed(page)
    assert CANARY not in page
    sheet = room.ivan.get("/registry.csv?period=1h").text
    assert '"=1+1"' not in sheet and ";=1+1;" not in sheet and "\t=1+1" not in sheet


def test_nobody_looks_without_signing_in(room: RegistryConsole) -> None:
    for path in ("/registry", "/registry/companies", "/registry.csv"):
        assert room.web.client.get(path).status_code == 303
