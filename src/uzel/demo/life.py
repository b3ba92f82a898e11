"""What the sandbox is told: where its providers post, whose visits come in, what goes wrong."""

import json
import secrets
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from uzel.demo.business import EXOLVE_KEY, META, RESEND_SECRET, SMSRU_KEY
from uzel.demo.visits import BY_HAND

# Now and then an answer gets lost, so that there is something for a person to decide, and a text
# never arrives, so that the next way takes over.
LOST_ANSWER = {"connector": "smsru", "operation": "send_sms", "kind": "reset", "rate": 0.02}
UNDELIVERED = {"outcome": "mixed", "fail_every": 25}
# What one restaurant calls an order that is done: nobody has said yet that it means that.
OWN_WORD = "Отдан гостю"

# The guests of each start are others: those of the last one have been asked already. In Russia,
# seven digits behind +7999, below the number that `uzel demo` prints; each run has its own share.
NUMBERS, RUSSIA = 9_000_000, "+7999{:07d}"
KAZAKHSTAN = "+7701{:07d}"
COUNT, PEOPLE = 20_000, 30_000
RUNS = 5

Hook = Callable[[str], str]


def ask(
    method: str,
    url: str,
    *,
    form: Mapping[str, str] | None = None,
    json_body: Any = None,
) -> bytes:
    """One request to ourselves, and the body of its answer. Raises OSError while nobody answers, or
    not with 2xx.
    """
    data, kind = None, ""
    if form is not None:
        data, kind = urllib.parse.urlencode(form).encode(), "application/x-www-form-urlencoded"
    if json_body is not None:
        data, kind = json.dumps(json_body).encode(), "application/json"
    request = urllib.request.Request(url, data, {"content-type": kind}, method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
        return bytes(answer.read())


def wire(sandbox: str, hook: Hook) -> None:
    """Have the providers post what becomes of messages, and amoCRM know every deal."""
    form = {"api_id": SMSRU_KEY, "url": hook("smsru")}
    ask("POST", f"{sandbox}/smsru/callback/add?json=1", form=form)
    ask("POST", f"{sandbox}/exolve/_settings", json_body={"hook": hook("exolve")})
    ask("POST", f"{sandbox}/meta/_settings", json_body={"app_secret": META["app_secret"]})
    subscription = {"url": hook("meta"), "verify_token": META["verify_token"]}
    ask("POST", f"{sandbox}/meta/_subscribe", json_body=subscription)
    events = {"url": hook("resend"), "secret": RESEND_SECRET}
    ask("POST", f"{sandbox}/resend/_hook", json_body=events)
    ask("POST", f"{sandbox}/amocrm/_settings", json_body={"invent_guests": True})


def begin(sandbox: str, hook: Hook, url: str) -> None:
    """Let visits come in from every source, slowly enough to follow with one's eyes and for as long
    as anybody looks, and let guests open what they get, but for the guests of visits sent by hand.
    `url`: where our pages are.
    """
    ask("POST", f"{sandbox}/_guests", json_body={"links": f"{url}/r/", "spared": BY_HAND})
    for door, asked in (*first(hook), *runs(hook)):
        ask("POST", sandbox + door, json_body=asked)
    ask("POST", f"{sandbox}/smsru/_settings", json_body=UNDELIVERED)
    ask("POST", f"{sandbox}/_faults", json_body=LOST_ANSWER)


def first(hook: Hook) -> list[tuple[str, dict[str, Any]]]:
    """One of each at once, so that every connection has something to show from the beginning."""
    start = secrets.randbelow(NUMBERS)
    phones = [RUSSIA.format((start + index) % NUMBERS) for index in range(5)]
    kazakh = KAZAKHSTAN.format(start)
    by_email = {"phone": None, "name": "Анна", "email": f"guest{start}@mail.example"}
    return [
        ("/iiko/_order", {"hook": hook("iiko"), "phone": phones[0], "name": "Мария"}),
        ("/rkeeper/_order", {"hook": hook("rkeeper"), "phone": phones[1], "name": "Пётр"}),
        ("/yclients/_order", {"hook": hook("yclients"), "phone": kazakh, "name": "Айгерим"}),
        ("/amocrm/_deal", {"hook": hook("amocrm"), "phone": phones[2], "name": "Тимур"}),
        ("/amocrm/_deal", {"hook": hook("amocrm"), **by_email}),
        (
            "/exolve/_incoming",
            {"api_key": EXOLVE_KEY, "sender": phones[3][1:], "text": "Спасибо, было вкусно!"},
        ),
        (
            "/rkeeper/_order",
            {"hook": hook("rkeeper"), "phone": phones[4], "name": "Олег", "status": OWN_WORD},
        ),
    ]


def runs(hook: Hook) -> list[tuple[str, dict[str, Any]]]:
    """The visits that come in from now on: about one in three seconds."""
    start = secrets.randbelow(NUMBERS - RUNS * PEOPLE)
    russian = [RUSSIA.format(start + index * PEOPLE) for index in range(RUNS)]
    kazakh = KAZAKHSTAN.format(secrets.randbelow(NUMBERS))
    messy = {"duplicates": 0.1, "out_of_order": 0.1, "noise": 0.2, "no_phone": 0.05}
    salon = {"life": (0, 2, 1), **messy}
    renamed = {"statuses": ("Новый", "Выполнен"), "renamed": {"Выполнен": OWN_WORD}}
    asked: list[tuple[str, float, dict[str, Any]]] = [
        ("iiko", 0.15, {"first_phone": russian[0], **messy}),
        ("rkeeper", 0.08, {"first_phone": russian[1], **messy}),
        ("rkeeper", 0.015, {"first_phone": russian[2], **renamed}),
        (
            "yclients",
            0.07,
            {"first_phone": russian[3], "several": 0.2, "unmarked": 0.05, **salon},
        ),
        ("yclients", 0.03, {"first_phone": kazakh, **salon}),
        ("amocrm", 0.05, {"first_phone": russian[4], "lost": 0.2, "emails": 0.5, "no_phone": 0.1}),
    ]
    return [
        (f"/{source}/_run", {"hook": hook(source), "per_s": per_s, "count": COUNT, **more})
        for source, per_s, more in asked
    ]
