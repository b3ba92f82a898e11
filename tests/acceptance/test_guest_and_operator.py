"""What a guest does behind the link, and what an operator does about a word nobody knows."""

import json
import re
import secrets
import urllib.request
from html import unescape

from acceptance_demo import Demo, ask, until
from acceptance_visits import as_json, caught_up, iiko, new_phone, post, rkeeper
from console_visitor import Visitor
from guest_visitor import PHONE_BROWSER

MANAGER_PHONE, MANAGER_EMAIL = "+79990000900", "manager@uzel.example"
FORM = {"content-type": "application/x-www-form-urlencoded", "user-agent": PHONE_BROWSER}


def link_of(demo: Demo, phone: str) -> str:
    """The link in the SMS, once it is there."""
    (text,) = until(lambda: demo.texts(phone))
    found = re.search(r"http\S+/r/\w+", text["text"])
    assert found is not None
    return found[0]


def alerts(demo: Demo, said: str) -> list[str]:
    """To whom the manager's alerts with these words went."""
    texts = [(m["address"], m["body"]) for m in demo.api("/messages", limit="100")["items"]]
    return sorted(address for address, body in texts if said in body)


def test_two_stars_are_kept_and_the_manager_hears_of_them_once(demo: Demo) -> None:
    phone = new_phone()
    post(demo, as_json("iiko", [iiko(phone)]))
    link = link_of(demo, phone)
    assert alerts(demo, "оценка 2 из 5") == []

    request = urllib.request.Request(link, headers={"user-agent": PHONE_BROWSER})
    with urllib.request.urlopen(request, timeout=20) as answer:
        page = answer.read().decode()
    assert all(name in page for name in ("Кофейня «Узел»", "Яндекс Карты", "2ГИС", "Google Карты"))

    for _ in range(2):
        assert ask("POST", link, b"stars=2", FORM)[0] == 200
    # What they say next goes into the same message, which waits for it.
    assert ask("POST", f"{link}/message", b"text=cold+soup", FORM)[0] == 200
    until(lambda: alerts(demo, "оценка 2 из 5") == [MANAGER_PHONE, MANAGER_EMAIL])
    until(lambda: [text for text in demo.texts(MANAGER_PHONE) if "cold soup" in text["text"]])
    caught_up(demo)
    assert alerts(demo, "оценка 2 из 5") == [MANAGER_PHONE, MANAGER_EMAIL]
    sent = [text for text in demo.texts(MANAGER_PHONE) if "оценка 2 из 5" in text["text"]]
    assert len(sent) == 1


def test_who_stops_behind_the_link_is_asked_no_more(demo: Demo) -> None:
    phone = new_phone()
    post(demo, as_json("iiko", [iiko(phone)]))
    assert ask("POST", f"{link_of(demo, phone)}/stop", b"", FORM)[0] == 200
    post(demo, as_json("rkeeper", rkeeper(phone)))
    until(lambda: ("skip", "stopped") in demo.visits(phone))
    assert len(demo.texts(phone)) == 1


def test_a_word_that_is_explained_turns_the_orders_before_it_into_requests(demo: Demo) -> None:
    phone, word = new_phone(), f"Отдан гостю {secrets.token_hex(3)}"
    order = rkeeper(phone, word)
    post(demo, as_json("rkeeper", order))
    unknown = until(
        lambda: [
            event
            for event in demo.api("/events", connector="rkeeper", limit="100")["items"]
            if event["reason"] == "status_unknown" and word in json.dumps(event, ensure_ascii=False)
        ]
    )
    assert demo.texts(phone) == []

    console = demo.told["console"]
    operator = Visitor(demo.told["url"]).sign_in(console["user"], console["password"])
    words = f"/connections/{unknown[0]['connection_id']}/words"
    links = map(
        unescape, re.findall(rf'href="({words}/explain\?[^"]+completed)"', operator.page(words))
    )
    (explain,) = [link for link in links if operator.page(link).count(word)]
    asked = dict(re.findall(r'name="(word|meaning)" value="([^"]*)"', operator.page(explain)))
    operator.done(f"{words}/explain", **{name: unescape(value) for name, value in asked.items()})

    assert len(until(lambda: demo.texts(phone))) == 1
    assert until(lambda: demo.settled(phone))[0]["state"] == "delivered"
    post(demo, as_json("rkeeper", {"order": order}))
    caught_up(demo)
    assert len(demo.texts(phone)) == 1
