"""The control doors of the sandbox as routes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from uzel.connectors.amocrm.control import (
    TOKEN,
    AccountAsked,
    DealAsked,
    DeleteAsked,
    IntegrationAsked,
    MoveAsked,
    RevokeAsked,
    SeedAsked,
    Settings,
    TokenAsked,
    deleted,
    moved,
    seeded,
)
from uzel.connectors.amocrm.miniature import books
from uzel.connectors.amocrm.miniature.answers import Json
from uzel.connectors.amocrm.miniature.beginnings import USER_ID
from uzel.connectors.amocrm.miniature.calling import Call
from uzel.connectors.amocrm.runs import Run, RunAsked
from uzel.kit.control import JSON, Asking, answer, run_doors, taking

if TYPE_CHECKING:
    from uzel.connectors.amocrm.sandbox import Amocrm


class GrantAsked(BaseModel):
    """The body of `POST /_grant`."""

    model_config = ConfigDict(extra="forbid")

    client_id: str = Field(min_length=1)


def control_doors(amocrm: "Amocrm") -> list[BaseRoute]:
    doors = ControlDoors(amocrm)
    return [
        Route("/_settings", doors.read_settings),
        taking("/_settings", Settings, doors.change_settings),
        taking("/_deal", DealAsked, doors.deal),
        *run_doors(amocrm.desk, RunAsked, lambda asked: Run(asked, amocrm.tell)),
        Route("/_books", doors.books),
        Route("/_doubles", doors.doubles),
        Route("/_traffic", doors.traffic),
        Route("/_traffic", doors.forget_traffic, methods=["DELETE"]),
        acting("/_seed", SeedAsked, doors.seed),
        acting("/_move", MoveAsked, doors.move),
        acting("/_delete", DeleteAsked, doors.delete),
        acting("/_integrations", IntegrationAsked, doors.integration),
        acting("/_grant", GrantAsked, doors.grant),
        acting("/_token", TokenAsked, doors.token),
        acting("/_revoke", RevokeAsked, doors.revoke),
        acting("/_account", AccountAsked, doors.account),
    ]


def acting(path: str, of: type[Asking], act: Callable[[Asking], Json]) -> Route:
    """A door whose body is of that model. What it means may be missing: 404."""

    async def acted(asked: Asking) -> Response:
        try:
            return answer(act(asked))
        except KeyError as error:
            return answer({"errors": [f"there is no {error}"]}, 404)

    return taking(path, of, acted)


class ControlDoors:
    """What the doors do."""

    def __init__(self, amocrm: "Amocrm") -> None:
        self.amocrm = amocrm

    async def read_settings(self, request: Request) -> Response:
        return self.settings()

    def settings(self) -> Response:
        return Response(self.amocrm.settings.model_dump_json(), media_type=JSON)

    async def change_settings(self, asked: Settings) -> Response:
        """Whatever is changed, who was blocked for asking too much is so no longer."""
        changes = asked.model_dump(include=asked.model_fields_set)
        self.amocrm.settings = self.amocrm.settings.model_copy(update=changes)
        self.amocrm.traffic.pardon()
        return self.settings()

    async def deal(self, asked: DealAsked) -> Response:
        lead, statuses = await self.amocrm.tell(asked)
        account = self.amocrm.accounts.whose(asked.token, asked.client_id)
        contacts = [contact for contact, _ in account.links.of("leads", lead.id, "contacts")]
        return answer({"lead_id": lead.id, "contacts": contacts, "statuses": statuses})

    async def books(self, request: Request) -> Response:
        found = books.books(self.account_asked(request))
        part = request.query_params.get("part")
        return answer(found if part is None else {part: found.get(part)})

    async def doubles(self, request: Request) -> Response:
        return answer(books.doubles(self.account_asked(request)))

    def account_asked(self, request: Request) -> Any:
        asked = request.query_params
        return self.amocrm.accounts.whose(asked.get("token", TOKEN), asked.get("client_id"))

    async def traffic(self, request: Request) -> Response:
        return answer(self.amocrm.traffic.shown())

    async def forget_traffic(self, request: Request) -> Response:
        self.amocrm.traffic.reset()
        return Response(status_code=204)

    def seed(self, asked: SeedAsked) -> Json:
        return seeded(self.amocrm.accounts.whose(asked.token, asked.client_id), asked)

    def move(self, asked: MoveAsked) -> Json:
        return self.told(moved(self.amocrm.accounts.whose(asked.token, asked.client_id), asked))

    def delete(self, asked: DeleteAsked) -> Json:
        return self.told(deleted(self.amocrm.accounts.whose(asked.token, asked.client_id), asked))

    def told(self, call: Call) -> Json:
        self.amocrm.post(call)
        return {"events": [event.name for event in call.events]}

    def integration(self, asked: IntegrationAsked) -> Json:
        """Made, or changed if there is one of that id."""
        accounts = self.amocrm.accounts
        found = accounts.access.integration(asked.client_id)
        found.secret = asked.client_secret or found.secret
        found.redirect_uri = asked.redirect_uri or found.redirect_uri
        if asked.token is not None:
            found.account = accounts.name(asked.token)
        return {"client_id": found.id, "account_id": accounts.named(found.account).id}

    def grant(self, asked: GrantAsked) -> Json:
        """A code, as if somebody had agreed."""
        access = self.amocrm.accounts.access
        return {"code": access.new_code(asked.client_id, None, self.amocrm.settings)}

    def token(self, asked: TokenAsked) -> Json:
        """A long-lived token: it cannot be renewed."""
        access = self.amocrm.accounts.access
        owner = access.integration(asked.client_id)
        account_id = self.amocrm.accounts.named(owner.account).id
        made = access.new_token(owner, account_id, "amocrm.ru", USER_ID, asked.lives_s)
        return {"access_token": made}

    def revoke(self, asked: RevokeAsked) -> Json:
        """Somebody takes away what was granted; the API then answers 401."""
        access = self.amocrm.accounts.access
        number = 0 if asked.client_id is None else access.revoke(asked.client_id)
        if asked.token is not None:
            access.revoked.add(asked.token)
            number += 1
        return {"revoked": number}

    def account(self, asked: AccountAsked) -> Json:
        account = self.amocrm.accounts.whose(asked.token, asked.client_id)
        account.subdomain = asked.subdomain or account.subdomain
        account.moved = asked.moved
        return {"id": account.id, "subdomain": account.subdomain, "moved": account.moved}
