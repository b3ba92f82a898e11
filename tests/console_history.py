"""A believable day for pictures of the console: visits sent through a demo, then moved back in
time so that they spread over the last 24 hours as a café's visits do.
"""

import asyncio
import json
import random
from datetime import UTC, datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

import asyncpg

from acceptance_demo import Demo, ask
from console_pages import send, visit
from uzel.kit.embedded import running
from uzel.web.console.zones import ZONES

NAMES = ("Мария", "Иван", "Айгерим", "Пётр", "Анна", "Тимур", "Елена", "Олжас")
VISITS = 260
# How busy each hour of the day is.
BUSY = (2, 1, 0, 0, 0, 0, 1, 4, 9, 8, 7, 9, 14, 15, 10, 8, 8, 10, 14, 16, 13, 9, 6, 4)

# Rows of each table move with the request they come from; ids keep growing with time.
MOVES = (
    "create temp table target as select id, received_at, moment from ("
    "  select id, received_at, row_number() over (order by id) as n from raw_event) r"
    "  join unnest($1::timestamptz[]) with ordinality as m(moment, n) using (n)",
    "update raw_event r set received_at = t.moment, processed_at = r.processed_at + "
    "(t.moment - t.received_at) from target t where t.id = r.id",
    "update event e set created_at = e.created_at + (t.moment - t.received_at), occurred_at = "
    "e.occurred_at + (t.moment - t.received_at) from target t where t.id = e.raw_event_id",
    "create temp table moved as select m.id, t.moment - t.received_at as by from message m "
    "join event e on e.id = m.event_id join target t on t.id = e.raw_event_id",
    "update message m set created_at = created_at + v.by, accepted_at = accepted_at + v.by, "
    "settled_at = settled_at + v.by, updated_at = updated_at + v.by, "
    "cost_minor = case when m.state in ('delivered', 'accepted') then 419 * m.segments end, "
    "currency = 'RUB' from moved v where v.id = m.id",
    "update call c set created_at = created_at + v.by, due_at = due_at + v.by, "
    "started_at = started_at + v.by, finished_at = finished_at + v.by, history = ("
    "  select coalesce(jsonb_agg(h || jsonb_build_object("
    "  'started_at', (h->>'started_at')::timestamptz + v.by,"
    "  'finished_at', (h->>'finished_at')::timestamptz + v.by)), '[]')"
    "  from jsonb_array_elements(c.history) h) "
    "from moved v where c.effect = 'message:' || v.id",
)
OPEN = (
    "select (select count(*) from message where state in ('planned', 'accepted')) "
    "+ (select count(*) from raw_event where state = 'received')"
)


def fill(demo: Demo) -> None:
    """Send a day's visits one after the other, each settled before the next, then move them to
    where they belong.
    """
    settings = json.dumps({"receipt_delay_s": 0.05, "heartbeat_every": 1_000_000}).encode()
    kind = {"content-type": "application/json"}
    ask("POST", f"{demo.told['sandbox_url']}/smsru/_settings", settings, kind)
    chance = random.Random(7)
    server = running(demo.data_dir)
    assert server is not None
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(server.dsn))
        for number in range(1201, 1201 + VISITS):
            send(demo, *one_visit(chance, number))
            runner.run(settled(connection))
        for number in (1602, 1603):
            demo.fault(connector="smsru", operation="send_sms", kind="reset", times=1)
            send(demo, visit(number, f"+7999412{number}", name="Анна"))
            runner.run(settled(connection))
        demo.post("iiko", b'"not an event"')
        send(demo, *one_visit(chance, 1604))
        runner.run(settled(connection))
        runner.run(move(connection))
        runner.run(connection.close())


async def settled(connection: asyncpg.Connection) -> None:
    """Wait until nothing is under way."""
    async with asyncio.timeout(60):
        while await connection.fetchval(OPEN):
            await asyncio.sleep(0.03)


def one_visit(chance: random.Random, number: int) -> list[dict[str, object]]:
    """What iiko tells of one order."""
    order, draw = str(uuid4()), chance.random()
    phone: str | None = f"+7999{chance.randrange(10**7):07d}"
    if draw < 0.04:
        phone = f"+7701{chance.randrange(10**7):07d}"
    elif draw < 0.16:
        phone = None
    about = {"name": chance.choice(NAMES), "total": 50.0 * chance.randrange(12, 90)}
    status = "Cancelled" if 0.16 < draw < 0.2 else "Delivered"
    told = [visit(number, phone, status=status, order=order, **about)]  # type: ignore[arg-type]
    if draw > 0.7:
        told.append(visit(number, phone, order=order, **about))  # type: ignore[arg-type]
    return told


async def move(connection: asyncpg.Connection) -> None:
    """Rewrite the times."""
    zone = afternoon()
    await connection.execute("update business set name = 'Кофейни «Узел»', time_zone = $1", zone)
    count = await connection.fetchval("select count(*) from raw_event")
    async with connection.transaction():
        await connection.execute(MOVES[0].replace("$1", literal(moments(count, zone))))
        for statement in MOVES[1:]:
            await connection.execute(statement)


def literal(times: list[datetime]) -> str:
    """An array of times in SQL; a temporary table cannot be made with parameters."""
    return "array[" + ", ".join(f"'{time.isoformat()}'::timestamptz" for time in times) + "]"


def afternoon() -> str:
    """The zone where it is nearest to six in the evening: most of its day lies behind."""
    now = datetime.now(UTC)
    return min(ZONES, key=lambda zone: abs(now.astimezone(ZoneInfo(zone)).hour - 18))


def moments(count: int, zone: str) -> list[datetime]:
    """So many times of the last 24 hours, oldest first, the last one just now."""
    chance = random.Random(11)
    end = datetime.now(UTC).timestamp()
    hours = list(range(24))
    weights = [
        BUSY[datetime.fromtimestamp(end - 3600 * hour, ZoneInfo(zone)).hour] for hour in hours
    ]
    ages = [
        3600 * hour + chance.random() * 3600 for hour in chance.choices(hours, weights, k=count)
    ]
    return [datetime.fromtimestamp(end - age, UTC) for age in sorted(ages, reverse=True)]
