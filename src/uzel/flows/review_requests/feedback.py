"""What a guest does behind the link: looks, rates, goes on to write a review, tells the owner
something, or wants no more messages.

Everybody sees the same places to review, whatever the rating: asking only the contented is against
Google's rules. A low rating tells the manager beside that.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from uzel.connections.registry import Registry
from uzel.flows.review_requests import feedback_store as store
from uzel.flows.review_requests.flow import origins_of
from uzel.flows.review_requests.letters import html_of, offers
from uzel.kit.database import Connection, Pool
from uzel.messages.draft import Draft, Letter, taken_by
from uzel.messages.send import plan_messages
from uzel.messages.stop_list import stop
from uzel.messages.withdraw import cancel_messages
from uzel.model.rules import rules_at

ALERT = "low_rating"
LONGEST_COMMENT = 2000
DIRECTIONS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
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
    """Give 1 to 5 stars; the last ones count. A low rating tells the manager at once, and once."""
    await click(connection, page)
    if await store.rate(connection, page.request_id, stars) and stars <= page.low_rating:
        text = f"{page.place}: оценка {stars} из 5. {url}/ratings/{page.request_id}"
        await alert(connection, registry, page, f"{ALERT}:{page.request_id}", text)


async def tell(connection: Connection, registry: Registry, page: Page, said: str, url: str) -> None:
    """A private message to the owner, as `text_of` leaves it; the last one counts, the manager
    hears of the first.
    """
    await click(connection, page)
    await store.comment(connection, page.request_id, said)
    shown = " ".join(said.split())
    shown = shown if len(shown) <= SHOWN_IN_ALERT else f"{shown[:SHOWN_IN_ALERT]}…"
    news = f"{page.place}: гость пишет: {shown} {url}/ratings/{page.request_id}"
    await alert(connection, registry, page, f"{ALERT}:{page.request_id}:comment", news)


def text_of(typed: str) -> str:
    """What a guest typed, cut to its limit, without the control and direction marks that would make
    it show what it does not say; empty if nothing is left.
    """
    kept = (
        character
        for character in typed
        if character not in DIRECTIONS
        and (character in "\n\t" or unicodedata.category(character) != "Cc")
    )
    return "".join(kept).strip()[:LONGEST_COMMENT]


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


async def alert(
    connection: Connection, registry: Registry, page: Page, origin: str, text: str
) -> None:
    """Tell the manager of the place, by e-mail and text message, as far as either is set up."""
    row = await store.manager(connection, page.request_id)
    ways = [
        ("sms", row["manager_phone"]),
        ("email", row["manager_email"]),
    ]
    drafts = [
        Draft(
            business_id=page.business_id,
            purpose=ALERT,
            origin=f"{origin}:{channel}",
            letters=[letter],
            phone=address if channel == "sms" else None,
            event_id=row["event_id"],
            place_id=row["place_id"],
        )
        for channel, address in ways
        if address and (letter := letter_to(registry, page, channel, address, text))
    ]
    await plan_messages(connection, drafts)


def letter_to(
    registry: Registry, page: Page, channel: str, address: str, text: str
) -> Letter | None:
    """The alert by one channel; None where the business has no such connection."""
    for active in registry.all():
        if active.business_id != page.business_id or active.state == "off":
            continue
        if offers(active, channel):
            subject = f"{page.place}: отзыв гостя"
            arguments: dict[str, Any] = {"phone": address, "text": text}
            if channel == "email":
                arguments = {
                    "to": address,
                    "subject": subject,
                    "text": text,
                    "html": html_of(text, None),
                }
            return Letter(
                channel=channel,
                connection_id=active.id,
                operation=active.connector.channels[channel].operation,
                arguments=arguments,
                address=address,
                body=text,
                subject=subject if channel == "email" else None,
                takes=taken_by(
                    active.connector.operations[active.connector.channels[channel].operation]
                ),
            )
    return None


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
