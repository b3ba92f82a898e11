"""The switch: whoever is signed in may stop all payouts, at once and with one form; letting them
leave again is for those who decide.
"""

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from uzel.payouts import holding, payout_store
from uzel.people.store import note
from uzel.views import payouts_store
from uzel.web.console.claims_desk import show
from uzel.web.console.desk import OwnDesk
from uzel.web.console.form import local_path
from uzel.web.console.language import mark as m
from uzel.web.console.listing import LARGEST_INT, whole
from uzel.web.console.page import go

LONGEST_REASON = 500
# A stop is not refused for want of a word.
UNSAID = m("причина не названа")

router = APIRouter(include_in_schema=False)


@router.post("/payouts/stop")
async def stop(desk: OwnDesk) -> Response:
    """None leaves any more."""
    reason = " ".join(desk.form.get("reason", "").split())[:LONGEST_REASON] or UNSAID
    login = desk.person.login
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        if await payout_store.stop(connection, reason, login):
            await note(connection, login, "stop", "payouts", {"reason": reason})
    back = local_path(desk.form.get("back"))
    return go("/payouts" if back == "/" else back.partition("?")[0], "payouts_stopped")


@router.get("/payouts/go-on")
async def ask_go_on(desk: OwnDesk) -> Response:
    """Who stopped them and why, and what would leave."""
    standing = await payouts_store.standing(desk.deps.pool, None)
    return show(desk, "payouts_go.html", standing=standing)


@router.post("/payouts/go-on")
async def go_on(desk: OwnDesk) -> Response:
    """They leave again."""
    if not desk.may_decide:
        raise HTTPException(403)
    login = desk.person.login
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        await holding.go_on(connection, login)
    return go("/payouts", "payouts_go_on")


@router.post("/payouts/let-go")
async def let_go(desk: OwnDesk) -> Response:
    """What held itself back leaves again, of one connection."""
    if not desk.may_decide:
        raise HTTPException(403)
    through = whole(desk.form.get("through"), LARGEST_INT)
    if through is None:
        raise HTTPException(400)
    async with desk.deps.pool.acquire() as connection, connection.transaction():
        await holding.let_go(connection, desk.person.login, through)
    return go("/payouts", "payouts_go_on")
