"""A registry of a running installation, and a program that speaks its protocol as clients do."""

import hashlib
import itertools
import json
from dataclasses import dataclass, field
from typing import Any

import httpx2

from running_web import WebApp
from uzel.connections.business_store import add_business
from uzel.crm.users import NewUser, add_user

PATH = "/webservice.php"
NUMBERS = itertools.count(1)


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


def new_program(app: WebApp, *, strict: bool = False) -> Program:
    """An account of a new business's registry; nobody signed in yet."""

    async def made() -> NewUser:
        name = f"Фирма {next(NUMBERS)}"
        async with app.deps.pool.acquire() as connection, connection.transaction():
            business = await add_business(connection, name, "Europe/Moscow")
            user = await add_user(
                connection, app.deps.ring, business, f"api{next(NUMBERS)}", is_admin=True
            )
            await connection.execute(
                "update crm_registry set strict = $2 where business_id = $1", business, strict
            )
            return user

    return Program(app, app.run(made))
