"""Which names look like a credential's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.kit.credentials import is_credential, without_credentials

CREDENTIALS = (
    *("key", "Key", "KEY", "api_key", "api-key", "apikey", "apiKey", "hookKey", "private.key"),
    *("token", "X-Access-Token", "x-auth-token", "access_token", "csrftoken", "data[token]"),
    *("x-secret", "client_secret", "clientSecret", "password", "passwd", "pwd", "userpass"),
    *("authorization", "Proxy-Authorization", "x-auth", "oauth_code", "authentication"),
    *("cookie", "set-cookie", "session", "sessionid", "PHPSESSID", "x-jwt", "x-amz-credential"),
    *("api_id", "apiLogin", "Ocp-Apim-Subscription-Key"),
)
OTHERS = (
    *(
        "",
        "author",
        "co-authors",
        "authority",
        "content-type",
        "host",
        "user-agent",
        "x-request-id",
    ),
    *("Idempotency-Key", "x-idempotency-key", "signature", "x-hub-signature-256", "hash", "order"),
    *("x-forwarded-for", "keyword", "passport", "from", "type", "date", "status"),
)


@pytest.mark.parametrize("name", CREDENTIALS)
def test_these_do(name: str) -> None:
    assert is_credential(name)


@pytest.mark.parametrize("name", OTHERS)
def test_these_do_not(name: str) -> None:
    assert not is_credential(name)


@given(st.sampled_from(CREDENTIALS), st.sampled_from(("", "-", "_", ".", " ")), st.booleans())
def test_writing_it_otherwise_changes_nothing(name: str, separator: str, upper: bool) -> None:
    written = separator.join(name)
    assert is_credential(written.upper() if upper else written)


@given(st.text(max_size=200))
def test_any_name_will_do(name: str) -> None:
    assert is_credential(name + "token")
    assert is_credential(name) in (True, False)


def test_a_path_loses_the_parameters_that_are_credentials() -> None:
    params = {"token": "1:secret", "method": "getMe", "place": 5, "key": ""}
    assert without_credentials("/bot1:secret/getMe/5", params) == "/bot***/getMe/5"
    assert without_credentials("/orders/5", {"place": 5}) == "/orders/5"
