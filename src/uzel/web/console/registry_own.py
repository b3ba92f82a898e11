"""Fields that a registry has beside the usual ones."""

import re

from fastapi import APIRouter
from starlette.responses import Response

from uzel.crm import user_store, users
from uzel.crm.field import Kind
from uzel.web.console.desk import AdminDesk, Desk
from uzel.web.console.language import mark as m
from uzel.web.console.page import go
from uzel.web.console.registry_accounts import told
from uzel.web.console.registry_desk import DOCUMENTS, TABS, modules, show
from uzel.web.console.typed import Typed

PATH = "/registry/fields"
NAME = re.compile(r"(?:cf_)?([a-z0-9_]{1,60})")
LONGEST_LABEL, MOST_CHOICES = 100, 100
KINDS = {
    Kind.STRING: m("строка"),
    Kind.TEXT: m("текст"),
    Kind.INTEGER: m("целое число"),
    Kind.DOUBLE: m("число"),
    Kind.CURRENCY: m("сумма"),
    Kind.DATE: m("дата"),
    Kind.BOOLEAN: m("да или нет"),
    Kind.PICKLIST: m("выбор из списка"),
    Kind.PHONE: m("телефон"),
    Kind.EMAIL: m("почта"),
    Kind.URL: m("ссылка"),
}
MODULES = {**{tab.module: tab.title for tab in TABS}, "Documents": DOCUMENTS}

router = APIRouter(include_in_schema=False)


@router.get("/registry/fields")
async def show_fields(desk: AdminDesk) -> Response:
    """Those there are, and a form for one more."""
    return await fields_page(desk, Typed(desk.language, {}))


async def fields_page(desk: Desk, typed: Typed) -> Response:
    return show(
        desk,
        "registry_own.html",
        422 if typed.wrong else 200,
        tab=PATH,
        own=await user_store.fields(desk.deps.pool, desk.business.id),
        kinds=KINDS,
        of=MODULES,
        values={
            name: typed.form.get(name, "")
            for name in ("module", "name", "label", "kind", "choices")
        },
        wrong=typed.wrong,
    )


@router.post("/registry/fields")
async def add(desk: AdminDesk) -> Response:
    """One more."""
    typed = Typed(desk.language, desk.form)
    module, kind = typed.choice("module", MODULES), typed.choice("kind", [str(it) for it in KINDS])
    match = NAME.fullmatch(typed.plain("name"))
    label = typed.line("label", LONGEST_LABEL)
    choices = typed.lines("choices")[:MOST_CHOICES] if kind == Kind.PICKLIST else []
    if match is None:
        typed.refuse("name", m("Строчные латинские буквы, цифры и _, до 60 знаков."))
    if kind == Kind.PICKLIST and not choices:
        typed.refuse("choices", m("Впишите, из чего выбирать."))
    if typed.wrong or match is None:
        return await fields_page(desk, typed)
    name = f"cf_{match[1]}"
    if name in (await modules(desk))[module].by_name:
        typed.refuse("name", m("Такое поле уже есть."))
        return await fields_page(desk, typed)
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        await users.open_registry(connection, desk.deps.ring, desk.business.id)
        await user_store.add_field(
            *(connection, desk.business.id, module, name, label, kind, choices),
            made_by=desk.person.login,
        )
        await told(connection, desk, "field_added", f"{module}.{name}")
    return go(PATH, "added")
