"""Where the partner hears of changes, and what was sent there. All see it and may try it; address
and secret are changed by those who may make tokens.
"""

import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

from starlette.exceptions import HTTPException
from starlette.responses import Response

from uzel.connections.hook_url import HookRefused, HookUrl, read_address
from uzel.errors import ConfigError
from uzel.kit.database import Connection
from uzel.partners import hooks, own_hook
from uzel.partners.hooks import Delivery, NotResent
from uzel.partners.own_tokens import TokenRefused
from uzel.web.cabinet.desk import Desk
from uzel.web.cabinet.look import go, render
from uzel.web.cabinet.words import HOOK, HOOK_MAY_NOT, RESEND

PER_PAGE = 50
DELIVERY = re.compile(r"dlv_[0-9a-f]{32}")
ABOUT_LEAD = re.compile(r"lead_[0-9a-f]{16}")

Done = TypeVar("Done")


class Refused(Exception):
    """Nothing was changed; the page says why."""

    def __init__(self, said: str, status: int = 422) -> None:
        super().__init__(said)
        self.said = said
        self.status = status


async def show(desk: Desk) -> Response:
    return await page(desk)


async def set_address(desk: Desk) -> Response:
    """Another address: field `url`; empty: none."""
    try:
        # Before the transaction: names are looked up. Who may not need not learn what there is.
        if not desk.may_tokens:
            raise Refused(desk.language.text(HOOK_MAY_NOT))
        address = await address_of(desk)
        ring = desk.deps.ring
        done = await changed(desk, lambda it: own_hook.put(it, ring, desk.caller, address))
    except Refused as refused:
        return await page(desk, refused)
    if done.secret is None:
        return go("webhooks")
    return render(desk, "new_secret.html", 201, secret=done.secret, until=None)


async def address_of(desk: Desk) -> HookUrl | None:
    """What was typed. Raises Refused."""
    url = desk.form.get("url", "").strip()
    try:
        return await read_address(url) if url else None
    except ConfigError as error:
        raise Refused(worded(desk, error)) from None


async def rotate(desk: Desk) -> Response:
    """Another secret, shown this once."""
    ring = desk.deps.ring
    try:
        secret, until = await changed(desk, lambda it: own_hook.rotate(it, ring, desk.caller))
    except Refused as refused:
        return await page(desk, refused)
    return render(desk, "new_secret.html", 201, secret=secret, until=until)


async def test(desk: Desk) -> Response:
    """Send an event about nothing."""
    try:
        await changed(desk, lambda it: own_hook.test(it, desk.caller))
    except Refused as refused:
        return await page(desk, refused)
    return go("webhooks")


async def resend(desk: Desk) -> Response:
    """Once more what a delivery told."""
    wanted = delivery_id(desk.request.path_params["delivery_id"])
    try:
        await changed(desk, lambda it: own_hook.resend(it, desk.caller, wanted))
    except Refused as refused:
        return await page(desk, refused)
    return go("webhooks")


async def changed(desk: Desk, work: Callable[[Connection], Awaitable[Done]]) -> Done:
    """Do it in a transaction. Raises Refused, and HTTPException 404."""
    try:
        async with desk.deps.pool.acquire() as connection, connection.transaction():
            return await work(connection)
    except TokenRefused:
        raise Refused(desk.language.text(HOOK_MAY_NOT)) from None
    except NotResent as error:
        if error.code not in RESEND:
            raise HTTPException(404) from None
        raise Refused(desk.language.text(RESEND[error.code]), 409) from None
    except ConfigError as error:
        raise Refused(worded(desk, error)) from None


def worded(desk: Desk, error: ConfigError) -> str:
    """In the page's language where there are words of ours."""
    if isinstance(error, HookRefused) and error.code in HOOK:
        return desk.language.text(HOOK[error.code])
    return str(error)


async def page(desk: Desk, refused: Refused | None = None) -> Response:
    """What was typed stands in its field again."""
    partner, pool = desk.partner, desk.deps.pool
    before = None
    if refused is None and (cursor := desk.query.get("before")):
        last = await hooks.delivery(pool, partner.id, partner.book, delivery_id(cursor))
        if last is None:
            raise HTTPException(404)
        before = last.number
    found = await hooks.deliveries(pool, partner.id, partner.book, PER_PAGE + 1, before)
    older = found[PER_PAGE - 1].id if len(found) > PER_PAGE else None
    hook = await own_hook.found(pool, desk.caller)
    return render(
        desk,
        "webhooks.html",
        refused.status if refused else 200,
        hook=hook,
        can_change=desk.may_tokens and own_hook.may_change(hook),
        url=desk.form.get("url", hook.url if hook else ""),
        deliveries=found[:PER_PAGE],
        place=place_of,
        wrong=refused.said if refused else "",
        older=desk.path("webhooks", before=older) if older else None,
        newest=desk.path("webhooks") if before else None,
    )


def place_of(it: Delivery) -> str | None:
    """The page of what a delivery is about."""
    if it.subject is None:
        return None
    return f"{'leads' if ABOUT_LEAD.fullmatch(it.subject) else 'transactions'}/{it.subject}"


def delivery_id(text: str) -> str:
    """Raises HTTPException 404."""
    if not DELIVERY.fullmatch(text):
        raise HTTPException(404)
    return text
