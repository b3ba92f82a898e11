"""What guests did about requests, in the database."""

from collections.abc import Sequence
from typing import Any

from uzel.flows.review_requests.store import WAYS
from uzel.kit.database import Connection, Pool
from uzel.messages.draft import Letter, size_of

# A rating two months after a visit is about something else.
LINK_LIVES = "60 days"

BY_CODE = f"""
select r.id, r.business_id, b.name as business, p.name as place, p.yandex_url, p.gis_url,
       p.google_url, p.review_url, r.rating, r.comment, r.clicked_at, r.phone, r.email,
       b.rules::text as rules, r.created_at < now() - interval '{LINK_LIVES}' as expired,
       exists (select 1 from stop_list s where s.business_id = r.business_id
               and s.address in (r.phone, r.email)) as stopped
  from review_request r
  join business b on b.id = r.business_id
  join place p on p.id = r.place_id
 where r.code = $1
"""  # noqa: S608

# Only after a request that certainly arrived at the provider, by whichever way; as long after that
# as was meant, for it may have been held back; and not beside one that still waits.
TO_REMIND = f"""
select r.id, r.business_id, r.place_id, r.event_id, r.phone, r.email, r.guest_name, r.code
  from review_request r
 where r.remind_at < now() and r.remind_at > now() - interval '3 days'
   and r.reminded_at is null and r.clicked_at is null and r.state = 'asked'
   and exists (select 1 from message m where m.origin = any({WAYS.format("r.id")})
               and m.state in ('accepted', 'delivered')
               and m.accepted_at < now() - (r.remind_at - coalesce(r.due_at, r.created_at)))
   and not exists (select 1 from message m where m.origin = any({WAYS.format("r.id")})
                   and m.state = 'planned')
 order by r.id limit $1 for update of r skip locked
"""  # noqa: S608


# Only a call that nobody has begun: of any other the old words may be on their way.
REWRITE = """
with rewritten as (
    update call c
       set arguments = c.arguments || $3::jsonb,
           due_at = case when $4 then clock_timestamp() else c.due_at end
      from message m
     where m.origin = $1 and m.connection_id = $2 and c.effect = 'message:' || m.id
       and c.state = 'planned' and c.attempt = 0
    returning m.id
)
update message m
   set body = $5, encoding = $6, segments = $7, estimate_minor = $8, currency = $9,
       updated_at = now()
  from rewritten w where m.id = w.id
returning m.id
"""


async def by_code(connection: Connection | Pool, code: str) -> Any:
    """See BY_CODE; None for an unknown word."""
    return await connection.fetchrow(BY_CODE, code)


async def click(connection: Connection, request_id: int) -> None:
    """The link was opened; the first time counts."""
    await connection.execute(
        "update review_request set clicked_at = now() where id = $1 and clicked_at is null",
        request_id,
    )


async def rate(connection: Connection, request_id: int, stars: int) -> bool:
    """Write the rating down; False if it is the one that stands there."""
    done = await connection.execute(
        "update review_request set rating = $2, rated_at = now(), seen_by = null, seen_at = null "
        "where id = $1 and rating is distinct from $2",
        request_id,
        stars,
    )
    return bool(done == "UPDATE 1")


async def comment(connection: Connection, request_id: int, text: str) -> bool:
    """Write down what the guest tells the owner; True if it is the first."""
    first: bool = await connection.fetchval(
        "with old as (select comment from review_request where id = $1 for update) "
        "update review_request set comment = $2, commented_at = now(), seen_by = null, "
        "seen_at = null from old where id = $1 returning old.comment is null",
        request_id,
        text,
    )
    return first


async def rewrite(connection: Connection, origin: str, letter: Letter, *, at_once: bool) -> bool:
    """Have a message that waits say this instead; False if there is none that has not begun."""
    encoding, segments = size_of(letter)
    found = await connection.fetchval(
        REWRITE,
        origin,
        letter.connection_id,
        dict(letter.arguments),
        at_once,
        letter.body,
        encoding,
        segments,
        letter.estimate_minor,
        letter.currency,
    )
    return found is not None


async def follow(connection: Connection, request_id: int, platform: str) -> None:
    """The guest went on to a platform; the first time counts."""
    await connection.execute(
        "insert into review_follow (request_id, platform) values ($1, $2) on conflict do nothing",
        request_id,
        platform,
    )


async def manager(connection: Connection, request_id: int) -> Any:
    """(event_id, place_id, manager_phone, manager_email) of a request's place, and the rules of its
    business as JSON text.
    """
    return await connection.fetchrow(
        "select r.event_id, r.place_id, p.manager_phone, p.manager_email, b.rules::text as rules "
        "from review_request r join place p on p.id = r.place_id "
        "join business b on b.id = r.business_id where r.id = $1",
        request_id,
    )


async def to_remind(connection: Connection, most: int) -> list[Any]:
    """Lock requests whose reminder is due; see TO_REMIND."""
    return await connection.fetch(TO_REMIND, most)


async def reminded(connection: Connection, request_ids: Sequence[int]) -> None:
    """These had their reminder, or will have none."""
    await connection.execute(
        "update review_request set reminded_at = now() where id = any($1)", list(request_ids)
    )
