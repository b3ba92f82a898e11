"""The functions for scripts: one message, or one question, and the program waits.

Each opens the installation that the environment names (`UZEL_DATABASE_URL`, or the database in
`UZEL_DATA_DIR`, joined or started for that time). All raise ConfigError for what cannot be sent at
all, and where a loop of asyncio runs already: see `Messaging`.

`via` is a connector's name (`exolve`), or the name or number of a connection; None: the first that
has the channel. `connection` and `provider` are older names of it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from uzel.app import Parts
from uzel.errors import ConfigError
from uzel.messaging import content
from uzel.messaging.content import Content
from uzel.messaging.messenger import Balance, Messaging
from uzel.messaging.outcome import Sent
from uzel.session import with_parts

Result = TypeVar("Result")


def send_sms(
    phone: str,
    text: str,
    *,
    via: str | None = None,
    key: str | None = None,
    transactional: bool = False,
    connection: str | None = None,
) -> Sent:
    """A text message to a mobile phone. key, transactional: see `Messaging`."""
    return send(content.sms(phone, text), one_of(via, connection), key, transactional)


def send_whatsapp(
    phone: str,
    text: str,
    *,
    via: str | None = None,
    key: str | None = None,
    transactional: bool = False,
    provider: str | None = None,
) -> Sent:
    """Free text, which WhatsApp delivers only to who wrote within a day."""
    return send(content.whatsapp(phone, text), one_of(via, provider), key, transactional)


def send_whatsapp_template(
    phone: str,
    template: str,
    *,
    language: str = "ru",
    components: Sequence[Mapping[str, Any]] = (),
    parameters: Sequence[object] = (),
    buttons: Sequence[object] = (),
    via: str | None = None,
    key: str | None = None,
    transactional: bool = False,
    provider: str | None = None,
) -> Sent:
    """An approved template. parameters: texts for {{1}}, {{2}}, … of its body; buttons: what its
    buttons with a variable get; components: Meta's own `components` instead of both.
    """
    message = content.whatsapp_template(phone, template, language, components, parameters, buttons)
    return send(message, one_of(via, provider), key, transactional)


def send_email(
    to: str,
    subject: str,
    *,
    html: str | None = None,
    text: str | None = None,
    via: str | None = None,
    key: str | None = None,
    transactional: bool = False,
    connection: str | None = None,
) -> Sent:
    """A letter to one mailbox, with a text, an HTML page, or both."""
    return send(content.email(to, subject, html, text), one_of(via, connection), key, transactional)


def is_whatsapp_configured() -> dict[str, bool]:
    """{"meta": …, "exolve": …}: whether WhatsApp can be sent through it."""
    return asking(Messaging.is_whatsapp_configured)


def get_sms_balance() -> Balance:
    """What is left at the provider that texts go through. Raises CallFailed, ConfigError."""
    return asking(Messaging.get_sms_balance)


def one_of(via: str | None, older: str | None) -> str | None:
    """The connection meant, by whichever name it was given. Raises ConfigError for both."""
    if via is not None and older is not None:
        raise ConfigError("give via alone: connection and provider are older names of it")
    return older if via is None else via


def send(message: Content, via: str | None, key: str | None, transactional: bool) -> Sent:
    """Any message."""
    return asking(lambda m: m.send(message, via=via, key=key, transactional=transactional))


def asking(work: Callable[[Messaging], Awaitable[Result]]) -> Result:
    """What a messenger of the moment answers."""

    async def ask(parts: Parts) -> Result:
        async with Messaging(parts) as messaging:
            return await work(messaging)

    return with_parts(ask, quiet=True)
