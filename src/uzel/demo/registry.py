"""The demo's registry: an account for a program, with a new key at each start; some people, whom
the claims are about, with what they have against companies; a form. Made once, whatever becomes of
them.
"""

import io
from collections.abc import Mapping

from uzel.connections.store import default_business
from uzel.crm import form_store, user_store, writing
from uzel.crm.catalogue import USUAL
from uzel.crm.files import Given, attach
from uzel.crm.forms import Asked, add_form
from uzel.crm.record import Record, Writer
from uzel.crm.stock import ACCOUNTS, CONTACTS, USERS
from uzel.crm.users import add_user, change_key
from uzel.kit.database import Connection
from uzel.kit.secrets import KeyRing

LOGIN, FORM = "api", "Заявка с сайта"
PEOPLE: tuple[Mapping[str, str], ...] = (
    {"lastname": "Ким", "firstname": "Ольга", "mobile": "+79990000101", "birthday": "1990-04-12",
     "email": "kim@example.org", "cf_contacts_inn": "500100732259"},
    {"lastname": "Ахметов", "firstname": "Тимур", "mobile": "8 (999) 000-01-02",
     "birthday": "1984-11-02"},
    # One digit of the ИНН is mistyped, and the birthday cannot be.
    {"lastname": "Лунёв", "firstname": "Павел", "mobile": "+79990000104",
     "birthday": "2031-02-30", "cf_contacts_inn": "500100732258"},
)  # fmt: skip
COMPANIES: tuple[Mapping[str, str], ...] = (
    {"accountname": "ООО «Южный ветер»", "inn": "7700000009", "phone": "+74950000001"},
    {"accountname": "Школа «Сто уроков»", "inn": "7800000002", "website": "https://example.org"},
)
# Person, company, and what it is about.
PROJECTS: tuple[tuple[int, int, Mapping[str, str]], ...] = (
    (0, 0, {"projectname": "Тур, который отменили", "cf_project_agrprice": "84500.00",
            "cf_project_agrdate": "2026-08-03", "cf_project_category": "Путешествия",
            "projectstatus": "in progress", "cf_project_progress": "40"}),
    (1, 1, {"projectname": "Курс без уроков", "cf_project_agrprice": "39900.00",
            "cf_project_category": "Онлайн-курсы", "projectstatus": "initiated"}),
)  # fmt: skip
ASKED = (
    Asked("lastname", "Фамилия", mandatory=True),
    Asked("firstname", "Имя"),
    Asked("mobile", "Телефон", mandatory=True),
    Asked("code", "Код из СМС", mandatory=True),
    Asked("leadsource", "Откуда", value="Web Site"),
)


async def ensure(connection: Connection, ring: KeyRing) -> dict[str, str]:
    """What a program signs in with."""
    business = await default_business(connection)
    if await user_store.user_by_login(connection, LOGIN) is None:
        user = await add_user(connection, ring, business, LOGIN, name="Сайт", is_admin=True)
    else:
        user = await change_key(connection, ring, LOGIN)
    if not await form_store.forms(connection, business):
        await fill(connection, business, user.id)
    return {"username": user.login, "access_key": user.access_key}


async def fill(connection: Connection, business: int, user_id: int) -> None:
    """The samples."""
    writer = Writer(business, user_id, f"crm:{LOGIN}", "WEBSERVICE", strict=False)

    async def create(module: str, given: Mapping[str, str]) -> Record:
        owned = {"assigned_user_id": USERS.wire_id(user_id), **given}
        return await writing.create(connection, writer, USUAL[module], owned)

    people = [await create("Contacts", one) for one in PEOPLE]
    companies = [await create("Accounts", one) for one in COMPANIES]
    for person, company, about in PROJECTS:
        given = {
            "linktoaccountscontacts": CONTACTS.wire_id(people[person].id),
            "cf_project_offender": ACCOUNTS.wire_id(companies[company].id),
            **about,
        }
        await create("Project", given)
    # The real contract is still to come, in the place of this one.
    empty = Given("Договор.pdf", 0, io.BytesIO())
    documents = USUAL["Documents"]
    await attach(connection, writer, documents, "Договор", empty, beside=people[0].id)
    await add_form(
        *(connection, business, USUAL, FORM, "Contacts", ASKED, ("Договор",), LOGIN),
        confirms=True,
    )
