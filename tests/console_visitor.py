"""A person at the console, by HTTP: signs in, opens pages, sends their forms."""

import asyncio
import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import asyncpg
import httpx2

from running_web import WebApp
from sample_data import ADMIN

TOKEN = re.compile(r'name="csrf" value="([^"]+)"')
# Rows whose pages are worth opening, and where they are.
PAGES_OF = {
    **{"event": "/events/", "raw_event": "/raw/", "message": "/messages/", "call": "/calls/"},
    "review_request": "/ratings/",
}
LISTS = (
    *("/", "/events", "/messages", "/calls", "/calls/waiting", "/parked", "/parked?state=any"),
    *("/connections", "/connections/1", "/connections/2", "/connections/3", "/connections/new"),
    *("/connections/new/iiko", "/connections/new/smsru", "/connections/2/edit"),
    *("/setup/iiko", "/setup/smsru", "/business", "/business/places/new", "/business/places/1"),
    *("/businesses", "/business/rules", "/business/texts", "/business/texts/edit?channel=email"),
    *("/business/texts/edit?variant=A", "/business/texts/edit?channel=whatsapp"),
    *("/business/rules/timing/edit", "/business/rules/guests/edit", "/business/rules/route/edit"),
    *("/business/rules/sending/edit", "/business/rules/money/edit"),
    *("/business/rules/ratings/edit", "/business/stop-list", "/business/stop-list/import"),
    *("/business/consents", "/business/consents/import"),
    *("/search", "/search?q=79990000101", "/search?q=nothing-like-this"),
    *("/funnel", "/ratings", "/costs", "/connections/1/setup", "/connections/2/setup"),
    *(
        "/ratings.csv",
        "/costs.csv",
        "/events.csv",
        "/messages.csv",
        "/calls.csv",
        "/business/stop-list.csv",
    ),
    "/business/consents.csv",
    *("/partners", "/partners/new", "/partners/limit/edit", "/rates", "/rates/limits/edit"),
    *("/claims", "/claims?state=any", "/claims/new", "/payouts", "/payouts/limits"),
    *("/payouts/go-on", "/payouts/books", "/payouts.csv"),
    *("/leads", "/leads/import", "/leads/robots", "/leads/crm", "/leads.csv"),
    *("/registry", "/registry/companies", "/registry/projects", "/registry/leads", "/registry.csv"),
    *("/registry/accounts", "/registry/fields", "/registry/forms", "/registry/forms/new"),
    *("/registry/mirror", "/registry/mirror/on"),
)


@dataclass
class Visitor:
    """`client` keeps the cookies; `csrf` is the token of the last page that had a form."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)
    csrf: str = ""

    def __post_init__(self) -> None:
        self.client = httpx2.Client(base_url=self.url, timeout=20, trust_env=False)
        self.client.headers.update({"accept-language": "ru", **self.headers})

    def sign_in(self, login: str = ADMIN[0], password: str = ADMIN[1]) -> "Visitor":
        """As this person."""
        self.page("/sign-in")
        answer = self.post("/sign-in", login=login, password=password)
        assert answer.status_code == 303, answer.text
        self.page("/")
        return self

    def get(self, path: str) -> httpx2.Response:
        """A page, whatever its status."""
        answer = self.client.get(path)
        if found := TOKEN.search(answer.text):
            self.csrf = unescape(found[1])
        return answer

    def page(self, path: str) -> str:
        """The text of a page that must be there."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:2000])
        return answer.text

    def post(self, path: str, **fields: str) -> httpx2.Response:
        """Send a form of ours."""
        return self.client.post(path, data={"csrf": self.csrf, **fields})

    def done(self, path: str, **fields: str) -> str:
        """Send a form that must be taken, and give the page it leads to."""
        answer = self.post(path, **fields)
        assert answer.status_code == 303, (path, answer.status_code, answer.text[:2000])
        return self.page(answer.headers["location"])


def all_pages(web_app: WebApp) -> list[str]:
    """Every page there is, with every row of the sample."""
    pages = list(LISTS)
    for table, address in PAGES_OF.items():
        pages += [f"{address}{row['id']}" for row in rows(web_app, f"select id from {table}")]
    return pages


def rows(web_app: WebApp, query: str, *values: Any) -> list[Any]:
    """Ask the database behind a server."""
    return web_app.run(lambda: web_app.deps.pool.fetch(query, *values))


def value(web_app: WebApp, query: str, *values: Any) -> Any:
    """The first column of the first row."""
    return web_app.run(lambda: web_app.deps.pool.fetchval(query, *values))


@contextlib.contextmanager
def copy_of(server_dsn: str, template: str, name: str) -> Iterator[str]:
    """A copy of a database while the block lasts; gives its address."""
    address, _, options = server_dsn.partition("?")
    scheme, rest = address.split("://", 1)
    dsn = f"{scheme}://{rest.partition('/')[0]}/{name}" + (f"?{options}" if options else "")
    asyncio.run(execute(server_dsn, f"create database {name} template {template}"))
    try:
        yield dsn
    finally:
        asyncio.run(execute(server_dsn, f"drop database if exists {name} with (force)"))


async def execute(dsn: str, statement: str) -> None:
    """One statement on a connection of its own."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
