"""A registry of a running installation, and a program that speaks its protocol as clients do."""

import hashlib
import itertools
import json
from dataclasses import dataclass, field
from typing import Any

import httpx2

from running_web import WebApp
from uzel.connections.business_store import add_business
from uzel.crm.catalogue import modules_of
from uzel.crm.forms import Asked, add_form
from uzel.crm.users import NewUser, add_user

PATH = "/webservice.php"
NUMBERS = itertools.count(1)
# Whether somebody waits for what another has locked.
WAITING = """
select exists (select from pg_stat_activity where datname = current_database()
    and wait_event_type = 'Lock' and query like '%crm_%')
"""


class Told(Exception):
    """The protocol's error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


@dataclass
class Program:
    """`user`: whom it signs in as."""

    app: WebApp
    user: NewUser
    session: str = ""
    session_field: str = field(default="sessionName")

    def send(self, method: str, given: dict[str, Any], **more: Any) -> httpx2.Response:
        if method == "GET":
            return self.app.client.get(PATH, params=given, **more)
        return self.app.client.request(method, PATH, data=given, **more)

    def ask(self, method: str, operation: str, **given: Any) -> Any:
        """The result. Raises Told."""
        said = {"operation": operation, **given}
        if self.session:
            said[self.session_field] = self.session
        return result_of(self.send(method, said))

    def get(self, operation: str, **given: Any) -> Any:
        return self.ask("GET", operation, **given)

    def post(self, operation: str, **given: Any) -> Any:
        return self.ask("POST", operation, **given)

    def log_in(self) -> "Program":
        token = self.get("getchallenge", username=self.user.login)["token"]
        answer = hashlib.md5(f"{token}{self.user.access_key}".encode()).hexdigest()
        found = self.post("login", username=self.user.login, accessKey=answer)
        self.session = found["sessionName"]
        return self

    def create(self, module: str, **fields: Any) -> Any:
        fields.setdefault("assigned_user_id", f"19x{self.user.id}")
        return self.post("create", elementType=module, element=json.dumps(fields))

    def refusal(self, method: str, operation: str, **given: Any) -> tuple[str, str]:
        """(code, message) of what is refused."""
        try:
            found = self.ask(method, operation, **given)
        except Told as told:
            return told.code, told.message
        raise AssertionError(found)


def result_of(response: httpx2.Response) -> Any:
    """The result of an answer, which is an envelope whatever it says. Raises Told."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    assert response.text.isascii()
    said = response.json()
    if said["success"] is True:
        assert set(said) == {"success", "result"}
        return said["result"]
    assert set(said) == {"success", "error"}
    assert set(said["error"]) == {"code", "message"}
    raise Told(**said["error"])


def new_program(app: WebApp, *, strict: bool = False, business: int | None = None) -> Program:
    """An account of a registry, that of a new business by default; nobody signed in yet."""

    async def made() -> NewUser:
        name = f"Фирма {next(NUMBERS)}"
        async with app.deps.pool.acquire() as connection, connection.transaction():
            number = business or await add_business(connection, name, "Europe/Moscow")
            user = await add_user(
                connection, app.deps.ring, number, f"api{next(NUMBERS)}", is_admin=True
            )
            await connection.execute(
                "update crm_registry set strict = $2 where business_id = $1", number, strict
            )
            return user

    return Program(app, app.run(made))


PDF = b"%PDF-1.4\n1 0 obj <<>> endobj\nxref\n0 1\ntrailer <<>>\nstartxref\n30\n%%EOF\n"


def pdf(size: int = 0, mark: str = "") -> bytes:
    """Something that begins and ends as a PDF does, of at least so many bytes."""
    body = mark.encode() + b"x" * max(0, size - len(PDF) - len(mark))
    return PDF.replace(b"endobj", body + b" endobj")


def new_form(program: Program, *files: str, **more: Any) -> tuple[str, int]:
    """(public id, number) of a form for people, with a name, a phone, ИНН, code and files."""
    fields = (Asked("lastname", "Фамилия", mandatory=True), Asked("mobile", "Телефон."),
              Asked("cf_contacts_inn", "ИНН"), Asked("code", "Код"), Asked("email", "Почта"),
              Asked("leadsource", "Источник", value="Web Site"))  # fmt: skip

    async def made() -> tuple[str, int]:
        pool = program.app.deps.pool
        async with pool.acquire() as connection, connection.transaction():
            business = await connection.fetchval(
                "select business_id from crm_user where id = $1", program.user.id
            )
            modules = await modules_of(connection, business)
            public_id = await add_form(
                connection, business, modules, f"Форма {next(NUMBERS)}", "Contacts",
                more.pop("fields", fields), files, "test", **more,
            )  # fmt: skip
            number = await connection.fetchval(
                "select id from crm_form where public_id = $1", public_id
            )
            return public_id, int(number)

    return program.app.run(made)
