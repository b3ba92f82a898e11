"""The demo's business: its connections, places, texts and rules.

Made once; what somebody changes in the console stays as it is over the next starts, but for the
connections' addresses and keys: the sandbox has another port each time.
"""

from collections.abc import Mapping
from typing import Any

from uzel.connections import business_store, manage, store
from uzel.connectors import connectors
from uzel.kit import database
from uzel.kit.secrets import KeyRing
from uzel.messages.store import add_template, newest_template
from uzel.messages.template import check
from uzel.model.rules import DAY_S, IMMEDIATE, read_rules

NAME = "demo"
RATE_PER_S = 50.0
TITLE, ZONE = "Кофейни и салоны", "Europe/Moscow"

# What the sandbox takes for good. The ids are those of its own organizations, so that each visit
# finds its place; whatever else somebody posts finds the default one.
SMSRU_KEY = "sandbox-demo"
AMOCRM_TOKEN = "sandbox-amocrm-token"  # noqa: S105 - a dummy
EXOLVE_KEY = "sandbox-exolve-demo"
META = {
    "phone_number_id": "106500000000001",
    "access_token": "sandbox-meta-token",
    "app_secret": "sandbox-app-secret-0000000000000",
    "verify_token": "sandbox-verify-token",
    "business_account_id": "109900000000001",
}
RESEND_SECRET = "whsec_dXplbC1kZW1vLXJlc2VuZC1ob29rLTAx"  # noqa: S105 - a dummy
YCLIENTS_COMPANY = 120001
KASPI_TOKEN = "sandbox-kaspi-token"  # noqa: S105 - a dummy
KONSOL_TOKEN = "sandbox-konsol-token"  # noqa: S105 - a dummy
TELEGRAM = {
    "token": "110201543:sandbox-telegram-token-0000000000",
    "webhook_secret": "sandbox-telegram-secret",
    "approvers": -1_001_000_000_001,
}

# Connector → its settings; `base_url` is added for those that are called.
CONNECTIONS: Mapping[str, Mapping[str, Any]] = {
    "iiko": {},
    "smsru": {"api_id": SMSRU_KEY},
    "rkeeper": {},
    "yclients": {
        "partner_token": "sandbox-partner-demo",
        "user_token": "sandbox-user-demo",
        "company_id": YCLIENTS_COMPANY,
    },
    "amocrm": {"access_token": AMOCRM_TOKEN},
    "exolve": {"api_key": EXOLVE_KEY, "sender": "79990000000"},
    "meta": META,
    "resend": {
        "api_key": "re_SANDBOX0_uzeldemo00000000",
        "sender": "Узел <hello@mail.kafe.example>",
        "webhook_secret": RESEND_SECRET,
    },
    "kaspi": {"token": KASPI_TOKEN},
    "konsol": {"token": KONSOL_TOKEN},
    "telegram": {**TELEGRAM, "claims_through": NAME},
}
NOT_CALLED = frozenset({"iiko", "rkeeper"})

MANAGER = {"manager_phone": "+79990000900", "manager_email": "manager@uzel.example"}
# The default place first: it is where all that names no known place belongs.
PLACES: tuple[tuple[str, str | None, str], ...] = (
    ("Кофейня «Узел»", None, "uzel"),
    ("Пекарня «Узел» на Мира", "iiko:d1a7c3e5-2b4f-4a68-9c80-e1f2a3b4c5d6", "uzel-mira"),
    ("Ресторан на Садовой", "rkeeper:b7d0c2a4-18e6-4f53-9a7b-c0d1e2f3a4b5", "sadovaya"),
    ("Салон «Локон»", f"yclients:{YCLIENTS_COMPANY}", "lokon"),
)

SMS_B = "{name}, как вам у нас? {place} ждёт ваш отзыв: {link}"
WHATSAPP = "{name}, спасибо за визит в {place}! Оцените нас, пожалуйста. {link}"
# The template that the sandbox's Meta has approved.
APPROVED = {
    "name": "review_request",
    "language": "ru",
    "parameters": ["name", "place"],
    "buttons": ["code"],
}
TEXTS: tuple[tuple[str, str, str, Mapping[str, Any] | None], ...] = (
    ("sms", "B", SMS_B, None),
    ("whatsapp", "A", WHATSAPP, APPROVED),
)
# What providers do not say themselves: kopecks a part or a message.
RATES = {"sms:RU": 450, "whatsapp:KZ": 700, "email": 10}


async def fill(connection: database.Connection, ring: KeyRing, sandbox_url: str) -> dict[str, str]:
    """Make what is missing, in the caller's transaction. Returns connector → its webhook key."""
    business = await store.default_business(connection)
    keys: dict[str, str] = {}
    for connector, values in CONNECTIONS.items():
        address = {} if connector in NOT_CALLED else {"base_url": f"{sandbox_url}/{connector}"}
        key = await ensure(connection, ring, connector, {**values, **address})
        if key is not None:
            keys[connector] = key
    if not (await business_store.rules_of(connection, business))["rules"]:
        await business_store.save_business(connection, business, TITLE, ZONE)
        await add_places(connection, business)
        await add_texts(connection, business)
        await save_rules(connection, business)
    return keys


async def ensure(
    connection: database.Connection, ring: KeyRing, connector: str, values: dict[str, Any]
) -> str | None:
    """The demo's connection of this connector with these settings and a new key, None if nobody
    posts to it. Other settings, such as the meaning of a status word, stay what somebody made of
    them.
    """
    found = await store.find(connection, connector, NAME)
    if found is None:
        added = await manage.add(connection, ring, connector, NAME, values, rate_per_s=RATE_PER_S)
        return added.key
    kept = (await store.lock(connection, found))["settings"]
    await manage.change(connection, ring, found, {**kept, **values}, rate_per_s=RATE_PER_S)
    if connectors()[connector].webhook is None:
        return None
    return await manage.new_key(connection, found)


async def add_places(connection: database.Connection, business_id: int) -> None:
    """The places that are not there."""
    there = {
        place["source_ref"] for place in await business_store.places_of(connection, business_id)
    }
    for name, reference, word in PLACES:
        if reference not in there:
            values = {"name": name, "source_ref": reference, **links(word), **MANAGER}
            await business_store.add_place(connection, business_id, values)


def links(word: str) -> dict[str, str]:
    """Where guests of a place write reviews."""
    return {
        "yandex_url": f"https://yandex.example/maps/org/{word}/reviews/?add-review=true",
        "gis_url": f"https://2gis.example/firm/{word}/tab/reviews/addreview",
        "google_url": f"https://google.example/local/writereview?placeid={word}",
    }


async def add_texts(connection: database.Connection, business_id: int) -> None:
    """The texts beside those that every business begins with."""
    for channel, variant, body, approved in TEXTS:
        check(body)
        known = (business_id, "review_request", channel)
        if await newest_template(connection, *known, variant=variant) is None:
            await add_template(connection, *known, body, variant=variant, approved=approved)


async def save_rules(connection: database.Connection, business_id: int) -> None:
    """Nothing is waited for, and whom SMS.ru cannot reach is tried by WhatsApp (Kazakhstan), by
    the other provider of texts, and by e-mail, each only once the one before has failed.
    """
    ways = (("sms", "smsru"), ("whatsapp", "meta"), ("sms", "exolve"), ("email", "resend"))
    route = [
        {"channel": channel, "connection_id": await store.find(connection, connector, NAME)}
        for channel, connector in ways
    ]
    decided = {"route": route, "rates": RATES, "remind_after_s": DAY_S}
    rules = read_rules({**IMMEDIATE.model_dump(), **decided})
    await store.save_rules(connection, business_id, rules.model_dump(mode="json"))
