"""The address of an API: what is one, in one spelling, and never with a secret in it."""

import ipaddress

import httpx2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from uzel.model.address import AddressRejected, HttpAddress, Origin, origin_of, parse_address

CANARY = "canary-41c0"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://sms.ru", "https://sms.ru"),
        (" HTTPS://SMS.ru:443/ ", "https://sms.ru"),
        ("http://127.0.0.1:8100/smsru/", "http://127.0.0.1:8100/smsru"),
        ("http://[::1]:8100/smsru", "http://[::1]:8100/smsru"),
        ("http://пример.рф", "http://xn--e1afmkfd.xn--p1ai"),
        ("http://sms_proxy:8080", "http://sms_proxy:8080"),
        ("http://127。0。0。1", "http://127.0.0.1"),
        ("https://api.example/a%20b/c@d", "https://api.example/a%20b/c@d"),
    ],
)
def test_an_address_has_one_spelling(typed: str, kept: str) -> None:
    assert parse_address(typed) == kept
    assert parse_address(kept) == kept


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("http://[::1", "address_unreadable"),
        ("http://0177.0.0.1", "address_unreadable"),
        ("https://sms ru", "address_unreadable"),
        ("https://sms.ru\\@evil.example", "address_unreadable"),
        ("https://sms.ru/\nx", "address_unreadable"),
        (f"https://sms.ru/{'x' * 500}", "address_unreadable"),
        ("", "address_scheme"),
        ("sms.ru", "address_scheme"),
        ("//sms.ru", "address_scheme"),
        ("ftp://sms.ru", "address_scheme"),
        ("file:///etc/passwd", "address_scheme"),
        (f"https://user:{CANARY}@sms.ru", "address_login"),
        (f"https://{CANARY}@sms.ru", "address_login"),
        ("https://sms.ru?x=1", "address_extra"),
        ("https://sms.ru/?", "address_extra"),
        ("https://sms.ru/#part", "address_extra"),
        ("http://", "address_host"),
        ("http:///path", "address_host"),
        ("https:sms.ru", "address_host"),
        ("http://..", "address_host"),
        ("http://sms.ru.", "address_host"),
        ("http://-sms.ru", "address_host"),
        ("http://127%2e0.0.1", "address_host"),
        ("http://2130706433", "address_host"),
        ("http://0x7f.1", "address_host"),
        ("http://0x7f000001", "address_host"),
        ("http://127.1", "address_host"),
        ("http://[fe80::1%25eth0]", "address_host"),
        ("http://sms.ru:0", "address_port"),
        ("http://sms.ru:99999", "address_port"),
        (f"https://sms.ru:{'9' * 450}", "address_port"),
    ],
)
def test_anything_else_is_refused_with_its_reason(typed: str, reason: str) -> None:
    with pytest.raises(AddressRejected) as refused:
        parse_address(typed)
    assert refused.value.reason == reason
    assert CANARY not in str(refused.value)


PIECES = (
    *("http", "https", "ftp", ":", "/", "//", "@", "[", "]", "::", "?", "#", "%", "\\"),
    *(".", "..", "-", "1", "127", "0x7f", "0177", "2130706433"),
    *("sms.ru", "localhost", "xn--", "。", "п", "\0", " "),
)
pieces = st.sampled_from(PIECES)


@given(st.one_of(st.text(max_size=60), st.lists(pieces, max_size=12).map("".join)))
@example("http://h:\N{ARABIC-INDIC DIGIT EIGHT}")
def test_whatever_is_typed_is_an_address_or_refused(typed: str) -> None:
    """And the client that connects reads what is kept as we do."""
    try:
        kept = parse_address(typed)
    except AddressRejected:
        return
    assert parse_address(kept) == kept
    url = httpx2.URL(kept)
    scheme, host, port = origin_of(kept)
    assert (scheme, host) == (url.scheme, url.raw_host.decode())
    assert port == (url.port or {"http": 80, "https": 443}[scheme])
    assert not url.userinfo and not url.query and not url.fragment


@given(st.ip_addresses())
def test_every_ip_address_is_a_host(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    host = f"[{ip}]" if ip.version == 6 else str(ip)
    assert origin_of(f"http://{host}/x") == Origin("http", str(ip), 80)


class Settings(BaseModel):
    base_url: HttpAddress


def test_as_a_setting_it_is_trimmed_and_refused_without_being_repeated() -> None:
    assert Settings(base_url="https://sms.ru/").base_url == "https://sms.ru"
    with pytest.raises(ValidationError) as refused:
        Settings(base_url=f"https://user:{CANARY}@sms.ru")
    (error,) = refused.value.errors(include_input=False, include_url=False)
    assert error["type"] == "address_login"
    assert CANARY not in str(error)
