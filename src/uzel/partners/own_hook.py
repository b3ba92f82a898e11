"""What partners do with their webhook themselves: where it goes, its secret, a try, once more.

Address and secret are changed by tokens for people only, as tokens are: whoever finds a program's
token must not be able to have a partner's news sent elsewhere. All is done in the book of the
token, in a transaction of the caller's, and leaves a note.
"""

from datetime import datetime

from uzel.connections.hook_url import HookRefused, HookUrl
from uzel.connectors.partner_hook.client import TEST
from uzel.kit.database import Connection, Pool
from uzel.kit.secrets import KeyRing
from uzel.partners import hook_address, hooks, partner_store
from uzel.partners.access import Caller
from uzel.partners.hook_address import NO_ADDRESS, AddressSet, Hook
from uzel.partners.own_tokens import allowed, noted

# So many of the newest deliveries are looked at for a test that is on its way.
LOOKED_AT = 20


async def found(pool: Pool | Connection, caller: Caller) -> Hook | None:
    """The address of a caller's book; None: nothing is told."""
    hook = await hook_address.hook_of(pool, caller.partner.id, caller.partner.book)
    return None if hook is None or is_empty(hook) else hook


def is_empty(hook: Hook) -> bool:
    """Whether the partner had the address taken away."""
    return hook.state == "off" and hook.reason == NO_ADDRESS


def may_change(hook: Hook | None) -> bool:
    """Not what an administrator has switched off; but what the partner itself has, by 410."""
    return hook is None or hook.state != "off" or hook.reason in (NO_ADDRESS, hooks.GONE_REASON)


async def put(
    connection: Connection, ring: KeyRing, caller: Caller, address: HookUrl | None
) -> AddressSet:
    """Another address (`hook_url.read_address`), None for none. Raises TokenRefused,
    ConfigError.
    """
    await allowed(connection, caller)
    partner = caller.partner
    if not may_change(await hook_address.hook_of(connection, partner.id, partner.book)):
        raise HookRefused("hook_off", "the webhook is switched off by an administrator")
    done = await hook_address.put(connection, ring, partner.id, partner.book, address)
    await noted(connection, caller, "set_hook", {"book": partner.book, "url": done.url})
    return done


async def rotate(connection: Connection, ring: KeyRing, caller: Caller) -> tuple[str, datetime]:
    """A new secret, see `hook_address.rotate`. Raises TokenRefused, ConfigError."""
    await allowed(connection, caller)
    partner = caller.partner
    secret, until = await hook_address.rotate(connection, ring, partner.id, partner.book)
    about = {"book": partner.book, "old_until": until.isoformat()}
    await noted(connection, caller, "rotate_hook", about)
    return secret, until


async def test(connection: Connection, caller: Caller) -> str:
    """Send an event about nothing, one at a time. Returns the delivery's id. Raises ConfigError."""
    partner = caller.partner
    await partner_store.lock(connection, partner.id)
    newest = await hooks.deliveries(connection, partner.id, partner.book, LOOKED_AT)
    if any(it.type == TEST and it.state == "pending" for it in newest):
        raise HookRefused("hook_testing", "a test event is still to be delivered")
    if await found(connection, caller) is None:
        raise HookRefused("hook_none", "there is no address")
    made = await hooks.tell_test(connection, partner.id, partner.book)
    await noted(connection, caller, "test_hook", {"delivery": made, "book": partner.book})
    return made


async def resend(connection: Connection, caller: Caller, delivery_id: str) -> str:
    """Once more what a delivery told, see `hooks.resend`. Raises hooks.NotResent."""
    partner = caller.partner
    await partner_store.lock(connection, partner.id)
    made = await hooks.resend(connection, partner.id, partner.book, delivery_id)
    await noted(connection, caller, "resend_hook", {"delivery": delivery_id, "again": made})
    return made
