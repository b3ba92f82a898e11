"""The address of an HTTP API as a person types it: read once, and strictly, so that the part that
connects later cannot understand it in another way.
"""

import ipaddress
import re
from typing import Annotated, Final, NamedTuple

import httpx2
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

LONGEST = 500
LONGEST_HOST = 253  # RFC 1035, 2.3.4
PORTS: Final = {"http": 80, "https": 443}
# Names of containers have underscores, so they are let through.
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

# Reason of AddressRejected → what is wrong, for people; never with what was typed.
PROBLEMS: Final = {
    "address_unreadable": "this is no address",
    "address_scheme": "an address begins with https:// or http://",
    "address_host": "the name of the server is missing or is none",
    "address_port": "a port is a number from 1 to 65535",
    "address_login": "no user and password in an address: they would stand in the clear",
    "address_extra": "an address ends before ? and #",
}


class AddressRejected(ValueError):
    """No request can be sent there. `reason` is a key of PROBLEMS."""

    def __init__(self, reason: str) -> None:
        super().__init__(PROBLEMS[reason])
        self.reason = reason


class Origin(NamedTuple):
    """To whom a request goes: what of an address decides who reads the secrets in it."""

    scheme: str
    host: str
    port: int


def parse_address(text: str) -> str:
    """The address in its one canonical spelling, without a slash at its end. Raises
    AddressRejected, nothing else.

    The parser is that of the client which will connect. What other programs read as an IPv4 address
    (`2130706433`, `0x7f.1`; WHATWG URL, 3.5) must be written as one.
    """
    text = text.strip()
    try:
        url = httpx2.URL(text) if len(text) <= LONGEST else None
    except httpx2.InvalidURL:
        url = None
    if url is None or not text.isprintable() or "\\" in text or " " in text:
        raise AddressRejected("address_unreadable")
    if url.scheme not in PORTS:
        raise AddressRejected("address_scheme")
    if url.userinfo:
        raise AddressRejected("address_login")
    if "?" in text or "#" in text:
        raise AddressRejected("address_extra")
    if not is_host(url.raw_host.decode("ascii", "replace")):
        raise AddressRejected("address_host")
    if url.port is not None and not 0 < url.port < 65536:
        raise AddressRejected("address_port")
    # Twice: at the first reading `HTTPS` has no default port yet.
    return str(httpx2.URL(str(url))).rstrip("/")


def is_host(host: str) -> bool:
    """Whether this is a name (ASCII, lower-case, without a dot at its end) or an IP address."""
    if ":" in host:
        return "%" not in host and is_ip(host)
    *_, last = labels = host.split(".")
    if _NUMBER.fullmatch(last):
        return is_ip(host)
    return len(host) <= LONGEST_HOST and all(_LABEL.fullmatch(label) for label in labels)


def is_ip(host: str) -> bool:
    """Whether this is an IP address as RFC 3986 spells one, without brackets."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def origin_of(address: str) -> Origin:
    """Scheme, host (without brackets) and port of an address. Raises AddressRejected."""
    url = httpx2.URL(parse_address(address))
    return Origin(url.scheme, url.raw_host.decode("ascii"), url.port or PORTS[url.scheme])


def _validated(text: str) -> str:
    try:
        return parse_address(text)
    except AddressRejected as error:
        raise PydanticCustomError(error.reason, PROBLEMS[error.reason]) from None


class IsAddress:
    """Marks a setting of this kind, see `uzel.connections.config.address_fields`."""


HttpAddress = Annotated[str, AfterValidator(_validated), IsAddress()]
