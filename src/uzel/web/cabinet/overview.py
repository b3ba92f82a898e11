"""The first page: the balance, the last thirty days, the last five payments."""

from datetime import timedelta

from starlette.responses import Response

from uzel.ledger.accounts import standing
from uzel.partners import cabinet_store, payment_store
from uzel.web.cabinet.desk import Desk, today
from uzel.web.cabinet.look import render
from uzel.web.cabinet.picture import DAYS, days_of, picture_of
from uzel.web.console.period import midnight

LAST = 5


async def show(desk: Desk) -> Response:
    partner, pool, day = desk.partner, desk.deps.pool, today(desk).date()
    since = midnight(day - timedelta(days=DAYS - 1), desk.zone)
    stands = await standing(pool, partner.account)
    assert stands is not None
    rows = await cabinet_store.by_day(pool, partner.id, partner.book, desk.zone.key, since)
    last = await payment_store.newest(pool, partner.id, partner.book, LAST)
    picture = picture_of(days_of(rows, day))
    return render(desk, "overview.html", stands=stands, picture=picture, rows=last)
