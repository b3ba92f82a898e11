"""SMS.ru: text messages to Russian numbers, and their delivery reports."""

from collections.abc import Awaitable, Callable
from datetime import date

from uzel.connector import Answer, Channel, Checked, Connector, Operation
from uzel.connectors.smsru import client
from uzel.connectors.smsru.config import SmsruConfig
from uzel.connectors.smsru.registration import register
from uzel.connectors.smsru.webhook import WEBHOOK

# smsru-api 1.4.1 against the sandbox, our client against it and against recorded answers.
CHECKED = Checked.INDEPENDENT_CLIENT
CHECKED_ON = date(2026, 11, 21)


def repeatable(
    name: str, run: Callable[..., Awaitable[Answer]], *arguments: str, checked: Checked = CHECKED
) -> Operation:
    """A read, or an effect that is the same when it happens twice."""
    return Operation(name, run, arguments, checked, CHECKED_ON, repeatable=True)


OPERATIONS = (
    # No key against doubles, no search by number: a lost answer waits for a person.
    Operation("send_sms", client.send_sms, ("phone", "text", "lifetime_s"), CHECKED, CHECKED_ON),
    repeatable("sms_status", client.sms_status, "ids"),
    repeatable("sms_cost", client.sms_cost, "phone", "text"),
    repeatable("balance", client.balance),
    repeatable("limit", client.limit),
    repeatable("auth_check", client.auth_check, checked=Checked.RECORDED),
    repeatable("stoplist_add", client.stoplist_add, "phone", "note"),
    repeatable("stoplist_del", client.stoplist_del, "phone"),
    repeatable("stoplist_get", client.stoplist_get),
    repeatable("callback_add", client.callback_add, "url"),
    repeatable("callback_del", client.callback_del, "url"),
    repeatable("callback_get", client.callback_get),
)

CONNECTOR = Connector(
    name="smsru",
    title="SMS.ru",
    config=SmsruConfig,
    webhook=WEBHOOK,
    operations={operation.name: operation for operation in OPERATIONS},
    environment={
        "SMSRU_API_KEY": "api_id",
        "SMSRU_SENDER": "sender",
        "SMSRU_BASE_URL": "base_url",
    },
    test="balance",
    register=register,
    channels={"sms": Channel("send_sms")},
    receipts="sms_status",
    tells_costs=True,
)
