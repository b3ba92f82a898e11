"""Where requests may go: the public internet, and what the installation opens on top of it.

An address that somebody sets for a connection must not become a way into the network that Uzel
stands in: to the database next door, a router, the metadata service of a cloud. What a name leads
to can change between two looks, so the look that counts is the one right before connecting, and
what is connected to is the address that was looked at.

There is one permission for the whole process and it is set where the process begins: a part that
forgot to hand it on could only reach less.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable

from uzel.errors import ConfigError

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# What a refusal begins with.
REFUSED = "a private address, which only UZEL_ALLOW_PRIVATE_ADDRESSES opens: "
LOOK_UP_WITHIN_S = 5.0
# IANA's IPv4 special-purpose addresses (RFC 6890) but for the relay of 6to4 long gone, multicast,
# what is reserved; and a public address that means the host's own services inside a cloud (Azure).
NOT_PUBLIC_4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"),
        "168.63.129.16/32",
    )
)
# Of IPv6 only this part is given out (RFC 4291, 2.4), without protocol assignments and tunnels
# (Teredo, 6to4), which carry another address inside, and without examples.
GIVEN_OUT_6 = ipaddress.IPv6Network("2000::/3")
NOT_PUBLIC_6 = tuple(
    ipaddress.IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
# NAT64 as every network may have it (RFC 6052): the last 32 bits are an IPv4 address.
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

_opened: tuple[Network, ...] = ()


def networks(text: str) -> tuple[Network, ...]:
    """The networks of UZEL_ALLOW_PRIVATE_ADDRESSES: addresses and networks (`10.1.0.0/16`),
    separated by commas. Raises ConfigError.
    """
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise ConfigError(
            "UZEL_ALLOW_PRIVATE_ADDRESSES takes addresses and networks like 127.0.0.1 or "
            f"10.1.0.0/16, separated by commas: {error}"
        ) from error


def permit(text: str) -> None:
    """Open these networks to this process, and close all others. Raises ConfigError."""
    global _opened  # noqa: PLW0603 - see above: one permission for the process
    _opened = networks(text)


async def allowed(host: str, port: int) -> list[str]:
    """What `host` (a name or an IP address, without brackets) leads to right now, to connect to one
    of these and nothing else.

    Raises ConfigError if any of them may not be reached: a name with a public and a private address
    is a trap. OSError (gaierror) where there is no such host, TimeoutError where nobody tells.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(LOOK_UP_WITHIN_S):
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(where[0]) for *_, where in found))
    if not addresses:
        raise socket.gaierror(f"{host} leads nowhere")
    if not all(may_reach(address) for address in addresses):
        raise ConfigError(REFUSED + host)
    return addresses


async def opened(host: str, port: int) -> bool:
    """Whether UZEL_ALLOW_PRIVATE_ADDRESSES names all that `host` leads to: a network that somebody
    answers for. Raises ConfigError as `allowed`.
    """
    try:
        found = await allowed(host, port)
    except (OSError, UnicodeError):
        return False
    there = [unwrapped(ipaddress.ip_address(text)) for text in found]
    return all(any(address in network for network in _opened) for address in there)


def may_reach(text: str, opened: Iterable[Network] | None = None) -> bool:
    """Whether requests may go to this IP address; `opened` None: the process's permission."""
    address = unwrapped(ipaddress.ip_address(text))
    if is_public(address):
        return True
    return any(address in network for network in (_opened if opened is None else opened))


def is_public(address: IpAddress) -> bool:
    """Whether it belongs to somebody on the internet and not to this network."""
    address = unwrapped(address)
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in NOT_PUBLIC_4)
    return address in GIVEN_OUT_6 and not any(address in network for network in NOT_PUBLIC_6)


def unwrapped(address: IpAddress) -> IpAddress:
    """The IPv4 address that an IPv6 one stands for (`::ffff:127.0.0.1`), else the same."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
