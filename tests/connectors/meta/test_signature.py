"""Who may post, and who may learn that the address is ours."""

from datetime import UTC, datetime
from hashlib import sha256
from hmac import new as hmac_of
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

import uzel.connectors.meta
from uzel.connector import Received
from uzel.connectors.meta.config import MetaConfig
from uzel.connectors.meta.sandbox import SETTINGS
from uzel.connectors.meta.webhook import challenge, signature, verify
from uzel.errors import SignatureInvalid
from uzel.kit.http_file import read_http_file

CONFIG = MetaConfig.model_validate(dict(SETTINGS))
SECRET = SETTINGS["app_secret"]
TOKEN = SETTINGS["verify_token"]
BODY = b'{"object":"whatsapp_business_account","entry":[]}'
SAMPLES = sorted(Path(uzel.connectors.meta.__path__[0]).glob("samples/*.http"))
TIME = datetime(2026, 11, 14, 10, 0, tzinfo=UTC)


def received(body: bytes, **headers: str) -> Received:
    return Received(body, headers, "", datetime(2026, 11, 14, tzinfo=UTC))


def signed(body: bytes, claimed: str | None = None) -> Received:
    return received(body, **{"x-hub-signature-256": claimed or signature(SECRET, body)})


class TestSignature:
    def test_the_samples_are_signed(self) -> None:
        assert SAMPLES
        for path in SAMPLES:
            sample = read_http_file(path.read_bytes())
            verify(Received(sample.body, sample.headers, "", TIME), CONFIG)

    @given(st.binary(max_size=200))
    def test_it_is_the_hmac_of_the_raw_bytes(self, body: bytes) -> None:
        digest = hmac_of(SECRET.encode(), body, sha256).hexdigest()
        verify(signed(body, f"sha256={digest}"), CONFIG)
        verify(signed(body, f"sha256={digest}".upper()), CONFIG)

    @given(st.binary(max_size=60), st.integers(0, 10**6), st.integers(1, 255))
    def test_another_body_does_not_pass(self, body: bytes, place: int, change: int) -> None:
        other = bytearray(body or b"\0")
        other[place % len(other)] ^= change
        with pytest.raises(SignatureInvalid):
            verify(signed(bytes(other), signature(SECRET, body)), CONFIG)

    @given(st.text(max_size=80))
    def test_no_other_header_passes(self, claimed: str) -> None:
        with pytest.raises(SignatureInvalid):
            verify(received(BODY, **{"x-hub-signature-256": claimed}), CONFIG)

    @pytest.mark.parametrize(
        "claimed",
        [
            signature("another", BODY),
            signature("", BODY),
            signature(SECRET, BODY).removeprefix("sha256="),
            signature(SECRET, BODY).replace("sha256", "sha1"),
            signature(SECRET, BODY)[:-1],
            signature(SECRET, BODY) + ", " + signature(SECRET, BODY),
        ],
    )
    def test_what_is_nearly_right_does_not_pass(self, claimed: str) -> None:
        with pytest.raises(SignatureInvalid):
            verify(signed(BODY, claimed), CONFIG)

    def test_without_a_signature_or_with_the_old_one_nothing_passes(self) -> None:
        for headers in ({}, {"x-hub-signature": signature(SECRET, BODY)}):
            with pytest.raises(SignatureInvalid):
                verify(received(BODY, **headers), CONFIG)

    @pytest.mark.parametrize("secret", [None, "", " "])
    def test_without_a_secret_nothing_passes(self, secret: str | None) -> None:
        config = MetaConfig.model_validate({**SETTINGS, "app_secret": secret})
        for key in ("", " ", "None", SECRET):
            with pytest.raises(SignatureInvalid):
                verify(signed(BODY, signature(key, BODY)), config)


def hub(**changes: str) -> str:
    asked = {"mode": "subscribe", "challenge": "1158201444", "verify_token": TOKEN, **changes}
    return urlencode({f"hub.{name}": value for name, value in asked.items()})


class TestChallenge:
    def test_it_is_given_back_bare(self) -> None:
        assert challenge(f"key=hook_sample&{hub()}", CONFIG) == b"1158201444"

    @pytest.mark.parametrize(
        "query",
        [
            "",
            hub(verify_token="another"),
            hub(verify_token=""),
            hub(verify_token="токен"),
            hub(mode="unsubscribe"),
            hub(challenge=""),
            hub(challenge="<script>alert(1)</script>"),
            hub(challenge="1" * 65),
            hub(challenge="1\r\nset-cookie: a=b"),
            "&".join(["a=b"] * 50),
        ],
    )
    def test_nobody_else_gets_anything_back(self, query: str) -> None:
        with pytest.raises(SignatureInvalid):
            challenge(query, CONFIG)

    @pytest.mark.parametrize("token", [None, "", " "])
    def test_without_a_token_nobody_gets_it(self, token: str | None) -> None:
        config = MetaConfig.model_validate({**SETTINGS, "verify_token": token})
        for claimed in ("", " ", "None", TOKEN):
            with pytest.raises(SignatureInvalid):
                challenge(hub(verify_token=claimed), config)

    @given(st.text(max_size=40), st.text(max_size=40))
    def test_only_a_short_token_is_ever_echoed(self, echo: str, token: str) -> None:
        query = urlencode(
            {"hub.mode": "subscribe", "hub.challenge": echo, "hub.verify_token": token}
        )
        with pytest.raises(SignatureInvalid):
            challenge(query, CONFIG)
