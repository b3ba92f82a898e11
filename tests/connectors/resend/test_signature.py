import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.connectors.resend.signature import (
    MOST_SIGNATURES,
    SHORTEST_KEY,
    TOLERANCE_S,
    check,
    message_id,
    sign,
    signing_key,
)
from uzel.errors import SignatureInvalid

NOW = datetime(2026, 11, 14, 10, 0, tzinfo=UTC)
AT = str(int(NOW.timestamp()))
KEY = bytes(range(24))
BODY = b'{"type":"email.sent"}'
ID = "msg_2uzel0001"

keys = st.binary(min_size=SHORTEST_KEY, max_size=64)
ids = st.text("abcXYZ019_.-", min_size=1, max_size=128)


def headers(
    signature: str, *, family: str = "svix", sent_id: str = ID, at: str = AT
) -> dict[str, str]:
    return {
        f"{family}-id": sent_id,
        f"{family}-timestamp": at,
        f"{family}-signature": signature,
    }


def secret(key: bytes) -> str:
    return f"whsec_{base64.b64encode(key).decode()}"


@given(keys, ids, st.binary(max_size=200), st.sampled_from(["svix", "webhook"]))
def test_whoever_knows_the_secret_is_let_in_under_both_names_of_the_headers(
    key: bytes, sent_id: str, body: bytes, family: str
) -> None:
    signed = sign(signing_key(secret(key)), sent_id, AT, body)
    check(headers(signed, family=family, sent_id=sent_id), body, key, NOW)
    assert message_id(headers(signed, family=family, sent_id=sent_id)) == sent_id


@given(keys, keys, st.binary(max_size=100))
def test_nobody_else_is(key: bytes, other: bytes, body: bytes) -> None:
    signed = sign(other, ID, AT, body)
    if key == other:
        check(headers(signed), body, key, NOW)
        return
    with pytest.raises(SignatureInvalid):
        check(headers(signed), body, key, NOW)


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_a_signature_holds_for_its_body_alone(body: bytes, other: bytes) -> None:
    if body != other:
        with pytest.raises(SignatureInvalid):
            check(headers(sign(KEY, ID, AT, body)), other, KEY, NOW)


def test_a_signature_holds_for_its_id_and_time_alone() -> None:
    signed = sign(KEY, ID, AT, BODY)
    later = str(int(AT) + 1)
    for changed in (headers(signed, sent_id="msg_other"), headers(signed, at=later)):
        with pytest.raises(SignatureInvalid):
            check(changed, BODY, KEY, NOW)


@given(st.integers(0, MOST_SIGNATURES - 1))
def test_one_good_signature_among_several_is_enough(place: int) -> None:
    signatures = ["v1,b3RoZXI="] * MOST_SIGNATURES
    signatures[place] = sign(KEY, ID, AT, BODY)
    check(headers(" ".join(signatures)), BODY, KEY, NOW)


def test_only_so_many_are_looked_at() -> None:
    signatures = ["v1,b3RoZXI="] * MOST_SIGNATURES + [sign(KEY, ID, AT, BODY)]
    with pytest.raises(SignatureInvalid):
        check(headers(" ".join(signatures)), BODY, KEY, NOW)


@given(st.integers(-1000, 1000))
def test_five_minutes_either_way_are_forgiven(off_s: int) -> None:
    signed = headers(sign(KEY, ID, AT, BODY))
    received_at = NOW + timedelta(seconds=off_s)
    if abs(off_s) <= TOLERANCE_S:
        check(signed, BODY, KEY, received_at)
        return
    with pytest.raises(SignatureInvalid, match="five minutes"):
        check(signed, BODY, KEY, received_at)


SIGNED = sign(KEY, ID, AT, BODY)


@pytest.mark.parametrize(
    "given",
    [
        {},
        headers(""),
        headers(" "),
        headers("é"),
        headers(SIGNED.removeprefix("v1,")),
        headers(SIGNED.replace("v1,", "v2,")),
        headers(SIGNED.replace("v1,", "v1a,")),
        headers(SIGNED + ","),
        headers(SIGNED.lower()),
        headers(SIGNED, sent_id=""),
        headers(sign(KEY, "a b", AT, BODY), sent_id="a b"),
        headers(sign(KEY, "x" * 129, AT, BODY), sent_id="x" * 129),
        headers(SIGNED, at=""),
        headers(sign(KEY, ID, "-1", BODY), at="-1"),
        headers(sign(KEY, ID, "١٧٩٤٦٥٠٤٠٠", BODY), at="١٧٩٤٦٥٠٤٠٠"),
        headers(sign(KEY, ID, "9" * 30, BODY), at="9" * 30),
        {"svix-id": ID, "webhook-timestamp": AT, "webhook-signature": SIGNED},
    ],
)
def test_what_does_not_prove_its_sender_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(SignatureInvalid):
        check(given, BODY, KEY, NOW)


@pytest.mark.parametrize("wrong", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_%%%", "whsec_ключ"])
def test_a_secret_that_anybody_could_guess_is_none(wrong: str) -> None:
    with pytest.raises(SignatureInvalid):
        signing_key(wrong)


def test_a_secret_may_come_without_its_prefix() -> None:
    assert signing_key(secret(KEY)) == signing_key(base64.b64encode(KEY).decode()) == KEY


def test_signatures_made_by_other_libraries() -> None:
    """Made by svix 2.9.1 and standardwebhooks 1.1.0, which agree, 2026-11-21."""
    key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = OTHERS_SIGNATURE
    at = datetime.fromtimestamp(int(made["timestamp"]), UTC)
    for family in ("svix", "webhook"):
        given = headers(made["signature"], family=family, sent_id="msg_1", at=made["timestamp"])
        check(given, b'{"type": "email.sent"}', key, at)


OTHERS_SIGNATURE = {
    "timestamp": "1795243795",
    "signature": "v1,8Nty6aNTUDCWH6frKSQz1LNYKDpREtdt07VDBillZ7k=",
}
