"""What guests said, in the database. `said` is when they last did."""

from datetime import UTC, datetime, timedelta
from typing import Any

from uzel.kit.database import Connection, Pool
from uzel.views.query_store import WINDOW, Conditions

# As in the index review_request_said.
SAID = "greatest(rated_at, commented_at)"
SPOKE = "(rating is not null or comment is not null)"
# Ratings of a period that are counted; of more the newest.
COUNTED = 30_000
# Whoever gave few stars or wrote something waits for an answer. Looked for among so many.
LATEST = 500
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime(9000, 1, 1, tzinfo=UTC)

COLUMNS = (
    "t.id, t.business_id, t.connection_id, t.place_id, p.name as place, t.event_id, t.visit, "
    "t.phone, t.email, t.guest_name, t.rating, t.rated_at, t.comment, t.commented_at, "
    f"{SAID} as said_at, t.clicked_at, t.seen_by, t.seen_at, t.created_at"
)
# The newest of a business, driven by that index and nothing else: both bounds are of its columns.
NEWEST = f"""
select * from review_request
 where business_id = $1 and {SPOKE} and {SAID} >= $2 and {SAID} < $3
 order by {SAID} desc limit {{most}}
"""  # noqa: S608
LIST = f"""
select {COLUMNS}
  from (select * from ({NEWEST}) w where {{rest}}
         order by {SAID} desc fetch first {{limit}} rows with ties) t
  left join place p on p.id = t.place_id order by said_at desc, t.id desc
"""  # noqa: S608
FLOOR = f"select {SAID} as said_at from ({NEWEST}) w order by 1 limit 1"  # noqa: S608
FOUND = f"""
select {COLUMNS}, e.subject, b.name as business
  from review_request t
  join business b on b.id = t.business_id
  left join place p on p.id = t.place_id
  left join event e on e.id = t.event_id
 where t.id = $1
"""  # noqa: S608
COUNT = f"""
select place_id, rating, count(*) as count,
       count(*) filter (where seen_at is null and (comment is not null or rating <= $4)) as unseen,
       count(*) filter (where comment is not null) as comments
  from ({NEWEST.format(most=COUNTED)}) w group by 1, 2
"""  # noqa: S608
UNSEEN = f"""
select count(*) from ({NEWEST.format(most=LATEST)}) w
 where seen_at is null and (comment is not null or rating <= $4)
"""  # noqa: S608


def conditions(
    place_id: int | None, rating: int | None, *, unseen_up_to: int | None, worded: bool
) -> Conditions:
    """What a list may be narrowed to. `unseen_up_to`: what waits for an answer, with so many stars
    at most; `worded`: with a message to the owner.
    """
    rest = Conditions()
    if place_id is not None:
        rest.add("place_id = {}", place_id)
    if rating is not None:
        rest.add("rating = {}", rating)
    if unseen_up_to is not None:
        rest.add("seen_at is null and (comment is not null or rating <= {})", unseen_up_to)
    if worded:
        rest.add("comment is not null")
    return rest


async def listed(
    pool: Pool, business_id: int, since: datetime, before: datetime, rest: Conditions, limit: int
) -> tuple[list[Any], datetime | None]:
    """(the newest rows of that time, all that were said at the moment of the last one included;
    how far down was looked, None: to the end).
    """
    query = LIST.format(most=WINDOW, rest=rest.sql(3), limit=limit + 1)
    rows = await pool.fetch(query, business_id, since, before, *rest.values)
    floor = None
    if len(rows) <= limit and rest:
        floor = await floor_of(pool, business_id, since, before)
    return rows, floor


async def floor_of(
    pool: Pool, business_id: int, since: datetime, before: datetime
) -> datetime | None:
    """Where a list that looks through no more than WINDOW rows ends; None: it saw them all."""
    query = FLOOR.format(most=WINDOW)
    found: datetime | None = await pool.fetchval(query, business_id, since, before)
    if found is None:
        return None
    below = await pool.fetchval(NEWEST.format(most=1), business_id, since, found)
    return found if below is not None else None


async def find(connection: Connection | Pool, request_id: int) -> Any:
    """One request with what is known of its visit (columns FOUND); None if there is none."""
    return await connection.fetchrow(FOUND, request_id)


async def follows(connection: Connection | Pool, request_id: int) -> list[Any]:
    """(platform, at): where the guest went on to."""
    return await connection.fetch(
        "select platform, at from review_follow where request_id = $1 order by at", request_id
    )


async def counted(
    connection: Connection | Pool,
    business_id: int,
    since: datetime,
    until: datetime,
    low_rating: int,
) -> list[Any]:
    """(place_id, rating, count, unseen, comments) of what was said in a time; `rating` is null for
    words without stars.
    """
    return await connection.fetch(COUNT, business_id, since, until, low_rating)


async def unseen(
    connection: Connection | Pool, business_id: int, low_rating: int, since: datetime = EPOCH
) -> int:
    """How many of the LATEST of that time wait for an answer."""
    found: int = await connection.fetchval(UNSEEN, business_id, since, LAST, low_rating)
    return found


async def mark_seen(connection: Connection, request_id: int, login: str, said_at: datetime) -> bool:
    """A person has dealt with it; False if somebody had, or the guest said more since `said_at`."""
    done = await connection.execute(
        "update review_request set seen_by = $2, seen_at = now() "  # noqa: S608
        f"where id = $1 and seen_at is null and {SAID} = $3",
        request_id,
        login,
        said_at,
    )
    return bool(done == "UPDATE 1")


def micros_of(at: datetime) -> int:
    """A time as a number, for addresses."""
    return (at - EPOCH) // timedelta(microseconds=1)


def at_micros(number: int) -> datetime:
    """The time of a number; of a senseless one the last that makes sense."""
    most = micros_of(LAST)
    return EPOCH + timedelta(microseconds=min(max(number, 0), most))
