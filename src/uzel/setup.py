"""Bringing an installation up to date: the schema, and what a first start needs."""

import asyncio
import logging
import os
from collections.abc import Mapping

import asyncpg

from uzel import migrations
from uzel.connections.manage import adopt_environment
from uzel.connections.store import default_business
from uzel.connectors import connectors
from uzel.errors import ConfigError
from uzel.flows.kaspi_orders.environment import COUNTRY, adopt_shop, wrong_country
from uzel.kit import addresses, database
from uzel.kit.embedded import opened
from uzel.kit.logs import redact_text
from uzel.kit.secrets import read_key_ring
from uzel.kit.settings import Settings
from uzel.messages.store import add_template, newest_template
from uzel.people.store import any_person

OLDEST_POSTGRES = 16
CANNOT_CONNECT: tuple[type[BaseException], ...] = (
    *database.LOST,
    asyncpg.PostgresError,
    ValueError,
)

log = logging.getLogger("uzel.setup")

# The name stands in the nominative: a template cannot decline it.
FIRST_TEMPLATE = "{place}: спасибо, что были у нас! Как всё прошло? {link}"
# What a business begins with: purpose, channel, subject, body. None for WhatsApp, which carries to
# strangers only what Meta has approved; a reminder goes out only once it is switched on.
FIRST_TEXTS = (
    ("review_request", "sms", None, FIRST_TEMPLATE),
    (
        "review_request",
        "email",
        "{place}: как всё прошло?",
        "Здравствуйте, {name}!\n\nСпасибо, что были у нас. Расскажите, как всё прошло, это займёт "
        "минуту:\n\n{link}\n\n{place}",
    ),
    (
        "review_reminder",
        "sms",
        None,
        "{place}: мы всё ещё ждём ваш отзыв, это займёт минуту: {link}",
    ),
    (
        "review_reminder",
        "email",
        "{place}: мы всё ещё ждём ваш отзыв",
        "Здравствуйте, {name}!\n\nМы всё ещё ждём ваш отзыв, это займёт "
        "минуту:\n\n{link}\n\n{place}",
    ),
)


def migrate_and_set_up(settings: Settings) -> None:
    """Upgrade the schema and adopt the documented environment variables, once."""
    if settings.database_url is not None:
        asyncio.run(_migrate_and_set_up(settings, settings.database_url))
        return
    with opened(settings.data_dir) as server:
        asyncio.run(_migrate_and_set_up(settings, server.dsn))


async def check_server(dsn: str) -> None:
    """Refuse what cannot work before anything is changed. Raises ConfigError."""
    try:
        connection = await database.connect(dsn, name="set-up")
    except CANNOT_CONNECT as error:
        raise ConfigError(f"no connection to the database: {redact_text(str(error))}") from error
    version = connection.get_server_version()
    await connection.close()
    if version.major < OLDEST_POSTGRES:
        raise ConfigError(
            f"the database is PostgreSQL {version.major}; Uzel needs {OLDEST_POSTGRES} or newer"
        )


async def _migrate_and_set_up(settings: Settings, dsn: str) -> None:
    await check_server(dsn)
    await migrations.upgrade(dsn)
    addresses.permit(settings.allow_private_addresses)
    ring = read_key_ring(settings.master_key, settings.data_dir)
    connection = await database.connect(dsn, name="set-up")
    try:
        async with connection.transaction():
            await migrations.alone(connection)
            business = await default_business(connection)
            await add_first_texts(connection, business)
            if not await any_person(connection):
                log.info("nobody can sign in yet; add somebody: uzel user add NAME")
            for name in await adopt_environment(connection, ring, os.environ):
                log.info("made the default %s connection from the environment", name)
                if connectors()[name].register is not None:
                    log.info("tell it where to post: uzel connection register %s", name)
            await make_shop(connection, os.environ)
    finally:
        await connection.close()


async def make_shop(connection: database.Connection, environment: Mapping[str, str]) -> None:
    """The shop that the documented variables describe, once; it is off."""
    try:
        shop_id = await adopt_shop(connection, environment)
    except ConfigError as error:
        log.warning("no shop of Kaspi orders was made: %s", error)
        return
    if shop_id is None:
        return
    log.info("made shop %s from the environment; it is off: uzel kaspi resume", shop_id)
    if (country := wrong_country(environment)) is not None:
        log.warning("%s=%s is not taken: phones are read as those of KZ", COUNTRY, country)


async def add_first_texts(connection: database.Connection, business_id: int) -> None:
    """The texts a business begins with; one that is there, or was retired, stays as it is."""
    for purpose, channel, subject, body in FIRST_TEXTS:
        if await newest_template(connection, business_id, purpose, channel) is None:
            await add_template(connection, business_id, purpose, channel, body, subject=subject)
