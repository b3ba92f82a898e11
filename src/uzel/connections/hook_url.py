"""Addresses that are told of something, as somebody else names them: read strictly, and only such
that a delivery may ever be sent to.
"""

import re
from dataclasses import dataclass

from uzel.errors import ConfigError
from uzel.kit import addresses
from uzel.model.address import AddressRejected, Origin, origin_of, parse_address

ADDRESS = re.compile(r"(?i)(https?://[^/?#]*)([^#]*)")
PRINTABLE = re.compile(r"[!-~]*")


class HookRefused(ConfigError):
    """An address is not taken. code: a key of `model.address.PROBLEMS`, or `hook_…`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class HookUrl:
    """The server and the rest, as connections keep them."""

    base_url: str
    path: str

    @property
    def url(self) -> str:
        return f"{self.base_url}{self.path}"


async def read_address(url: str) -> HookUrl:
    """An address as somebody types it. Its name is looked up, so this comes before a transaction
    that others wait for. Raises HookRefused.
    """
    url = url.strip()
    found = ADDRESS.fullmatch(url)
    if found is None or not PRINTABLE.fullmatch(found[2]):
        said = "an address is like https://shop.example.kz/hooks?from=uzel, in ASCII"
        raise HookRefused("hook_form", said)
    path = f"/{found[2]}" if found[2].startswith("?") else found[2]
    try:
        base_url = parse_address(found[1])
        origin = origin_of(base_url)
    except AddressRejected as error:
        raise HookRefused(error.reason, str(error)) from None
    await demand_reachable(origin)
    return HookUrl(base_url, path)


async def demand_reachable(origin: Origin) -> None:
    """Raises HookRefused for what no delivery will ever be sent to."""
    is_open = False
    try:
        if origin.scheme == "https":
            await addresses.allowed(origin.host, origin.port)
            return
        is_open = await addresses.opened(origin.host, origin.port)
    except ConfigError as error:
        raise HookRefused("hook_private", str(error)) from None
    except OSError:
        # There is no such name now. There may be later; until then deliveries say so.
        is_open = origin.scheme == "https"
    if not is_open:
        raise HookRefused(
            "hook_http",
            "an address begins with https://: what is told could be read on its way. Only a host "
            "that UZEL_ALLOW_PRIVATE_ADDRESSES opens may do with http://",
        )
