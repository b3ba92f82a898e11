"""Forms of a site: what they ask for, and what becomes of what was said.

The protocol is that of vtiger's capture.php (originals, B3). Three things are better here. Who
comes again is the same person. What is known of somebody is only completed by what a stranger says
under their phone, unless the site has made sure whose it is. And what is refused is refused whole.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from uzel.crm import files, form_store, user_store
from uzel.crm.catalogue import Modules
from uzel.crm.codes import keep_code
from uzel.crm.files import MOST_BYTES, Given
from uzel.crm.form_writing import write
from uzel.crm.record import Record, Writer
from uzel.errors import ConfigError
from uzel.kit.database import Connection

SOURCE = "WEBFORM"
MODULES = ("Contacts", "Accounts")
CODE = "code"
UNCONFIRMED = "Телефон не подтверждён кодом из SMS"
LONGEST_URL = 500


class FormRefused(Exception):
    """What was posted is not taken; `message` is what the site is told."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Asked:
    """A field of a form. `value`: what it always is, whatever is posted."""

    name: str
    label: str
    mandatory: bool = False
    value: str = ""

    def as_json(self) -> dict[str, Any]:
        """As it lies in the database."""
        return {name: getattr(self, name) for name in self.__slots__}

    @property
    def neutral(self) -> str:
        """Its name for people who know no names of fields."""
        return "label:" + "_".join(self.label.replace(".", " ").split())


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a registry."""

    id: int
    business_id: int
    public_id: str
    name: str
    module: str
    fields: tuple[Asked, ...]
    files: tuple[str, ...]
    return_url: str | None
    replaces: bool
    confirms: bool
    owner_id: int
    strict: bool
    is_open: bool

    @classmethod
    def of(cls, row: Any) -> "Form":
        """From a row of `crm_form` with its registry's rules."""
        return cls(
            row["id"],
            row["business_id"],
            row["public_id"],
            row["name"],
            row["module"],
            tuple(Asked(**one) for one in row["fields"]),
            tuple(row["files"]),
            row["return_url"],
            row["replaces"],
            row["confirms"],
            row["owner_id"],
            row["strict"],
            row["disabled_at"] is None,
        )

    @property
    def writer(self) -> Writer:
        """As whom its records are written."""
        return Writer(
            self.business_id, self.owner_id, f"form:{self.name}", SOURCE, strict=self.strict
        )

    def input_of(self, nth: int) -> str:
        """The name of the input for its file number `nth`, from 0."""
        return f"file_{self.id}_{nth + 1}"


async def add_form(
    connection: Connection,
    business_id: int,
    modules: Modules,
    name: str,
    module: str,
    asked: Sequence[Asked],
    labels: Sequence[str],
    made_by: str,
    *,
    return_url: str | None = None,
    replaces: bool = False,
    confirms: bool = False,
) -> str:
    """A new form; gives its public id. Raises ConfigError."""
    demand_form(modules, module, asked, return_url, confirms=confirms)
    owners = [
        row for row in await user_store.users(connection, business_id) if not row["disabled_at"]
    ]
    if not owners:
        raise ConfigError("records need an owner: first make an account (uzel registry user add)")
    public_id = secrets.token_hex(16)
    added = await form_store.add(
        connection,
        business_id,
        public_id,
        name,
        module,
        [one.as_json() for one in asked],
        list(labels),
        return_url,
        owners[0]["id"],
        made_by,
        replaces=replaces,
        confirms=confirms,
    )
    if not added:
        raise ConfigError(f"there is a form {name} already")
    return public_id


async def change_form(
    connection: Connection,
    modules: Modules,
    form: Form,
    asked: Sequence[Asked],
    labels: Sequence[str],
    *,
    return_url: str | None,
    replaces: bool,
    confirms: bool,
) -> None:
    """What a form asks for from now on; its address and its name stay. Raises ConfigError."""
    demand_form(modules, form.module, asked, return_url, confirms=confirms)
    await form_store.change(
        connection,
        form.id,
        [one.as_json() for one in asked],
        list(labels),
        return_url,
        replaces=replaces,
        confirms=confirms,
    )


def demand_form(
    modules: Modules,
    module: str,
    asked: Sequence[Asked],
    return_url: str | None,
    *,
    confirms: bool,
) -> None:
    """A form that can be taken. Raises ConfigError."""
    demand_sense(modules, module, asked)
    if confirms and not {"mobile", CODE} <= {one.name for one in asked}:
        raise ConfigError("a form that confirms the phone asks for mobile and code")
    if return_url is not None:
        demand_url(return_url)


def demand_sense(modules: Modules, module: str, asked: Sequence[Asked]) -> None:
    """A form whose records can be made. Raises ConfigError."""
    if module not in MODULES:
        raise ConfigError(f"a form makes {' or '.join(MODULES)}, not {module}")
    known_fields = modules[module].by_name
    names = [one.name for one in asked]
    for name in names:
        if name != CODE and (name not in known_fields or not known_fields[name].editable):
            raise ConfigError(f"{module} have no field {name} that a form could fill")
    for field in known_fields.values():
        if field.mandatory and not field.system and field.name not in names:
            raise ConfigError(f"{module} need a {field.name}: the form has to ask for it")


def demand_url(url: str) -> None:
    """Where people are sent afterwards: a whole address of the web. Raises ConfigError."""
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_one = False
    if not is_one or len(url) > LONGEST_URL or not url.isprintable() or " " in url:
        raise ConfigError("the return address begins with https:// and has a host")


def said(form: Form, given: Mapping[str, str]) -> dict[str, str]:
    """Field → what was said, of the form's fields only: its own value, what was posted under the
    field's name, what was posted under its label, in this order. Raises FormRefused.
    """
    found: dict[str, str] = {}
    for one in form.fields:
        text = one.value or given.get(one.name, "") or given.get(one.neutral, "")
        if one.mandatory and not text.strip():
            raise FormRefused("Required fields not filled")
        if text.strip():
            found[one.name] = text
    return found


async def take(
    connection: Connection,
    form: Form,
    modules: Modules,
    given: Mapping[str, str],
    uploads: Mapping[str, Given],
    code_key: bytes,
    *,
    confirmed: bool,
) -> Record:
    """Whom a form is about, made or completed, with its files;
    confirmed: whether the phone is, if it has to be. Raises FormRefused, Refused, NotTaken.
    """
    if not form.is_open:
        raise FormRefused("webforms is not active")
    text = said(form, given)
    size = sum(one.size for one in uploads.values())
    if size > MOST_BYTES:
        raise FormRefused(
            "Allowed files size exceeded. Allowed file size including all files is 50MB."
        )
    if not confirmed:
        raise FormRefused(UNCONFIRMED)
    await files.demand_room(connection, form.business_id, size)
    module = modules[form.module]
    # Who has confirmed the phone is who is known by it.
    is_trusted = form.replaces or form.confirms
    record, is_trusted = await write(connection, form.writer, module, text, is_trusted=is_trusted)
    # A code opens a person's documents: a stranger who knows the phone does not get to choose it.
    if is_trusted and (code := text.get(CODE, "").strip()):
        await keep_code(connection, code_key, record.id, code)
    for nth, label in enumerate(form.files):
        upload = uploads.get(form.input_of(nth))
        if upload is not None:
            await files.attach(
                connection, form.writer, modules["Documents"], label, upload, beside=record.id
            )
    return record
