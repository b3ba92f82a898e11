"""A guest who got a link, by HTTP: opens it, rates, writes, stops."""

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx2

from parts import new_phone
from running_web import WebApp
from uzel.flows.review_requests.wish import new_code
from uzel.kit import database

PHONE_BROWSER = (
    "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/141.0.0.0 Mobile Safari/537.36"
)
LINKS = {
    "yandex_url": "https://yandex.example/maps/org/uzel/1/reviews/?add-review=true",
    "gis_url": "https://2gis.example/firm/1/addreview",
    "google_url": "https://search.google.example/local/writereview?placeid=uzel",
}
# Where nobody listens.
NOWHERE = "postgresql://nobody@127.0.0.1:9/nothing"
MANAGER_PHONE, MANAGER_EMAIL = "+79990000900", "manager@cafe.example"

NEW_PLACE = """
insert into place (business_id, name, review_url, yandex_url, gis_url, google_url, source_ref,
                   manager_phone, manager_email)
values (1, $1, $2, $3, $4, $5, $6, $7, $8) returning id
"""
NEW_REQUEST = """
insert into review_request (business_id, connection_id, visit, place_id, event_id, phone, email,
                            guest_name, state, code, created_at)
values (1, 1, $1, $2, (select min(id) from event), $3, $4, 'Айгуль', 'asked', $5,
        now() - make_interval(days => $6))
returning id
"""


@dataclass
class Guest:
    """Somebody who was asked about a visit. `id` is the request's."""

    web: WebApp
    id: int
    code: str
    phone: str
    email: str
    headers: dict[str, str] = field(default_factory=lambda: {"user-agent": PHONE_BROWSER})

    @property
    def path(self) -> str:
        return f"/r/{self.code}"

    def ask(self, method: str, more: str = "", **request: Any) -> httpx2.Response:
        """Any request to an address below the link."""
        headers = {**self.headers, **request.pop("headers", {})}
        return self.web.client.request(method, self.path + more, headers=headers, **request)

    def open(self, more: str = "") -> str:
        """A page that must be there."""
        answer = self.ask("GET", more)
        assert answer.status_code == 200, answer.text
        return answer.text

    def rate(self, stars: object) -> httpx2.Response:
        return self.ask("POST", data={"stars": str(stars)})

    def tell(self, text: str) -> httpx2.Response:
        return self.ask("POST", "/message", data={"text": text})

    def row(self) -> Any:
        """What is written down about the request."""
        query = "select * from review_request where id = $1"
        return self.web.run(lambda: self.web.deps.pool.fetchrow(query, self.id))

    def follows(self) -> list[str]:
        """The platforms the guest is known to have gone on to."""
        query = "select platform from review_follow where request_id = $1 order by at, platform"
        return [row["platform"] for row in self._fetch(query, self.id)]

    def alerts(self) -> list[Any]:
        """Messages to the manager about this request."""
        query = "select * from message where origin like 'low_rating:' || $1::text || ':%'"
        return self._fetch(query + " order by id", str(self.id))

    def stops(self) -> set[str]:
        """Which of the guest's addresses are on the stop-list."""
        query = "select address from stop_list where business_id = 1 and address = any($1)"
        return {row["address"] for row in self._fetch(query, [self.phone, self.email])}

    def _fetch(self, query: str, *values: Any) -> list[Any]:
        return self.web.run(lambda: self.web.deps.pool.fetch(query, *values))


def new_guest(
    web: WebApp,
    *,
    place: str = "Кофейня «Узел»",
    links: dict[str, str] | None = None,
    manager: tuple[str | None, str | None] = (None, None),
    age_days: int = 0,
) -> Guest:
    """A guest of a new place. `manager`: phone, e-mail."""
    links = LINKS if links is None else links
    code, phone = new_code(), new_phone()
    email = f"{secrets.token_hex(6)}@guest.example"
    urls = [links.get(n) for n in ("review_url", "yandex_url", "gis_url", "google_url")]
    pool = web.deps.pool
    place_id = web.run(
        lambda: pool.fetchval(NEW_PLACE, place, *urls, secrets.token_hex(8), *manager)
    )
    number = web.run(
        lambda: pool.fetchval(
            NEW_REQUEST, secrets.token_hex(8), place_id, phone, email, code, age_days
        )
    )
    return Guest(web, number, code, phone, email)


@contextlib.contextmanager
def no_database(web: WebApp) -> Iterator[None]:
    """Connections are refused while the block lasts."""

    async def dead() -> database.Pool:
        return await asyncpg.create_pool(NOWHERE, min_size=0, timeout=5)

    alive, web.deps.pool = web.deps.pool, web.run(dead)
    try:
        yield
    finally:
        web.deps.pool = alive
