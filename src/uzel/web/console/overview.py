"""The overview: what flows, what is stuck and whose turn it is, today's numbers."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from fastapi import APIRouter
from starlette.responses import Response

from uzel.connectors import connectors
from uzel.views import mirrors_store
from uzel.views.costs import SpentBudget, spent_budgets
from uzel.views.event_store import list_events
from uzel.views.filters import EventFilter, MessageFilter
from uzel.views.leads import lead_trouble
from uzel.views.message_store import list_messages
from uzel.views.overview import Overview
from uzel.views.partners import money_trouble
from uzel.views.payouts import payout_trouble
from uzel.views.reconciliation import payout_trouble as book_trouble
from uzel.views.search import search
from uzel.views.shops import Glance as ShopGlance
from uzel.views.shops import glance
from uzel.views.shops_trouble import shops_in_trouble
from uzel.web.console.chart import charts_of
from uzel.web.console.desk import Desk, OwnDesk
from uzel.web.console.language import mark as m
from uzel.web.console.leads_trouble import of_leads
from uzel.web.console.money_trouble import of_money
from uzel.web.console.page import go, render
from uzel.web.console.payouts_trouble import of_books, of_payouts
from uzel.web.console.period import midnight
from uzel.web.console.ratings import waiting
from uzel.web.console.registry_trouble import of_mirrors
from uzel.web.console.shops_desk import all_shops
from uzel.web.console.shops_trouble import of_shops
from uzel.web.console.todo import todos
from uzel.web.console.trouble import OURS, THEIRS, YOURS, Trouble

VISIT, LATEST = "visit.completed", 8
PAGES = {
    **{"event": "/events", "message": "/messages", "call": "/calls", "raw_event": "/raw"},
    "order": "/shops/orders",
    "payment": "/partners/payments",
    "lead": "/leads",
}

router = APIRouter(include_in_schema=False)

OPEN = m("Открыть")
ON_PAUSE = m("На паузе: события принимаются, вызовы ждут.")
NOT_FETCHED = m(
    "На паузе: новые заказы не забираются. Потом Узел заберёт все, ни один не пропадёт."
)
ANEW = m("Доступ отозван: ничего не читается и не создаётся, пока его не выдадут заново.")
HEAPS = {
    "unknown_calls": (
        m("вызовы с неизвестным исходом"),
        m(
            "Ответ поставщика потерян. Сам Узел не повторит: могло бы выйти дважды, второе "
            "сообщение или вторая сделка. Решаете вы."
        ),
        ("ask", YOURS, "/calls/waiting", m("Решить")),
    ),
    "looked_up_calls": (
        m("вызовы без ответа"),
        m("Узел смотрит у поставщика, состоялись ли они: найденное засчитает, прочее повторит."),
        ("wait", OURS, "/calls?state=unknown", m("Посмотреть")),
    ),
    "parked": (
        m("отложенные запросы"),
        m("Тело не удалось разобрать. Оно сохранено; после исправления разберите заново."),
        ("bad", YOURS, "/parked", m("Посмотреть")),
    ),
    "unprocessed": (
        m("запросы ждут разбора"),
        m("Обычно это доли секунды. Если число растёт, проверьте, работает ли worker."),
        ("wait", OURS, "/parked?state=received", m("Посмотреть")),
    ),
    "undecided": (
        m("события без решения"),
        m("Узел примет решение сам, как только дойдёт до них."),
        ("wait", OURS, "/events?decision=pending", m("Посмотреть")),
    ),
    "overdue_calls": (
        m("вызовы опаздывают"),
        m("Они ждут дольше минуты: подключение на паузе, поставщик не отвечает или лимит мал."),
        ("wait", OURS, "/calls?state=planned", m("Посмотреть")),
    ),
}


@router.get("/")
async def show_overview(desk: OwnDesk) -> Response:
    """The first page."""
    seen, pool = await overview_of(desk), desk.deps.pool
    budgets = of_budgets(await spent_budgets(pool))
    shops = of_shops(desk, await shops_in_trouble(pool))
    async with pool.acquire() as connection:
        money = of_money(await money_trouble(connection))
        leads = of_leads(await lead_trouble(connection))
        payouts = of_payouts(await payout_trouble(connection), desk.attention.payouts)
        deals = of_mirrors(desk, await mirrors_store.in_trouble(connection))
        books = of_books(await book_trouble(connection, datetime.now(UTC)))
    guests = of_guests(await waiting(desk))
    stuck = [*troubles(desk, seen), *shops, *guests, *budgets, *money, *payouts, *books]
    stuck += [*leads, *deals]
    visits = await list_events(pool, EventFilter(type=VISIT), None, LATEST)
    messages = await list_messages(pool, MessageFilter(), None, LATEST)
    return render(
        desk,
        "overview.html",
        seen=seen,
        troubles=sorted(stuck, key=lambda t: ("ask", "bad", "wait").index(t.tone)),
        todos=list(todos(desk, seen)),
        charts=charts_of(seen.hours),
        shops=[
            (shop, await today_of(desk, shop.id))
            for shop in await all_shops(desk)
            if shop.state != "off"
        ],
        visits=visits.items,
        messages=messages.items,
    )


async def today_of(desk: Desk, shop_id: int) -> ShopGlance:
    """A shop since midnight."""
    today = datetime.now(UTC).astimezone(desk.zone).date()
    return await glance(desk.deps.pool, shop_id, midnight(today, desk.zone))


async def overview_of(desk: Desk) -> Overview:
    """The overview this process shares."""
    seen: Overview = await desk.request.app.state.glance.overview()
    return seen


def troubles(desk: Desk, seen: Overview) -> Iterator[Trouble]:
    """Everything that waits for somebody."""
    for heap in seen.stuck:
        text, about, (tone, turn, link, link_text) = HEAPS[heap.kind]
        since = heap.oldest_at
        yield Trouble(text, about, tone, turn, link, link_text, heap.count, heap.more, since)
    yield from connections_in_trouble(desk, seen)
    if not seen.workers:
        yield Trouble(
            m("нет работающего worker"),
            m("Запросы принимаются и хранятся, но не разбираются. Запустите «uzel serve»."),
            "bad", YOURS, "", "",
        )  # fmt: skip


def connections_in_trouble(desk: Desk, seen: Overview) -> Iterator[Trouble]:
    """Paused connections and those that are given a rest."""
    names = {active.id: active.title for active in desk.deps.registry.all()}
    for paused in seen.paused:
        page, polled = f"/connections/{paused.connection_id}", is_polled(paused.connector)
        about, link, link_text = ON_PAUSE, page, OPEN
        if paused.anew:
            about, link, link_text = ANEW, f"{page}#access", m("Подключить заново")
        elif polled:
            about = NOT_FETCHED
        yield Trouble(
            names.get(paused.connection_id, paused.name), about, "bad", YOURS, link, link_text,
            since=paused.since, reason=paused.reason,
        )  # fmt: skip
    for breaker in seen.breakers:
        yield Trouble(
            names.get(breaker.connection_id, breaker.name),
            m("Поставщик не отвечает. Узел даёт ему отдохнуть и попробует снова."),
            "wait", THEIRS, f"/connections/{breaker.connection_id}", OPEN,
            until=breaker.open_until, reason=breaker.reason,
        )  # fmt: skip


def is_polled(connector: str) -> bool:
    """Whether what comes from there has to be fetched."""
    known = connectors().get(connector)
    return known is not None and known.poll is not None


def of_guests(count: int) -> Iterator[Trouble]:
    """Guests who gave few stars or wrote to the owner."""
    if count:
        yield Trouble(
            m("гости ждут ответа"),
            m("Низкие оценки и сообщения владельцу, с которыми никто ещё не разобрался."),
            "ask", YOURS, "/ratings?which=unseen", m("Посмотреть"), count,
        )  # fmt: skip


def of_budgets(spent: Sequence[SpentBudget]) -> Iterator[Trouble]:
    """Businesses whose budget of today is spent."""
    for one in spent:
        yield Trouble(
            one.name,
            m("Бюджет на сегодня исчерпан: сообщения уйдут завтра или когда его поднимут."),
            "wait", OURS, f"/costs?business={one.business_id}", m("Посмотреть"),
            one.today.held or None,
        )  # fmt: skip


@router.get("/search")
async def find(desk: OwnDesk) -> Response:
    """One box for everything. A single hit is opened at once."""
    text = desk.request.query_params.get("q", "").strip()[:200]
    hits: Sequence[object] = ()
    if text:
        found = await search(desk.deps.pool, text)
        if len(found) == 1:
            return go(f"{PAGES[found[0].kind]}/{found[0].id}")
        hits = found
    return render(desk, "search.html", q=text, hits=hits, pages=PAGES)
