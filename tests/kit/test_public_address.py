"""Which addresses of ours a provider can reach."""

import pytest

from uzel.kit.public_address import leads_inside


@pytest.mark.parametrize(
    "url",
    [
        *("http://127.0.0.1:8000", "http://localhost:8000", "http://uzel.localhost", "http://uzel"),
        *("https://192.168.1.5", "http://10.0.0.1/x", "http://[::1]:8000", "http://[fe80::1]"),
        *("https://uzel.local", "https://nas.home.arpa.", "https://Uzel.LAN", "https://", "uzel"),
        *("http://169.254.1.1", "http://100.64.0.1", "http://[::ffff:127.0.0.1]"),
    ],
)
def test_these_lead_inside(url: str) -> None:
    assert leads_inside(url)


@pytest.mark.parametrize(
    "url",
    [
        *("https://uzel.example.ru", "http://uzel.test:8443/x", "https://local.example.ru"),
        *("https://8.8.8.8", "https://[2606:4700::1111]", "https://узел.рф", "https://sms.ru"),
    ],
)
def test_these_lead_out(url: str) -> None:
    assert not leads_inside(url)
