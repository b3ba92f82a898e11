"""Where events are posted to, by a program or by the provider; and the log of what came."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from uzel.errors import PayloadInvalid, SignatureInvalid
from uzel.events.door import Request as Hooked
from uzel.flows.payouts.means import CONNECTOR
from uzel.flows.payouts.notices import Sent, heard
from uzel.kit.database import Pool
from uzel.payouts.programs import notice_store as store
from uzel.payouts.programs.documented import moment
from uzel.people.manage import network_of
from uzel.web.deps import deps_of
from uzel.web.konsol.gate import Call, address_of, means_of
from uzel.web.konsol.reading import listed, page_of
from uzel.web.konsol.reply import NotDone, done
from uzel.web.partner.carriers import TooLarge, read_body
from uzel.web.partner.wrong_tokens import Bucket

# Nobody has to prove anything to post here, so it has a pace: a minute from one sender, from all.
FROM_ONE, FROM_ALL = 120, 1200
MOST_SENDERS = 10_000
TAKEN = "Принято"


class Webhook:
    """One for a web process."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._all = Bucket(FROM_ALL, clock())
        self._senders: OrderedDict[str, Bucket] = OrderedDict()

    async def take(self, request: Request) -> Response:
        """POST /konsol/webhook. With the key of the connection's hook in the address it is that
        hook; else what comes is a hint. The answer does not tell what we know of it.
        """
        self.slow_down(address_of(request))
        try:
            body = await read_body(request)
        except TooLarge:
            raise NotDone("body_too_large") from None
        if "key" in request.query_params:
            return await hooked(request, body)
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        sent = Sent(body, *(request.headers.get(name, "") for name in names))
        try:
            await heard(means_of(deps_of(request)), sent)
        except PayloadInvalid:
            raise NotDone("invalid_json") from None
        except SignatureInvalid:
            raise NotDone("bad_signature") from None
        return done({"accepted": True}, TAKEN)

    def slow_down(self, address: str) -> None:
        """Raises NotDone where there is too much."""
        now, sender = self._clock(), network_of(address)
        bucket = self._senders.pop(sender, None) or Bucket(FROM_ONE, now)
        self._senders[sender] = bucket
        if len(self._senders) > MOST_SENDERS:
            self._senders.popitem(last=False)
        wait_s = max(bucket.wait_s(now), self._all.wait_s(now))
        if wait_s > 0:
            raise NotDone("rate_limited", headers={"retry-after": str(int(wait_s) + 1)})
        bucket.move(-1)
        self._all.move(-1)


async def hooked(request: Request, body: bytes) -> Response:
    """As if it had come to the hook of the connection."""
    asked = Hooked(
        CONNECTOR,
        request.headers.raw,
        request.scope["query_string"].decode("latin-1"),
        body,
        address_of(request) or None,
    )
    reply = await deps_of(request).door.enter(asked)
    headers = {"retry-after": "5"} if reply.status == 503 else {}
    return Response(reply.body, reply.status, headers, "application/json")


async def log(call: Call) -> Response:
    """GET /konsol/webhooks"""
    page, per_page = page_of(call.request)
    pool: Pool = call.means.pool
    total, rows = await store.page(pool, call.asker.connection_id, page, per_page)
    items = [shown(row) for row in rows]
    return done(listed("webhooks", items, total, page, per_page), "Журнал вебхуков")


def shown(row: Any) -> dict[str, Any]:
    """One line of the log."""
    return {
        "id": row["id"],
        "received_at": moment(row["at"]),
        "kind": row["kind"],
        "event": row["event"],
        "payment": row["payment"],
        "payment_id": row["payment_id"],
        "signature": row["signature"],
        "outcome": row["outcome"],
        "body": row["body"],
    }
