"""WhatsApp in miniature: its webhooks, its limits, its words."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from uzel.connector import Answer, Element, Received
from uzel.connectors.meta.config import MetaConfig
from uzel.connectors.meta.sandbox import EXAMPLES
from uzel.connectors.meta.webhook import parse, verify
from uzel.errors import AuthFailed, RateLimited, Rejected
from uzel.model.inbound import Inbound
from uzel.model.opt_out import OptOut
from uzel.model.receipt import Receipt
from uzel.sandbox.server import running

Run = Callable[[MetaConfig, str, Mapping[str, Any]], Answer]
Hook = tuple[str, Any, list[int]]
WAIT_S = 20
THANKS = {"template": "visit_thanks", "language": "ru", "parameters": ["Кафе"]}


class Post:
    """The elements that come to a hook, verified and parsed, without what belongs to the numbers
    of earlier tests and is still on its way.
    """

    def __init__(self, config: MetaConfig, hook: Hook) -> None:
        self.config = config
        self.hook = hook
        self.waiting: list[Element] = []

    def next(self) -> Element:
        while not self.waiting:
            body, headers = self.hook[1].get(timeout=WAIT_S)
            post = Received(body, headers, "", datetime.now(UTC))
            verify(post, self.config)
            found = parse(post, self.config)
            self.waiting += [element for element in found if element.reason != "other_number"]
        return self.waiting.pop(0)

    def receipts(self, number: int) -> list[Receipt]:
        found = [self.next().data for _ in range(number)]
        assert all(isinstance(data, Receipt) for data in found)
        return [data for data in found if isinstance(data, Receipt)]


@pytest.fixture
def post(config: MetaConfig, control: httpx2.Client, hook: Hook) -> Post:
    quick = {"hook": hook[0], "receipt_step_s": 0, "retry_s": 0.05}
    control.post("/meta/_settings", json=quick).raise_for_status()
    return Post(config, hook)


def thank(run: Run, config: MetaConfig, phone: str = "+77010000001", **more: str) -> str:
    answer = run(config, "send_whatsapp_template", {**THANKS, "phone": phone, **more})
    assert answer.reference is not None
    return answer.reference


def test_a_message_is_sent_delivered_and_read(run: Run, config: MetaConfig, post: Post) -> None:
    wamid = thank(run, config, reference="ref-1")
    receipts = post.receipts(3)
    assert [receipt.code for receipt in receipts] == ["sent", "delivered", "read"]
    assert {(receipt.reference, receipt.ours) for receipt in receipts} == {(wamid, "ref-1")}


def test_not_everybody_reads(
    run: Run, config: MetaConfig, control: httpx2.Client, post: Post
) -> None:
    control.post("/meta/_settings", json={"reads": False})
    first, second = thank(run, config), thank(run, config, "+77010000002")
    receipts = post.receipts(4)
    assert {receipt.code for receipt in receipts} == {"sent", "delivered"}
    assert {receipt.reference for receipt in receipts} == {first, second}


def test_russian_numbers_may_never_get_past_sent(
    run: Run, config: MetaConfig, control: httpx2.Client, post: Post
) -> None:
    control.post("/meta/_settings", json={"russia_delivers": False})
    russian = thank(run, config, "+79990000001")
    assert [(r.reference, r.code) for r in post.receipts(1)] == [(russian, "sent")]
    # Whatever else became of the first message would come before these.
    kazakh = thank(run, config)
    assert [(r.reference, r.code) for r in post.receipts(3)] == [
        (kazakh, word) for word in ("sent", "delivered", "read")
    ]


@pytest.mark.parametrize(
    ("phone", "code", "unreachable", "suppress"),
    [
        ("+79990000026", "131026", True, None),
        ("+79990000049", "131049", None, None),
        ("+79990000050", "131050", None, "user_stopped"),
    ],
)
def test_a_recipient_decides_how_it_ends(
    run: Run,
    config: MetaConfig,
    post: Post,
    phone: str,
    code: str,
    unreachable: bool | None,
    suppress: str | None,
) -> None:
    wamid = thank(run, config, phone)
    (receipt,) = post.receipts(1)
    assert (receipt.reference, receipt.state, receipt.code) == (wamid, "failed", code)
    assert (receipt.unreachable, receipt.suppress) == (unreachable, suppress)


def test_a_text_is_accepted_at_once_and_fails_later_while_the_window_is_closed(
    run: Run, config: MetaConfig, control: httpx2.Client, post: Post
) -> None:
    text = {"phone": "+77010000003", "text": "Добрый день!", "reference": "ref-2"}
    refused = run(config, "send_whatsapp", text).reference
    (receipt,) = post.receipts(1)
    assert (receipt.reference, receipt.code, receipt.ours) == (refused, "131047", "ref-2")
    written = {"phone": "+77010000003", "text": "Здравствуйте"}
    inbound = {**written, "phone_number_id": config.phone_number_id}
    heard = control.post("/meta/_inbound", json=inbound).raise_for_status().json()["id"]
    assert post.next().data == Inbound("whatsapp", "77010000003", "Здравствуйте", heard)
    run(config, "send_whatsapp", text)
    assert [receipt.code for receipt in post.receipts(3)] == ["sent", "delivered", "read"]


def test_a_pressed_button_is_a_message(control: httpx2.Client, post: Post) -> None:
    pressed = {"phone": "77010000001", "button": "Не писать мне"}
    own = {"phone_number_id": post.config.phone_number_id}
    control.post("/meta/_inbound", json={**pressed, **own}).raise_for_status()
    data = post.next().data
    assert isinstance(data, Inbound) and data.text == "Не писать мне"


def test_who_stopped_marketing_gets_no_marketing(
    run: Run, config: MetaConfig, control: httpx2.Client, post: Post
) -> None:
    phone = {"phone": "+77010000004", "phone_number_id": config.phone_number_id}
    marketing = {**EXAMPLES["send_whatsapp_template"], "phone": "+77010000004"}
    control.post("/meta/_preference", json=phone).raise_for_status()
    assert post.next().data == OptOut("77010000004", True, "user_stopped")
    run(config, "send_whatsapp_template", marketing)
    assert post.receipts(1)[0].suppress == "user_stopped"
    control.post("/meta/_preference", json={**phone, "stop": False}).raise_for_status()
    assert post.next().type == "recipient.resumed"
    run(config, "send_whatsapp_template", marketing)
    assert post.receipts(1)[0].code == "sent"


def test_any_notice_can_be_posted(control: httpx2.Client, post: Post) -> None:
    value = {"event": "PAUSED", "message_template_name": "otzyv"}
    notice = {"field": "message_template_status_update", "value": value}
    control.post("/meta/_notice", json=notice).raise_for_status()
    assert post.next().subject == "шаблон otzyv: PAUSED"


@pytest.fixture
def alone(config: MetaConfig, hook: Hook) -> Iterator[tuple[httpx2.Client, Post]]:
    """A server of its own: the messages of other tests that are still on their way would take
    faults and refusals that are not meant for them.
    """
    with running() as url, httpx2.Client(base_url=url) as control:
        quick = {"hook": hook[0], "receipt_step_s": 0, "retry_s": 0.05}
        control.post("/meta/_settings", json=quick).raise_for_status()
        yield control, Post(config.model_copy(update={"base_url": f"{url}/meta"}), hook)


def test_a_post_is_repeated_until_the_answer_is_200(
    run: Run, alone: tuple[httpx2.Client, Post]
) -> None:
    _, post = alone
    post.hook[2].extend([500, 204, 401])
    wamid = thank(run, post.config, "+77010000026")
    copies = [post.next() for _ in range(4)]
    assert {element.key for element in copies} == {copies[0].key}
    assert str(copies[0].key).startswith(f"{wamid}:failed:")


def test_a_status_can_be_lost_or_doubled(run: Run, alone: tuple[httpx2.Client, Post]) -> None:
    control, post = alone
    for kind in ("lost_webhook", "duplicate_webhook"):
        control.post("/_faults", json={"connector": "meta", "kind": kind}).raise_for_status()
    thank(run, post.config)
    receipts = post.receipts(3)
    assert [receipt.code for receipt in receipts] == ["delivered", "delivered", "read"]


def test_an_address_is_asked_for_its_challenge_before_anything_is_posted_there(
    control: httpx2.Client, config: MetaConfig, hook: Hook
) -> None:
    wrong = {"url": hook[0], "verify_token": "another"}
    assert control.post("/meta/_subscribe", json=wrong).json() == {"success": False}
    assert control.get("/meta/_settings").json()["hook"] is None
    assert config.verify_token is not None
    right = {"url": hook[0], "verify_token": config.verify_token.get_secret_value()}
    assert control.post("/meta/_subscribe", json=right).json() == {"success": True}
    assert control.get("/meta/_settings").json()["hook"] == hook[0]


def test_too_much_to_one_person_holds_no_other_person(
    run: Run, config: MetaConfig, control: httpx2.Client
) -> None:
    control.post("/meta/_settings", json={"pair_burst": 2, "pair_every_s": 3600})
    thank(run, config)
    thank(run, config)
    with pytest.raises(RateLimited) as caught:
        thank(run, config)
    assert (caught.value.code, caught.value.everyone) == ("131056", False)
    thank(run, config, "+77010000002")


def test_too_much_at_once_holds_everybody(
    run: Run, config: MetaConfig, control: httpx2.Client
) -> None:
    control.post("/meta/_settings", json={"throughput_per_s": 1})
    with pytest.raises(RateLimited) as caught:
        for number in range(200):
            thank(run, config, f"+7701{number:07d}")
    assert (caught.value.code, caught.value.everyone) == ("130429", True)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"template": "nowhere"}, "132001"),
        ({"language": "kk"}, "132001"),
        ({"template": "paused_offer"}, "132015"),
        ({"parameters": []}, "132000"),
        ({"parameters": ["a", "b"]}, "132000"),
        ({"parameters": [" "]}, "131008"),
        ({"template": "review_request", "parameters": ["a", "b"]}, "131008"),
        ({"phone": "+79990000030"}, "131030"),
        ({"phone": "+7"}, "131009"),
    ],
)
def test_what_meta_refuses_at_once(
    run: Run, config: MetaConfig, control: httpx2.Client, change: dict[str, Any], code: str
) -> None:
    with pytest.raises(Rejected) as caught:
        run(config, "send_whatsapp_template", {**THANKS, "phone": "+77010000001", **change})
    assert caught.value.code == code
    (entry,) = control.get("/_journal").json()
    assert (entry["operation"], entry["effect"]) == ("send_whatsapp_template", False)


@pytest.mark.parametrize(("text", "code"), [("", "131008"), ("я" * 4097, "100")])
def test_a_text_has_its_length(run: Run, config: MetaConfig, text: str, code: str) -> None:
    with pytest.raises(Rejected) as caught:
        run(config, "send_whatsapp", {"phone": "+77010000001", "text": text})
    assert caught.value.code == code


@pytest.mark.parametrize("token", ["", "bad-token"])
def test_an_unknown_token_is_refused(run: Run, config: MetaConfig, token: str) -> None:
    wrong = MetaConfig.model_validate(
        {
            "access_token": token,
            "phone_number_id": config.phone_number_id,
            "business_account_id": config.business_account_id,
            "base_url": config.base_url,
        }
    )
    for name, arguments in EXAMPLES.items():
        with pytest.raises(AuthFailed) as caught:
            run(wrong, name, arguments)
        assert caught.value.code == "190"


def test_errors_are_in_the_form_of_graph(control: httpx2.Client) -> None:
    answer = control.post("/meta/v25.0/106500000000001/messages", json={"to": "1"})
    error = answer.json()["error"]
    assert answer.status_code == 401
    assert {"message", "type", "code", "fbtrace_id"} <= set(error)
    assert control.get("/meta/v25.0/1/no/such").json()["error"]["code"] == 2500


def test_any_code_can_be_given_at_once_or_later(
    run: Run, config: MetaConfig, control: httpx2.Client, post: Post
) -> None:
    control.post("/meta/_settings", json={"fail_with": 130472})
    thank(run, config)
    assert post.receipts(1)[0].code == "130472"
    control.post("/meta/_settings", json={"refuse_with": 131042})
    with pytest.raises(AuthFailed) as caught:
        thank(run, config)
    assert caught.value.code == "131042"


def test_the_journal_tells_who_was_sent_what(
    run: Run, config: MetaConfig, control: httpx2.Client
) -> None:
    run(config, "send_whatsapp_template", EXAMPLES["send_whatsapp_template"])
    run(config, "send_whatsapp", EXAMPLES["send_whatsapp"])
    template, text = control.get("/_journal?connector=meta").json()
    assert (template["operation"], template["effect"]) == ("send_whatsapp_template", True)
    assert template["request"] == {
        **{"phone": "+77010000001", "template": "review_request", "language": "ru"},
        **{"parameters": ["Мария", "Кафе"], "buttons": ["1a2b3c"]},
        "reference": "00000000-0000-4000-8000-000000000002",
    }
    assert text["operation"] == "send_whatsapp"
    assert text["request"]["text"] == "Спасибо за визит!"


def test_what_is_asked_of_the_doors_is_checked(control: httpx2.Client) -> None:
    for path, body in (
        ("_settings", {"unknown": 1}),
        ("_settings", {"receipt_step_s": -1}),
        ("_inbound", {"phone": "nobody"}),
        ("_preference", {}),
        ("_notice", {"field": "messages"}),
        ("_subscribe", {"url": "x"}),
    ):
        assert control.post(f"/meta/{path}", json=body).status_code == 400
    changed = control.post("/meta/_settings", json={"pair_burst": 7}).json()
    assert changed["pair_burst"] == control.get("/meta/_settings").json()["pair_burst"] == 7


def test_a_body_that_is_no_json_is_refused_like_any_other(control: httpx2.Client) -> None:
    headers = {"authorization": "Bearer token", "content-type": "application/json"}
    for body in (b"", b"{", b"[]", b"\xff", json.dumps("x").encode()):
        path = "/meta/v25.0/106500000000001/messages"
        answer = control.post(path, content=body, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, 100)
