"""An operator finds a person, looks, changes and merges in a browser; and whether the pages fit."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from console_pages import CONTRAST, NAMELESS, OVERFLOW
from registry_console import RegistryConsole, registry_console
from registry_room import new_form, pdf
from sample_data import ADMIN, DELIVERED_PHONE, OPERATOR

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def room(
    shared_sample_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RegistryConsole]:
    """It comes before the browser: both want this thread's loop."""
    with registry_console(shared_sample_dsn, tmp_path_factory.mktemp("registry")) as made:
        yield made


def signed_in(room: RegistryConsole, page: Page, who: tuple[str, str]) -> Page:
    page.goto(f"{room.web.url}/sign-in")
    page.fill("[name=login]", who[0])
    page.fill("[name=password]", who[1])
    page.click("main button.primary")
    page.wait_for_selector("#rooms-list", state="attached")
    return page


@pytest.mark.parametrize("script", [True, False])
def test_somebody_is_found_changed_and_merged(
    room: RegistryConsole, browser: Browser, *, script: bool
) -> None:
    phone = "+799911100" + ("11" if script else "22")
    one = room.person("Искомая", firstname="Вера", mobile=phone, title="врач")
    two = room.person("Искомая", firstname="Вера", title="доктор", email="v@mail.example")
    context = browser.new_context(
        locale="ru-RU", java_script_enabled=script, reduced_motion="reduce",
        viewport={"width": 1280, "height": 900},
    )  # fmt: skip
    page = signed_in(room, context.new_page(), OPERATOR)
    page.click("nav >> text=Реестр")
    page.fill("main [name=q]", f"8 (999) {phone[5:8]} {phone[8:]}")
    page.click("main .filters button.primary")
    expect(page.locator(".rows tbody tr")).to_have_count(1)
    page.click(f"#record-{one} a.open")
    expect(page.locator("h1")).to_have_text("Искомая Вера")
    page.click("text=Изменить")
    page.fill("#f_cf_contacts_secondname", "Павловна")
    page.fill("#f_birthday", "1990-04-12")
    page.click("main button.primary")
    expect(page.locator("h1")).to_have_text("Искомая Вера Павловна")
    expect(page.locator("#history")).to_contain_text("ivan")
    page.click("text=Слить с другой")
    page.click(f"#record-{two} a.open")
    page.check("[name=t_title][value=other]")
    page.click("button:has-text('Слить')")
    expect(page.locator("main")).to_contain_text("Записи слиты")
    expect(page.locator("main")).to_contain_text("v@mail.example")
    assert room.content(one)["title"] == "доктор"
    context.close()


def filled(room: RegistryConsole) -> tuple[int, int, int]:
    """A person of whom everything is known, their duplicate, and a form."""
    long = "Абдрахмановская-Нурсулташвили Константинопольская"
    found = room.value("select id from crm_record where phone = $1", DELIVERED_PHONE)
    if found is not None:
        twin = room.value("select max(id) from crm_record where content ->> 'title' = 'двойник'")
        return found, twin, room.value("select max(id) from crm_form")
    person = room.person(
        long, firstname="Айгуль", mobile=DELIVERED_PHONE, email="a" * 60 + "@mail.example",
        cf_contacts_inn="500100732258", description="Слово " + "ы" * 120,
        cf_contacts_requisites="р/с 40702810900000000001\nбанк",
    )  # fmt: skip
    twin = room.person(long, title="двойник", email="b@mail.example")
    company = room.add("Accounts", accountname="ООО Туроператор дальних странствий")
    for n in range(3):
        room.add(
            "Project",
            projectname=f"Возврат за тур № {n}",
            projectstatus="in progress",
            linktoaccountscontacts=f"12x{person}",
            cf_project_offender=f"11x{company}",
        )
    public_id, number = new_form(room.program, "договор", "подтверждение оплаты")
    said = {"publicid": public_id, "lastname": "Совсем-другая", "mobile": DELIVERED_PHONE}
    files = {
        f"file_{number}_1": ("Договор об оказании услуг.pdf", pdf(), "application/pdf"),
        f"file_{number}_2": ("чек.pdf", b"", "application/pdf"),
    }
    assert room.web.client.post("/modules/Webforms/capture.php", data=said, files=files).is_success
    return person, twin, number


@pytest.mark.parametrize(
    ("scheme", "width"),
    [("light", 390), ("dark", 1280), ("light", 1280), ("dark", 390)],
)
def test_the_pages_fit_can_be_read_and_are_named(
    room: RegistryConsole, browser: Browser, width: int, scheme: str
) -> None:
    person, twin, form = filled(room)
    account = room.program.user.id
    context = browser.new_context(
        locale="ru-RU",
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = signed_in(room, context.new_page(), ADMIN)
    record = f"/registry/records/{person}"
    for path in (
        *("/registry", "/registry?doubts=only", "/registry/projects", "/registry/leads", record),
        *(f"{record}/edit", f"{record}/delete", f"{record}/merge", f"{record}/merge/{twin}"),
        *("/registry/accounts", f"/registry/accounts/{account}/key", "/registry/fields"),
        *("/registry/forms", "/registry/forms/new", f"/registry/forms/{form}"),
    ):
        page.goto(room.web.url + path)
        assert page.evaluate(OVERFLOW) == [], path
        assert page.evaluate(CONTRAST) == [], path
        assert page.evaluate(NAMELESS) == [], path
    context.close()
