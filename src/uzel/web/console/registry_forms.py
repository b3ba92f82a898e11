"""Forms of a site: what they ask for, as a table; their HTML, to be put on the site."""

from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from uzel.crm import form_store
from uzel.crm.field import Module
from uzel.crm.form_html import html_of
from uzel.crm.forms import CODE, MODULES, Asked, Form, add_form, change_form
from uzel.crm.user_store import users
from uzel.errors import ConfigError
from uzel.web.console.desk import AdminDesk, Desk
from uzel.web.console.language import mark as m
from uzel.web.console.listing import found, row_id
from uzel.web.console.page import go
from uzel.web.console.registry_accounts import told
from uzel.web.console.registry_desk import TAB_OF, label, modules, show
from uzel.web.console.typed import Typed

PATH = "/registry/forms"
LONGEST_NAME, LONGEST_LABEL, LONGEST_VALUE, MOST_FILES = 100, 100, 500, 20
CODE_LABEL = m("Код из SMS")

router = APIRouter(include_in_schema=False)


@router.get("/registry/forms")
async def show_forms(desk: AdminDesk) -> Response:
    """All of them."""
    rows = await form_store.forms(desk.deps.pool, desk.business.id)
    owners = [
        row for row in await users(desk.deps.pool, desk.business.id) if not row["disabled_at"]
    ]
    return show(
        desk, "registry_forms.html", tab=PATH, forms=rows, of=TAB_OF, can_add=bool(owners),
        kinds=MODULES,
    )  # fmt: skip


@router.get("/registry/forms/new")
async def ask_new(desk: AdminDesk) -> Response:
    """An empty table."""
    module = desk.request.query_params.get("module", MODULES[0])
    return await form_page(desk, the_module(module), None, Typed(desk.language, {}))


def the_module(name: str) -> str:
    """Raises HTTPException 404."""
    if name not in MODULES:
        raise HTTPException(404)
    return name


@router.post("/registry/forms/new")
async def add(desk: AdminDesk) -> Response:
    """A new form."""
    module, known = the_module(desk.form.get("module", "")), await modules(desk)
    typed = Typed(desk.language, desk.form)
    name = typed.line("name", LONGEST_NAME)
    asked = asked_of(desk, typed, known[module], [])
    more = settings_of(typed, asked)
    if typed.wrong:
        return await form_page(desk, module, None, typed)
    try:
        async with desk.deps.pool.acquire() as connection, connection.transaction():
            files = typed.lines("files")
            await add_form(
                *(connection, desk.business.id, known, name, module, asked, files),
                desk.person.login,
                **more,
            )
            await told(connection, desk, "form_added", name)
    except ConfigError:
        typed.refuse(
            "name",
            m("Форма с таким названием уже есть, или у реестра нет открытых учётных записей."),
        )
        return await form_page(desk, module, None, typed)
    for row in await form_store.forms(desk.deps.pool, desk.business.id):
        if row["name"] == name:
            return go(f"{PATH}/{row['id']}", "added")
    raise HTTPException(404)


async def the_form(desk: Desk, number: str) -> Any:
    """A form's row. Raises HTTPException 404."""
    return found(await form_store.find(desk.deps.pool, desk.business.id, row_id(number)))


@router.get("/registry/forms/{number}")
async def show_form(desk: AdminDesk, number: str) -> Response:
    """What it asks for, and its HTML."""
    row = await the_form(desk, number)
    return await form_page(desk, row["module"], row, Typed(desk.language, {}))


async def form_page(desk: Desk, module: str, row: Any, typed: Typed) -> Response:
    """`row`: None of a form to be."""
    known = (await modules(desk))[module]
    values = dict(typed.form) if typed.form else kept(row)
    return show(
        desk,
        "registry_form.html",
        422 if typed.wrong else 200,
        tab=PATH,
        form=row,
        module=module,
        choices=[(name, label_of(desk, known, name)) for name in askable(known, row)],
        required={it.name for it in known.fields if it.mandatory and not it.system},
        html=html_of(row, desk.deps.settings.url) if row is not None else "",
        code=CODE,
        values={
            "name": "",
            "return_url": "",
            "files": "",
            "replaces": "",
            "confirms": "",
            **values,
        },
        wrong=typed.wrong,
    )


def label_of(desk: Desk, module: Module, name: str) -> str:
    """What the field is called on the site, unless somebody writes something else."""
    return str(desk.language.text(CODE_LABEL)) if name == CODE else label(desk, module, name)


def askable(module: Module, row: Any) -> list[str]:
    """Fields that a form may ask for: those it asks for in their order, then the others."""
    names = [it.name for it in module.fields if it.editable and not it.system]
    asked = [it["name"] for it in row["fields"]] if row is not None else []
    return list(dict.fromkeys((*asked, *names, *((CODE,) if module.name == MODULES[0] else ()))))


def kept(row: Any) -> dict[str, str]:
    """A form as its page's inputs have it."""
    if row is None:
        return {}
    values = {
        "name": row["name"],
        "return_url": row["return_url"] or "",
        "files": "\n".join(row["files"]),
        "replaces": "on" if row["replaces"] else "",
        "confirms": "on" if row["confirms"] else "",
    }
    for it in row["fields"]:
        name = it["name"]
        values[f"l_{name}"], values[f"v_{name}"] = it["label"], it["value"]
        values[f"a_{name}"] = "" if it["value"] else "on"
        values[f"m_{name}"] = "on" if it["mandatory"] else ""
    return values


def asked_of(desk: Desk, typed: Typed, module: Module, before: list[str]) -> list[Asked]:
    """What was ticked: asked for, or always the same."""
    names = dict.fromkeys((*before, *askable(module, None)))
    asked = []
    for name in names:
        text = typed.line(f"l_{name}", LONGEST_LABEL, needed=False)
        value = typed.line(f"v_{name}", LONGEST_VALUE, needed=False)
        if typed.switch(f"a_{name}") or value:
            said = text or label_of(desk, module, name)
            asked.append(Asked(name, said, typed.switch(f"m_{name}") and not value, value))
    demand_needed(desk, typed, module, asked)
    return asked


def demand_needed(desk: Desk, typed: Typed, module: Module, asked: list[Asked]) -> None:
    """What a record cannot do without has to be filled in, or set."""
    sure = {it.name for it in asked if it.mandatory or it.value}
    for field in module.fields:
        if field.mandatory and not field.system and field.name not in sure:
            name = label(desk, module, field.name)
            typed.refuse(
                "fields",
                m("Без поля «{name}» записи не бывает: отметьте его обязательным."),
                name=name,
            )


def settings_of(typed: Typed, asked: list[Asked]) -> dict[str, Any]:
    """The rest of a form."""
    if len(typed.lines("files")) > MOST_FILES:
        typed.refuse("files", m("Не больше {n} файлов."), n=MOST_FILES)
    confirms = typed.switch("confirms")
    if confirms and not {"mobile", CODE} <= {it.name for it in asked if not it.value}:
        typed.refuse(
            "confirms", m("Чтобы подтвердить телефон, форма спрашивает телефон и код из SMS.")
        )
    return {
        "return_url": typed.url("return_url"),
        "replaces": typed.switch("replaces"),
        "confirms": confirms,
    }


@router.post("/registry/forms/{number}")
async def save(desk: AdminDesk, number: str) -> Response:
    """What it asks for from now on."""
    row, known = await the_form(desk, number), await modules(desk)
    typed, module = Typed(desk.language, desk.form), known[row["module"]]
    asked = asked_of(desk, typed, module, [it["name"] for it in row["fields"]])
    more = settings_of(typed, asked)
    if typed.wrong:
        return await form_page(desk, module.name, row, typed)
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        files = typed.lines("files")
        await change_form(connection, known, Form.of(row), asked, files, **more)
        await told(connection, desk, "form_changed", row["name"])
    return go(f"{PATH}/{row['id']}", "saved")


@router.post("/registry/forms/{number}/{act}")
async def switch(desk: AdminDesk, number: str, act: str) -> Response:
    """Take nothing from it any more, or take it again."""
    if act not in ("close", "open"):
        raise HTTPException(404)
    row, closes = await the_form(desk, number), act == "close"
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        await form_store.set_disabled(connection, desk.business.id, row["name"], disabled=closes)
        await told(connection, desk, "form_closed" if closes else "form_opened", row["name"])
    return go(f"{PATH}/{row['id']}", "saved")
