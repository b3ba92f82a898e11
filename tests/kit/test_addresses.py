"""Where requests may go, however the address is written and whatever a name leads to."""

import asyncio
import ipaddress
import socket
from collections.abc import Iterator

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from uzel.errors import ConfigError
from uzel.kit import addresses
from uzel.kit.addresses import allowed, is_public, may_reach, networks

PRIVATE = (
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1"),
    *("127.255.255.254", "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255"),
    *("192.0.0.192", "192.168.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1"),
    *("64:ff9b::127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1", "2001::1", "2001:db8::1"),
    *("2002:7f00:1::", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%1", "fec0::1", "ff02::1"),
)
PUBLIC = (
    *("1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "223.255.255.254", "2a02:6b8::1"),
    *("::ffff:8.8.8.8", "64:ff9b::8.8.8.8"),
)


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Nothing is opened, whatever the other tests need."""
    before = addresses._opened
    addresses.permit("")
    yield
    addresses._opened = before


@pytest.mark.parametrize("text", PRIVATE)
def test_nothing_of_our_own_network_is_reached(text: str) -> None:
    assert not may_reach(text)
    with pytest.raises(ConfigError, match="UZEL_ALLOW_PRIVATE_ADDRESSES"):
        asyncio.run(allowed(text, 80))


@pytest.mark.parametrize("text", PUBLIC)
def test_the_internet_is(text: str) -> None:
    assert may_reach(text)


@given(st.ip_addresses(v=4))
def test_whatever_is_not_global_is_closed(ip: ipaddress.IPv4Address) -> None:
    if not ip.is_global or ip.is_multicast or ip.is_reserved:
        assert not is_public(ip)
    for wrapped in (f"::ffff:{ip}", f"64:ff9b::{ip}"):
        assert is_public(ipaddress.IPv6Address(wrapped)) == is_public(ip)


SPECIAL = (
    *("::/96", "100::/64", "2001::/23", "2002::/16"),
    *("fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
)
special = st.sampled_from(SPECIAL).flatmap(lambda text: st.ip_addresses(network=text))


@given(st.one_of(st.ip_addresses(v=6), special))
def test_whatever_is_not_global_is_closed_in_ipv6(ip: ipaddress.IPv6Address) -> None:
    assume(ip.ipv4_mapped is None and ip not in addresses.NAT64)
    if not ip.is_global or ip.is_multicast or ip.is_site_local or ip.is_reserved:
        assert not is_public(ip)


LOOPBACKS = st.integers(0x7F000001, 0x7FFFFFFE)
SPELLINGS = (
    str,
    hex,
    lambda n: f"0{n:o}",
    lambda n: f"0x7f.{n & 0xFFFFFF}",
    lambda n: f"0177.{n >> 16 & 255}.{n & 0xFFFF}",
    lambda n: str(ipaddress.IPv4Address(n)),
    lambda n: f"::ffff:{ipaddress.IPv4Address(n)}",
)


@settings(max_examples=60, deadline=None)
@given(LOOPBACKS, st.sampled_from(SPELLINGS))
def test_no_spelling_gets_past(number: int, spell: object) -> None:
    """What the system takes for an address is judged as what it takes it for."""
    assert callable(spell)
    with pytest.raises((ConfigError, OSError)):
        asyncio.run(allowed(spell(number), 80))


def test_a_name_is_judged_by_every_address_it_leads_to() -> None:
    """The loop's own look-up is told what to find, as a name server of a stranger would."""

    class Loop(asyncio.SelectorEventLoop):
        answers: tuple[str, ...] = ()

        async def getaddrinfo(self, host: object, port: object, **_: object) -> list:  # type: ignore[type-arg]
            kind = socket.AF_INET6, socket.SOCK_STREAM, 6, ""
            return [(*kind, (address, port)) for address in self.answers]

    loop = Loop()
    try:
        loop.answers = ("1.1.1.1", "2a02:6b8::1", "1.1.1.1")
        assert loop.run_until_complete(allowed("x.example", 80)) == ["1.1.1.1", "2a02:6b8::1"]
        for trap in PRIVATE:
            loop.answers = ("1.1.1.1", trap)
            with pytest.raises(ConfigError):
                loop.run_until_complete(allowed("x.example", 80))
        loop.answers = ()
        with pytest.raises(OSError):
            loop.run_until_complete(allowed("x.example", 80))
    finally:
        loop.close()


def test_this_machine_is_reached_only_with_a_permission() -> None:
    with pytest.raises(ConfigError, match="localhost"):
        asyncio.run(allowed("localhost", 80))
    addresses.permit(" 127.0.0.0/8, ::1 ")
    assert set(asyncio.run(allowed("localhost", 80))) <= {"127.0.0.1", "::1"}
    assert may_reach("::ffff:127.0.0.1")
    assert not may_reach("169.254.169.254")
    addresses.permit("")
    with pytest.raises(ConfigError):
        asyncio.run(allowed("127.0.0.1", 80))


@pytest.mark.parametrize("text", ["yes", "127.0.0.1/8", "localhost", "127.0.0.1;::1"])
def test_a_permission_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="UZEL_ALLOW_PRIVATE_ADDRESSES"):
        networks(text)


@pytest.mark.parametrize(
    ("permitted", "host", "expected"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.0/8", "127.9.9.9", True),
        ("127.0.0.1", "1.1.1.1", False),
        ("1.1.1.0/24", "1.1.1.1", True),
        ("127.0.0.1", "::ffff:127.0.0.1", True),
        ("127.0.0.1", "no such host", False),
    ],
)
def test_what_somebody_answers_for(permitted: str, host: str, expected: bool) -> None:
    addresses.permit(permitted)
    assert asyncio.run(addresses.opened(host, 80)) is expected


def test_a_private_address_that_nobody_opened_is_refused_here_too() -> None:
    with pytest.raises(ConfigError, match="private"):
        asyncio.run(addresses.opened("127.0.0.1", 80))
