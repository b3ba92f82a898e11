"""The examples that do more than read are what the API takes."""

import re
from html import unescape
from uuid import uuid4

from cabinet_visitor import CabinetVisitor
from partner_client import Client, add_client
from running_web import WebApp

CALL = re.compile(r'id="(\w+)">.*?<pre[^>]*>(.*?)</pre>', re.DOTALL)
BODY = re.compile(r"-d '(.*)'")


def curls(app: WebApp, it: Client) -> dict[str, str]:
    page = CabinetVisitor(app.url).sign_in(it.token).page("/partner/api")
    return {name: unescape(text) for name, text in CALL.findall(page)}


def send(it: Client, curl: str) -> int:
    """The request of a curl line, under a key of its own."""
    body = BODY.search(curl)
    path = re.search(r"https?://[^/\s]+(/[^\s'\\]*)", curl)
    assert path is not None and body is not None
    kind = re.search(r"Content-Type: ([^']+)'", curl)
    headers = {"authorization": f"Bearer {it.token}", "idempotency-key": uuid4().hex}
    headers["content-type"] = kind[1] if kind else "application/x-www-form-urlencoded"
    answer = it.app.client.post(path[1], content=body[1], headers=headers)
    return answer.status_code


def test_what_is_shown_can_be_sent(app: WebApp) -> None:
    it = add_client(app, "1000")
    shown = curls(app, it)
    done = {"submit_partner_lead": 200, "submitPartnerLeads": 200, "process_payment": 200}
    assert {name: send(it, shown[name]) for name in done} == done
    (lead,) = it.v1("GET", "/leads").json()["items"]
    # Both examples are of the same number, the first wins.
    assert (lead["external_id"], lead["payment_url"]) == ("deal-118", "https://pay.example/c/1")


def test_the_partners_newest_delivery_stands_in_the_example(app: WebApp) -> None:
    shown = curls(app, add_client(app))["resendPartnerWebhook"]
    assert shown.startswith("curl -s -X POST ")
    assert re.search(r"/webhook-deliveries/dlv_[0-9a-f]{32}/resend", shown)
    assert "listPartnerWebhookDeliveries" in curls(app, add_client(app))


def test_no_two_pages_show_the_same_key_or_number(app: WebApp) -> None:
    it = add_client(app)
    for name in ("process_payment", "makePartnerPayment"):
        one, other = (curls(app, it)[name] for _ in range(2))
        told = re.compile(r"Idempotency-Key: ([^']+)|(order-[0-9a-f]+)")
        assert told.search(one) is not None, (name, one)
        assert not set(told.findall(one)) & set(told.findall(other)), name
