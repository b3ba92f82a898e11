"""SMS.ru: text messages to Russian numbers, and their delivery reports."""

from datetime import date

from uzel.connector import Checked, Connector, Operation
from uzel.connectors.smsru import client
from uzel.connectors.smsru.config import SmsruConfig
from uzel.connectors.smsru.webhook import WEBHOOK

CHECKED_ON = date(2026, 11, 20)

OPERATIONS = (
    # No key against doubles, no search by number: a lost answer waits for a person.
    Operation("send_sms", client.send_sms, ("phone", "text"), Checked.RECORDED, CHECKED_ON),
    Operation("sms_status", client.sms_status, ("ids",), Checked.RECORDED, CHECKED_ON, True),
    Operation("sms_cost", client.sms_cost, ("phone", "text"), Checked.RECORDED, CHECKED_ON, True),
    Operation("balance", client.balance, (), Checked.RECORDED, CHECKED_ON, True),
    Operation("limit", client.limit, (), Checked.RECORDED, CHECKED_ON, True),
    Operation("auth_check", client.auth_check, (), Checked.RECORDED, CHECKED_ON, True),
    Operation(
        "stoplist_add",
        client.stoplist_add,
        ("phone", "note"),
        Checked.DOCUMENTATION,
        CHECKED_ON,
        True,
    ),
    Operation(
        "stoplist_del", client.stoplist_del, ("phone",), Checked.DOCUMENTATION, CHECKED_ON, True
    ),
    Operation("stoplist_get", client.stoplist_get, (), Checked.DOCUMENTATION, CHECKED_ON, True),
    Operation("callback_add", client.callback_add, ("url",), Checked.RECORDED, CHECKED_ON, True),
    Operation("callback_del", client.callback_del, ("url",), Checked.RECORDED, CHECKED_ON, True),
    Operation("callback_get", client.callback_get, (), Checked.RECORDED, CHECKED_ON, True),
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
)
