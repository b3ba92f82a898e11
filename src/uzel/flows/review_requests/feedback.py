"""What a guest does behind the link: looks, rates, goes on to write a review, tells the owner
something, or wants no more messages.

Everybody sees the same places to review, whatever the rating: asking only the contented is against
Google's rules. A low rating tells the manager beside that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from uzel.calls.plan import wake
from uzel.connections.registry import Registry
from uzel.flows.review_requests import feedback_store as store
from uzel.flows.review_requests.flow import origins_of
from uzel.flows.review_requests.letters import html_of, offers
from uzel.flows.review_requests.said import without_links
from uzel.kit.database import Connection, Pool
from uzel.messages.draft import Draft, Letter, taken_by
from uzel.messages.send import plan_messages
from uzel.messages.stop_list import stop
from uzel.messages.withdraw import cancel_messages
from uzel.model.phone import PhoneRejected, parse_phone
from uzel.model.rules import Rules, rules_at
from uzel.model.sms_text import count_segments

ALERT = "low_rating"
# Few stars wait so long for the words that often follow.
WAIT_FOR_WORDS = timedelta(minutes=2)
SHOWN_IN_ALERT = 200
PLATFORMS = ("yandex", "2gis", "google", "other")


@dataclass(frozen=True, slots=True)
class Page:
    """What the page behind a link shows.

    links    platform (`yandex`, `2gis`, `google`, `other`) → where to write a review of that place
    rating   what the guest gave, None as long as nothing
    expired  the visit is too long ago; nothing can be given any more
    """

    request_id: int
    business_id: int
    business: str
    place: str
    links: dict[str, str]
    rating: int | None
    commented: bool
    clicked: bool
    stopped: bool
    expired: bool
    low_rating: int
    contacts: Sequence[str]


async def see(connection: Connection | Pool, code: str) -> Page | None:
    """The page behind a link; None for a word that leads nowhere."""
    row = await store.by_code(connection, code)
    return page_of(row) if row else None


async def click(connection: Connection, page: Page) -> None:
    """Somebody opened the link, so it arrived: a reminder, or the same by another channel, would
    only be a nuisance.
    """
    if not page.clicked:
        await store.click(connection, page.request_id)
        await cancel_messages(connection, origins_of(page.request_id), "clicked")


async def rate(
    connection: Connection, registry: Registry, page: Page, stars: int, url: str
) -> None:
    """Give 1 to 5 stars; the last ones count. A low rating tells the manager once, after a moment:
    most who are discontented say why, and both make one message.
    """
    await click(connection, page)
    if await store.rate(connection, page.request_id, stars) and stars <= page.low_rating:
        text = f"{page.place}: оценка {stars} из 5. {url}/ratings/{page.request_id}"
        ways = await ways_to_manager(connection, registry, page, text)
        if not page.commented:
            ways = await not_waiting(connection, page, ways, at_once=False)
        await alert(connection, page, f"{ALERT}:{page.request_id}", ways, WAIT_FOR_WORDS)


async def tell(connection: Connection, registry: Registry, page: Page, said: str, url: str) -> None:
    """A private message to the owner, as `said.text_of` leaves it; the last one counts, the manager
    hears of the first: in the alert about the stars if that has not left, else in one of its own.
    """
    await click(connection, page)
    is_first = await store.comment(connection, page.request_id, said)
    shown = " ".join(without_links(said).split())
    shown = shown if len(shown) <= SHOWN_IN_ALERT else f"{shown[:SHOWN_IN_ALERT]}…"
    stars = f"оценка {page.rating} из 5, " if page.rating else ""
    link = f"{url}/ratings/{page.request_id}"
    both = f"{page.place}: {stars}гость пишет: {shown} {link}"
    ways = await ways_to_manager(connection, registry, page, both)
    left = await not_waiting(connection, page, ways, at_once=True)
    if is_first and left:
        words = f"{page.place}: гость пишет: {shown} {link}"
        ways = await ways_to_manager(connection, registry, page, words)
        channels = {letter.channel for letter in left}
        left = [letter for letter in ways if letter.channel in channels]
        await alert(connection, page, f"{ALERT}:{page.request_id}:comment", left)


async def follow(connection: Connection, page: Page, platform: str) -> str | None:
    """The guest goes on to a place to review: its address, None if the place has none there."""
    address = page.links.get(platform)
    if address is not None:
        await click(connection, page)
        await store.follow(connection, page.request_id, platform)
    return address


async def want_no_more(connection: Connection, page: Page) -> None:
    """The guest wants no more messages from this business, by no channel."""
    source = f"request:{page.request_id}"
    await stop(connection, page.business_id, page.contacts, "page", source)


async def ways_to_manager(
    connection: Connection, registry: Registry, page: Page, text: str
) -> list[Letter]:
    """This text to the manager of the place, by SMS and e-mail as far as either is set up."""
    row = await store.manager(connection, page.request_id)
    rules = rules_at(row["rules"], None)
    ways = (("sms", row["manager_phone"]), ("email", row["manager_email"]))
    return [
        letter
        for channel, address in ways
        if address and (letter := letter_to(registry, page, rules, channel, address, text))
    ]


async def alert(
    connection: Connection,
    page: Page,
    origin: str,
    letters: Sequence[Letter],
    wait: timedelta | None = None,
) -> None:
    """Tell the manager, by each of the ways; the same origin tells once."""
    row = await store.manager(connection, page.request_id)
    drafts = [
        Draft(
            business_id=page.business_id,
            purpose=ALERT,
            origin=f"{origin}:{letter.channel}",
            letters=[letter],
            phone=letter.address if letter.channel == "sms" else None,
            event_id=row["event_id"],
            place_id=row["place_id"],
            due_at=datetime.now(UTC) + wait if wait else None,
        )
        for letter in letters
    ]
    await plan_messages(connection, drafts)


async def not_waiting(
    connection: Connection, page: Page, letters: Sequence[Letter], *, at_once: bool
) -> list[Letter]:
    """Put these texts into the alerts about the stars that still wait; those of the letters for
    which there is none. at_once: there is nothing more to wait for.
    """
    left = []
    for letter in letters:
        origin = f"{ALERT}:{page.request_id}:{letter.channel}"
        if not await store.rewrite(connection, origin, letter, at_once=at_once):
            left.append(letter)
        elif at_once:
            await wake(connection, letter.connection_id)
    return left


def letter_to(
    registry: Registry, page: Page, rules: Rules, channel: str, address: str, text: str
) -> Letter | None:
    """The alert by one channel; None where the business has no such connection."""
    for active in registry.all():
        if active.business_id != page.business_id or active.state == "off":
            continue
        if offers(active, channel):
            operation = active.connector.channels[channel].operation
            subject = f"{page.place}: отзыв гостя" if channel == "email" else None
            price = price_of(rules, channel, address, text)
            return Letter(
                channel=channel,
                connection_id=active.id,
                operation=operation,
                arguments=arguments_to(channel, address, text, subject),
                address=address,
                body=text,
                subject=subject,
                estimate_minor=price,
                currency=rules.currency if price is not None else None,
                takes=taken_by(active.connector.operations[operation]),
            )
    return None


def arguments_to(channel: str, address: str, text: str, subject: str | None) -> dict[str, Any]:
    """The arguments of the operation; see Connector.channels."""
    if channel == "email":
        return {"to": address, "subject": subject, "text": text, "html": html_of(text, None)}
    return {"phone": address, "text": text}


def price_of(rules: Rules, channel: str, address: str, text: str) -> int | None:
    """By the rate card, in minor units; None if it has no such price."""
    if channel != "sms":
        return rules.rate(channel, None)
    try:
        region = parse_phone(address).region
    except PhoneRejected:
        region = None
    rate = rules.rate(channel, region)
    return None if rate is None else rate * count_segments(text).segments


def page_of(row: Any) -> Page:
    """A row of store.by_code."""
    addresses = {
        "yandex": row["yandex_url"],
        "2gis": row["gis_url"],
        "google": row["google_url"],
        "other": row["review_url"],
    }
    return Page(
        request_id=row["id"],
        business_id=row["business_id"],
        business=row["business"],
        place=row["place"],
        links={platform: url for platform, url in addresses.items() if url},
        rating=row["rating"],
        commented=row["comment"] is not None,
        clicked=row["clicked_at"] is not None,
        stopped=row["stopped"],
        expired=row["expired"],
        low_rating=rules_at(row["rules"], None).low_rating,
        contacts=[contact for contact in (row["phone"], row["email"]) if contact],
    )
