"""Weeks of visits with all that guests made of them, written straight into a database: for pages
that count and for pictures of them.
"""

import json
import random
from datetime import UTC, datetime, timedelta

from uzel.kit.database import Connection

PLACES = (("Кофейня на Лесной", "place-1"), ("Кофейня на Речной", "place-2"))
NAMES = ("Мария", "Иван", "Айгерим", "Пётр", "Анна", "Тимур", "Елена", None)
REASONS = (
    *(("no_phone", 50), ("asked_recently", 25), ("phone_landline", 8), ("below_minimum", 9)),
    *(("source_skipped", 5), ("staff_or_test", 3)),
)
# A scattering of stars as cafés have it.
STARS = (5,) * 58 + (4,) * 22 + (3,) * 8 + (2,) * 5 + (1,) * 7
WORDS = {
    5: ("Очень вкусный раф, спасибо!", None, None, None),
    4: ("Хорошо, но шумно.", None, None),
    3: ("Долго несли счёт.", "Остыл, пока донесли.", None),
    2: ("Заказ перепутали, пришлось ждать заново.", "Нагрубили на кассе."),
    1: ("Ждали сорок минут и ушли. Так нельзя.\nПерезвоните, пожалуйста.", "В салате был волос."),
}
PLATFORMS = (("yandex", 0.4), ("2gis", 0.25), ("google", 0.15))
EVENT = """
insert into event (raw_event_id, position, connection_id, type, key, subject, phone, occurred_at,
                   data, decision, reason, created_at)
values ($1, 0, $2, $3, $4, $5, $6, $7, $8, $9, $10, $7) returning id
"""
REQUEST = """
insert into review_request (business_id, connection_id, visit, place_id, event_id, phone, state,
                            occurred_at, created_at, updated_at, code, guest_name, clicked_at,
                            rating, rated_at, comment, commented_at)
values (1, $1, $2, $3, $4, $5, 'asked', $6, $6, $6, $7, $8, $9, $10, $11, $12, $13) returning id
"""
MESSAGE = """
insert into message (business_id, connection_id, purpose, origin, event_id, place_id, channel,
                     phone, address, body, encoding, segments, state, state_reason, reference,
                     cost_minor, estimate_minor, currency, created_at, updated_at, accepted_at,
                     settled_at)
values (1, $1, 'review_request', 'review_request:' || $2::bigint, $3, $4, $5, $6, $6, $7, 'UCS-2',
        $8, $9, $10, 'ref-' || $2::bigint, $11, $12, 'RUB', $13, $13, $14, $14)
"""


class History:
    """What is written, visit by visit. `source` and `sender` are connections of business 1."""

    def __init__(self, connection: Connection, source: int, sender: int, seed: int = 7) -> None:
        self.connection, self.source, self.sender = connection, source, sender
        self.chance = random.Random(seed)
        self.number = 5000
        self.places: list[tuple[int, str | None]] = []

    async def prepare(self) -> None:
        """Places besides the default one, each with its pages."""
        for name, reference in PLACES:
            added = await self.connection.fetchval(
                "insert into place (business_id, name, source_ref, yandex_url, gis_url, google_url)"
                " values (1, $1, $2, 'https://yandex.example/1', 'https://2gis.example/1', "
                "'https://google.example/1') returning id",
                name,
                reference,
            )
            self.places.append((added, reference))

    async def weeks(self, days: int = 30, per_day: int = 12) -> None:
        """Visits of so many days, the oldest first, so that ids grow with time."""
        now = datetime.now(UTC)
        moments = sorted(
            now - timedelta(days=day, minutes=self.chance.randrange(20, 700))
            for day in range(days)
            for _ in range(round(per_day * self.chance.uniform(0.7, 1.3)))
        )
        for at in moments:
            place_id, reference = self.chance.choice(self.places)
            if self.chance.random() < 0.27:
                codes, weights = zip(*REASONS, strict=True)
                await self.visit(at, reference, self.chance.choices(codes, weights)[0])
            else:
                await self.asked(at, place_id, reference)

    async def visit(
        self,
        at: datetime,
        reference: str | None,
        reason: str | None = None,
        phone: str | None = None,
        visit: str | None = None,
        decision: str | None = None,
    ) -> tuple[int, str]:
        """One event about a visit; (its id, the visit)."""
        self.number += 1
        visit = visit or f"order-{self.number}"
        raw = await self.connection.fetchval(
            "insert into raw_event (connection_id, digest, received_at, body, state, processed_at) "
            "values ($1, sha256($2), $3, '{}', 'processed', $3) returning id",
            self.source,
            f"{visit}:{self.number}".encode(),
            at,
        )
        event: int = await self.connection.fetchval(
            EVENT,
            raw,
            self.source,
            "visit.completed",
            None if reason else f"visit:{visit}:completed",
            f"заказ {self.number}",
            phone,
            at,
            {"visit": visit, "place": reference, "state": "completed", "phone": phone},
            decision or ("skip" if reason else "request"),
            reason,
        )
        return event, visit

    async def asked(
        self,
        at: datetime,
        place_id: int,
        reference: str | None,
        *,
        sent: str | None = None,
        stars: int | None = None,
        words: str | None = None,
        clicked: bool | None = None,
    ) -> int:
        """A visit somebody was asked about, and what they did; what is left out is thrown dice
        for. Gives the request.
        """
        chance = self.chance
        phone = f"+7999{chance.randrange(10**7):07}"
        event, visit = await self.visit(at, reference, phone=phone)
        kinds = ("delivered", "failed", "accepted", "cancelled")
        sent = sent or chance.choices(kinds, (90, 5, 3, 2))[0]
        if clicked is None:
            clicked = bool(stars or words) or (sent == "delivered" and chance.random() < 0.38)
        if stars is None and words is None and clicked and chance.random() < 0.62:
            stars = chance.choice(STARS)
            words = chance.choice(WORDS[stars])
        later = at + timedelta(hours=chance.uniform(2, 5))
        request: int = await self.connection.fetchval(
            REQUEST,
            self.source,
            visit,
            place_id,
            event,
            phone,
            at,
            f"code{self.number:06}",
            chance.choice(NAMES),
            later if clicked else None,
            stars,
            later if stars else None,
            words,
            later + timedelta(seconds=40) if words else None,
        )
        await self.message(request, event, place_id, phone, at, sent)
        if clicked and stars:
            await self.go_on(request, later)
        return request

    async def message(
        self, request: int, event: int, place_id: int, phone: str, at: datetime, state: str
    ) -> None:
        """The message of a request."""
        email = self.chance.random() < 0.15
        left = at + timedelta(hours=2)
        told = state == "delivered" and not email and self.chance.random() < 0.85
        reasons = {"failed": "абонент недоступен", "cancelled": "expired"}
        await self.connection.execute(
            MESSAGE,
            self.sender,
            request,
            event,
            place_id,
            "email" if email else "sms",
            phone,
            "Спасибо, что зашли! Расскажите, как всё прошло: https://uzel.example/r/Ab3dE5gH7k",
            1 if email else 2,
            state,
            reasons.get(state),
            798 if told else None,
            None if told else 40 if email else 820,
            at,
            None if state == "cancelled" else left,
        )

    async def go_on(self, request: int, at: datetime) -> None:
        """Some guests write a review elsewhere, too."""
        for platform, share in PLATFORMS:
            if self.chance.random() < share:
                await self.connection.execute(
                    "insert into review_follow (request_id, platform, at) values ($1, $2, $3)",
                    request,
                    platform,
                    at + timedelta(minutes=2),
                )


def rkeeper_order(number: int, status: str, phone: str, at: datetime | None = None) -> bytes:
    """An order of r_keeper Delivery ("Получение заказов по ID") as a push may carry it."""
    order = {
        "orderId": str(number),
        "orderStatusName": status,
        "updatedAt": (at or datetime.now(UTC)).isoformat(),
        "guest": {"phone": phone, "firstName": "Тимур"},
    }
    return json.dumps(order, ensure_ascii=False).encode()
