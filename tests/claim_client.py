"""A program that speaks about claims to a running installation, and people who decide on them."""

import itertools
from dataclasses import dataclass
from typing import Any

import httpx2

from running_web import WebApp
from uzel.connections import manage
from uzel.kit.secrets import fingerprint
from uzel.people import token_store
from uzel.people.scopes import CLAIMS_DECIDE, CLAIMS_READ, CLAIMS_WRITE
from uzel.people.store import add_token, save_person

PATH = "/api/v1/claims"
PHONE = {"phone": "+7 999 000-00-01", "bank": "Сбербанк"}
NUMBERS = itertools.count(1)
# Login → role.
PEOPLE = {"vera": "approver", "boris": "admin", "oleg": "operator"}


@dataclass
class Room:
    """`shop` is nobody's token; every other one speaks for a person of its name."""

    app: WebApp

    def ask(self, method: str, path: str = "", *, by: str = "shop", **more: Any) -> httpx2.Response:
        headers = {"authorization": f"Bearer {token_of(by)}", **more.pop("headers", {})}
        return self.app.client.request(method, f"{PATH}{path}", headers=headers, **more)

    def add(self, by: str = "shop", **fields: Any) -> Any:
        """A claim that was taken in."""
        asked = {
            "amount": "1000.50",
            "name": "Иванова Анна",
            "purpose": "Приз",
            "external_id": f"prize-{next(NUMBERS)}",
            "submit": True,
            **({} if "card" in fields else PHONE),
            **fields,
        }
        answer = self.ask("POST", by=by, json=asked)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def decide(self, claim: Any, by: str = "vera") -> httpx2.Response:
        path = f"/{claim['id']}/approve"
        return self.ask("POST", path, by=by, json={"version": claim["version"]})


def token_of(name: str) -> str:
    return f"uzel_sample-{name}-claims"


def open_room(app: WebApp) -> Room:
    """With a connection to pay through, tokens and people."""

    async def work() -> None:
        async with app.deps.pool.acquire() as connection, connection.transaction():
            settings = {"token": "t", "base_url": "https://konsol.example"}
            await manage.add(connection, app.deps.ring, "konsol", "main", settings, rate_per_s=1)
            all_scopes = [CLAIMS_READ, CLAIMS_WRITE, CLAIMS_DECIDE]
            for name in ("shop", "other", *PEOPLE):
                await add_token(connection, name, fingerprint(token_of(name)), all_scopes)
            for login, role in PEOPLE.items():
                await save_person(connection, login, "x", role)
                assert await token_store.bind(connection, fingerprint(token_of(login)), login)
        await app.deps.registry.refresh()

    app.run(work)
    return Room(app)
