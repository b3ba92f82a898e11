"""Signatures of Standard Webhooks, against its own example and against HMAC by hand."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connectors.partner_hook.miniature import TOLERANCE_S, is_signed
from uzel.connectors.partner_hook.signing import SecretInvalid, new_secret, secret_bytes, sign

KEYS = st.binary(min_size=24, max_size=64)
NOW = 1_614_265_330


def written(key: bytes) -> str:
    return "whsec_" + base64.b64encode(key).decode()


def test_the_example_of_the_specification() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    made = sign([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", NOW, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(st.lists(KEYS, min_size=1, max_size=3), st.integers(0, 2**40), st.binary(max_size=200))
def test_each_secret_signs_what_the_specification_says(
    keys: list[bytes], at: int, body: bytes
) -> None:
    signed = b"evt_1." + str(at).encode() + b"." + body
    made = sign(map(written, keys), "evt_1", at, body).split(" ")
    by_hand = [base64.b64encode(hmac.new(k, signed, hashlib.sha256).digest()) for k in keys]
    assert made == ["v1," + it.decode() for it in by_hand]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whsec_",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_not base64 at all",
        "whsec_крючок",
        written(b"x" * 23),
        written(b"x" * 65),
    ],
)
def test_what_is_no_secret_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(SecretInvalid) as refused:
        secret_bytes(text)
    assert not text.removeprefix("whsec_") or text not in str(refused.value)


@pytest.mark.parametrize("size", [24, 64])
def test_the_sizes_that_are_allowed(size: int) -> None:
    assert len(secret_bytes(written(b"x" * size))) == size


def test_new_secrets_differ() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert {len(secret_bytes(it)) for it in made} == {32}


@given(KEYS, KEYS, st.integers(-2 * TOLERANCE_S, 2 * TOLERANCE_S))
def test_the_receiver_takes_what_is_signed_and_fresh(key: bytes, other: bytes, late: int) -> None:
    headers = {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(NOW),
        "webhook-signature": sign([written(key)], "evt_1", NOW, b"{}"),
    }
    fresh = abs(late) <= TOLERANCE_S
    assert is_signed([written(key)], headers, b"{}", NOW + late) is fresh
    # HMAC fills a short key up with zeros, so such two are one.
    same = key.ljust(64, b"\0") == other.ljust(64, b"\0")
    assert is_signed([written(other)], headers, b"{}", NOW) is same
    for name in headers:
        assert not is_signed([written(key)], {**headers, name: "x"}, b"{}", NOW)
    assert not is_signed([written(key)], headers, b"{} ", NOW)
