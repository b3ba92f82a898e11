"""Who may use the partner API, at either address: a living token, its networks, its pace."""

import contextlib
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from uzel.kit.database import Pool
from uzel.kit.secrets import new_token
from uzel.partners.access import Access, Caller
from uzel.web.partner.limits import Limits
from uzel.web.partner.wrong_tokens import TooMany, WrongTokens


class Denied(Exception):
    """Not let in, or not for this. `code`: one of `codes.CODES`."""

    def __init__(self, code: str, detail: str, retry_after_s: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.retry_after_s = retry_after_s


class Gate:
    """One for the web process. `wrong`: counts the tokens that are none, at all doors."""

    def __init__(
        self, pool: Pool, limits: Limits | None = None, wrong: WrongTokens | None = None
    ) -> None:
        self._access = Access(pool)
        self._limits = limits or Limits()
        self.wrong = wrong or WrongTokens()
        self._lent: dict[str, Caller] = {}

    async def admit(self, token: str | None, address: str, *, in_url: bool = False) -> Caller:
        """Whose token it is. Raises Denied."""
        caller = await self._caller(token, address) if token else None
        if caller is None:
            raise Denied("unauthorized", "This API token is missing, unknown, or has ended.")
        settings = caller.partner.settings
        self.check_address(caller, address)
        if in_url and not settings.token_in_url:
            raise Denied("token_in_url", "Send the API token in the header Authorization.")
        wait_s = self._limits.take(caller.token_id, settings.per_minute)
        if wait_s:
            raise Denied("rate_limited", f"Too many requests; again in {wait_s} s.", wait_s)
        return caller

    @staticmethod
    def check_address(caller: Caller, address: str) -> None:
        """Raises Denied where the partner has agreed on other addresses."""
        networks = caller.partner.settings.addresses
        if networks and not within(address, networks):
            raise Denied("address_not_allowed", "This API token is not good from this address.")

    @contextlib.contextmanager
    def lend(self, caller: Caller) -> Iterator[str]:
        """A token that is good while the block lasts, in this process: for requests that the
        cabinet makes for somebody who is signed in, whose own token nobody has kept.
        """
        token = new_token("lent")
        self._lent[token] = caller
        try:
            yield token
        finally:
            del self._lent[token]

    async def _caller(self, token: str, address: str) -> Caller | None:
        """None: a wrong token. Raises Denied after too many of them."""
        if (lent := self._lent.get(token)) is not None:
            return lent
        try:
            return await self.wrong.look(token, address, self._access.caller)
        except TooMany as many:
            said = f"Too many wrong tokens; again in {many.wait_s} s."
            raise Denied("rate_limited", said, many.wait_s) from None


def demand(caller: Caller, scope: str) -> None:
    """Raises Denied where the token lacks a scope."""
    if scope not in caller.scopes:
        raise Denied("scope_missing", f"This API token lacks the scope {scope}.")


def within(address: str, networks: tuple[str, ...]) -> bool:
    """Whether an address lies in one of these."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in network for network in read(networks))


@lru_cache(maxsize=1024)
def read(networks: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(network) for network in networks)
