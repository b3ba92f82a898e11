"""Delivery reports of SMS.ru ("callback", sms.ru/api/callback).

A form with `data[0]` … `data[N]`, up to 100 records, and `hash`. A record is lines of text:
`sms_status`, sms_id, code, UNIX time (missing in older ones). `test` heartbeats stand between real
records in production. `hash` is hex SHA-256 of the key followed by all records in numeric order of
their index, which counts from 0 or from 1.

SMS.ru repeats a report every minute for up to five days until the answer is exactly `100`.
"""

import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import parse_qsl

from uzel.connector import BodyKind, Element, Received, Webhook
from uzel.connectors.smsru.codes import SMS_ID, delivery
from uzel.connectors.smsru.config import SmsruConfig
from uzel.errors import PayloadInvalid, SignatureInvalid
from uzel.model.receipt import Receipt

MOST_FIELDS = 1000
RECORD_NAME = re.compile(r"data\[([0-9]{1,6})\]")
CODE = re.compile(r"-?[0-9]{1,5}")
TIME = re.compile(r"[0-9]{9,10}")


def verify(received: Received, config: SmsruConfig) -> None:
    """Raises SignatureInvalid unless the hash proves that the sender knows the key."""
    key = config.api_id.get_secret_value()
    if not key:
        raise SignatureInvalid("no api_id is configured, so no report can be trusted")
    try:
        records, claimed = read(received.body)
    except PayloadInvalid as error:
        raise SignatureInvalid(str(error)) from error
    if not claimed:
        raise SignatureInvalid("the hash is missing")
    if not hmac.compare_digest(to_bytes(claimed.lower()), signature(key, records).encode()):
        raise SignatureInvalid("the hash does not match")


def parse(received: Received, config: SmsruConfig) -> list[Element]:
    """One element per record. Raises PayloadInvalid for a body that is no such form."""
    records, _ = read(received.body)
    if not records:
        raise PayloadInvalid("no data[…] in the form")
    return [element(record) for record in records]


def signature(api_id: str, records: Sequence[str]) -> str:
    """What `hash` must be for `records` in their numeric order."""
    return sha256(to_bytes(api_id + "".join(records))).hexdigest()


def read(body: bytes) -> tuple[list[str], str]:
    """The records in numeric order of their index, and the hash ("" if missing).

    Raises PayloadInvalid. A name given twice is refused: which of the two SMS.ru would have signed
    cannot be told.
    """
    try:
        fields = parse_qsl(
            body.decode("utf-8", "surrogateescape"),
            keep_blank_values=True,
            errors="surrogateescape",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as error:
        raise PayloadInvalid(f"more than {MOST_FIELDS} fields in the form") from error
    named = dict(fields)
    indexed = {int(m[1]): value for name, value in fields if (m := RECORD_NAME.fullmatch(name))}
    ours = [name for name, _ in fields if name == "hash" or RECORD_NAME.fullmatch(name)]
    if len(ours) != len(indexed) + ("hash" in named):
        raise PayloadInvalid("a record or the hash is given twice")
    return [indexed[index] for index in sorted(indexed)], named.get("hash", "")


def element(record: str) -> Element:
    """One record: a receipt, or the reason why it is none. Lines after the fourth are ignored."""
    kind, *lines = record.replace("\r\n", "\n").split("\n")
    if kind == "sms_status":
        return receipt(lines)
    if kind == "test":
        return Element(
            type="heartbeat.received",
            occurred_at=at(lines[0]) if lines else None,
            reason="heartbeat",
        )
    if kind == "callcheck_status":
        return Element(type="callcheck.updated", reason="event_type")
    return Element(type="unknown.received", reason="event_type")


def receipt(lines: Sequence[str]) -> Element:
    sms_id, code, time = [*lines, "", "", ""][:3]
    occurred_at = at(time)
    readable = SMS_ID.fullmatch(sms_id) and CODE.fullmatch(code) and (occurred_at or not time)
    if not readable:
        return Element(type="receipt.updated", reason="malformed")
    state, detail = delivery(int(code))
    return Element(
        type="receipt.updated",
        key=f"{sms_id}:{code}:{time}",
        subject=f"SMS {sms_id}",
        occurred_at=occurred_at,
        data=Receipt(reference=sms_id, state=state, code=code, detail=detail),
    )


def at(time: str) -> datetime | None:
    """UNIX seconds as aware UTC; None for what is none."""
    return datetime.fromtimestamp(int(time), UTC) if TIME.fullmatch(time) else None


def to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


WEBHOOK = Webhook(body=BodyKind.FORM, parse=parse, verify=verify, answer=b"100")
