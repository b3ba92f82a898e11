"""`Messaging`: planning single messages, having their calls made and waiting for the end."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypedDict, Unpack
from uuid import uuid4

from uzel.app import Parts, open_parts
from uzel.calls.plan import gathered
from uzel.connections import business_store
from uzel.connections.registry import Active
from uzel.connections.store import default_business
from uzel.connectors import connectors
from uzel.errors import ConfigError
from uzel.kit import database
from uzel.kit.settings import Settings, read_settings
from uzel.messages.draft import FILLED_IN, Draft
from uzel.messages.guard import TRANSACTIONAL
from uzel.messages.send import plan_messages
from uzel.messaging import content, store
from uzel.messaging.asking import asked
from uzel.messaging.choice import choose, letter_via
from uzel.messaging.content import SMS, TEMPLATE, WHATSAPP, Content
from uzel.messaging.making import WITHIN_S, Making
from uzel.messaging.outcome import Outcome, Sent, sent_of
from uzel.messaging.preview import Preview, notes_on, preview
from uzel.model.rules import Rules, read_rules
from uzel.session import TROUBLES, told, with_database
from uzel.setup import migrate_and_set_up

DIRECT = "direct"
LONGEST_KEY = 200
BALANCE = "balance"


@dataclass(frozen=True, slots=True)
class Balance:
    """Money left at the provider, in minor units of `currency`."""

    amount_minor: int
    currency: str


class How(TypedDict, total=False):
    """What every message can be sent with; without one of them as `Messaging.send` has it."""

    via: str | None
    key: str | None
    transactional: bool


class Messaging:
    """Single messages from a program with a loop of asyncio.

        async with Messaging() as messaging:
            sent = await messaging.send_sms("+79990000001", "Ваш код: 1234")

    source    settings, None for those of the environment; or parts that are open already
    within_s  for how long to try again what certainly did not happen, before giving up

    `via` is a connector's name (`exolve`), or the name or number of a connection; without it the
    first connection of the first business that has the channel is taken. `key` names the message:
    the same key never makes two, and asking again gives the outcome of the first time.
    `transactional`: what somebody asked for or has to know (a code, a receipt) reaches also who
    wants no more of the usual messages.

    Everything that sends raises ConfigError for what cannot be sent at all, and for a key that
    stands for another message.
    """

    def __init__(
        self, source: Parts | Settings | None = None, *, within_s: float = WITHIN_S
    ) -> None:
        self._source = source
        self._within_s = within_s
        self._open = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        try:
            self._parts = await self._opened()
            self._making = Making(self._parts, self._within_s)
            self._open.push_async_callback(self._making.stop)
        except TROUBLES as error:
            await self._open.aclose()
            raise told(error) from error
        except BaseException:
            await self._open.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._open.aclose()

    async def _opened(self) -> Parts:
        if isinstance(self._source, Parts):
            return self._source
        settings = self._source or read_settings()
        settings, is_new = self._open.enter_context(with_database(settings, stays=True))
        if is_new:
            await asyncio.to_thread(migrate_and_set_up, settings)
        return await self._open.enter_async_context(open_parts(settings, "messaging", pool_size=4))

    async def send_sms(self, phone: str, text: str, **how: Unpack[How]) -> Sent:
        """A text message."""
        message = content.sms(phone, text)
        return await self.send(message, **how)

    async def send_whatsapp(self, phone: str, text: str, **how: Unpack[How]) -> Sent:
        """Free text, which WhatsApp delivers only to who wrote within a day."""
        message = content.whatsapp(phone, text)
        return await self.send(message, **how)

    async def send_whatsapp_template(
        self,
        phone: str,
        template: str,
        *,
        language: str = "ru",
        components: Sequence[Mapping[str, Any]] = (),
        parameters: Sequence[object] = (),
        buttons: Sequence[object] = (),
        **how: Unpack[How],
    ) -> Sent:
        """An approved template; see `content.whatsapp_template`."""
        message = content.whatsapp_template(
            phone, template, language, components, parameters, buttons
        )
        return await self.send(message, **how)

    async def send_email(
        self,
        to: str,
        subject: str,
        *,
        html: str | None = None,
        text: str | None = None,
        **how: Unpack[How],
    ) -> Sent:
        """A letter to one mailbox."""
        message = content.email(to, subject, html, text)
        return await self.send(message, **how)

    async def send(
        self,
        message: Content,
        *,
        via: str | None = None,
        key: str | None = None,
        transactional: bool = False,
    ) -> Sent:
        """Any message."""
        origin = origin_of(key)
        known = await store.found(self._parts.pool, origin) if key is not None else None
        is_new = known is None and await self._plan(message, via, origin, purpose_of(transactional))
        known = known or await store.found(self._parts.pool, origin)
        if not is_new:
            check_same(known, message)
        notes = await self._notes(message, known)
        try:
            row = await self._making.follow(origin)
        except database.LOST as error:
            gone = f"the database went away ({type(error).__name__}); the console will tell"
            title = self._title(known)
            return Sent(Outcome.UNKNOWN, known["id"], title, detail=gone, notes=notes)
        return sent_of(row, self._title(row), notes, repeated=not is_new)

    async def preview(
        self, message: Content, *, via: str | None = None, transactional: bool = False
    ) -> Preview:
        """What `send` would do. Raises the same ConfigError."""
        active, rules = await self._chosen(message.channel, via)
        letter = letter_via(active, message, rules)
        async with self._parts.pool.acquire() as connection:
            purpose = purpose_of(transactional)
            return await preview(
                self._parts.reach, connection, active, message, letter, rules, purpose
            )

    async def is_whatsapp_configured(self) -> dict[str, bool]:
        """Connector → whether WhatsApp can be sent through it."""
        return {name: off is None for name, off in (await self.whatsapp_status()).items()}

    async def whatsapp_status(self) -> dict[str, str | None]:
        """Connector → why WhatsApp is off there, None where it is on."""
        found: dict[str, str | None] = {}
        for name, connector in connectors().items():
            if WHATSAPP in connector.channels:
                try:
                    await self._chosen(WHATSAPP, name)
                    found[name] = None
                except ConfigError as error:
                    found[name] = str(error)
        return found

    async def get_sms_balance(self, *, via: str | None = None) -> Balance:
        """The balance of the account that texts go through. Raises CallFailed, ConfigError."""
        active, _ = await self._chosen(SMS, via)
        operation = active.connector.operations.get(BALANCE)
        if operation is None:
            raise ConfigError(f"{active.connector.title} does not tell its balance")
        answer = await asked(self._parts.reach, active, operation)
        return Balance(answer.data["balance_minor"], answer.currency or "")

    async def _plan(self, message: Content, via: str | None, origin: str, purpose: str) -> bool:
        """Write the message and its call down; False if the key got its message meanwhile."""
        active, rules = await self._chosen(message.channel, via)
        draft = Draft(
            business_id=active.business_id,
            purpose=purpose,
            origin=origin,
            letters=[letter_via(active, message, rules)],
            phone=message.phone,
        )
        # Nobody is woken: whoever waits for the outcome makes the call.
        with gathered():
            async with self._parts.pool.acquire() as connection, connection.transaction():
                return bool(await plan_messages(connection, [draft]))

    async def _chosen(self, channel: str, via: str | None) -> tuple[Active, Rules]:
        """The connection, and the rules of its business."""
        await self._parts.registry.refresh()
        business = await default_business(self._parts.pool)
        active = choose(self._parts.registry, business, channel, via)
        row = await business_store.rules_of(self._parts.pool, active.business_id)
        return active, read_rules(row["rules"])

    async def _notes(self, message: Content, row: Any) -> tuple[str, ...]:
        """What may keep a message from arriving although it is accepted."""
        active = self._parts.registry.get(row["connection_id"])
        if active is None or message.channel not in (WHATSAPP, TEMPLATE):
            return ()
        async with self._parts.pool.acquire() as connection:
            return tuple(await notes_on(connection, active, message))

    def _title(self, row: Any) -> str:
        active = self._parts.registry.get(row["connection_id"])
        return active.title if active else str(row["connection_id"])


def purpose_of(transactional: bool) -> str:
    """The purpose of a message somebody sends directly."""
    return TRANSACTIONAL if transactional else DIRECT


def origin_of(key: str | None) -> str:
    """What makes a message the only one of its key; `#` begins the number of a way there. Raises
    ConfigError.
    """
    if key is None:
        return f"{DIRECT}:{uuid4()}"
    if not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
        raise ConfigError(f"a key has 1 to {LONGEST_KEY} printable characters")
    return f"{DIRECT}:{key.replace('%', '%25').replace('#', '%23')}"


def check_same(row: Any, message: Content) -> None:
    """Raises ConfigError if the key stands for another message."""
    first = {name: value for name, value in row["arguments"].items() if name not in FILLED_IN}
    if first != dict(message.arguments):
        raise ConfigError(
            f"this key stands for another message already (number {row['id']}); nothing was sent"
        )
