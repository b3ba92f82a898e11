"""The guests of the sandbox, against a small site of their own."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest

from acceptance_demo import until
from uzel.sandbox.guests import links_in
from uzel.sandbox.server import running

CODE, OTHER = "aB3dE6gH9j", "zZ3dE6gH9j"
PAGE = b'<a href="/r/x/go/yandex">1</a><a href="/r/x/go/2gis">2</a>'


@dataclass
class Site:
    """Notes what was asked: method, path, body, browser."""

    url: str = ""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    browsers: set[str] = field(default_factory=set)


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()

    class Handler(BaseHTTPRequestHandler):
        def _note(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            made.asked.append((self.command, self.path, body))
            made.browsers.add(self.headers["user-agent"])
            self.send_response(303 if self.command == "POST" or "/go/" in self.path else 200)
            self.send_header("location", "http://127.0.0.1:9/elsewhere")
            self.send_header("content-length", str(len(PAGE)))
            self.end_headers()
            self.wfile.write(PAGE)

        do_GET = do_POST = _note  # noqa: N815 - http.server's names

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def http() -> Iterator[httpx2.Client]:
    with running() as url, httpx2.Client(base_url=url, timeout=20) as client:
        yield client


def habits(site: Site, **changes: Any) -> dict[str, Any]:
    sure = {"opens": 1, "rates": 1, "follows": 1, "stops": 0, "tells": 1, "pause_s": 0}
    return {"links": f"{site.url}/r/", **sure, "stars": [0, 1, 0, 0, 0], **changes}


def send(http: httpx2.Client, text: str, to: str = "79990000001") -> None:
    form = {"api_id": "key", "json": "1", "to": to, "msg": text}
    http.post("/smsru/sms/send", data=form).raise_for_status()


def test_a_guest_opens_rates_tells_and_goes_on(http: httpx2.Client, site: Site) -> None:
    http.post("/_guests", json=habits(site)).raise_for_status()
    send(http, f"Спасибо! {site.url}/r/{CODE} Кафе")
    until(lambda: len(site.asked) == 4)
    (opened, rated, told, gone) = site.asked
    assert opened == ("GET", f"/r/{CODE}", "")
    assert rated == ("POST", f"/r/{CODE}", "stars=2")
    assert told[:2] == ("POST", f"/r/{CODE}/message") and told[2].startswith("text=")
    assert gone[:2] in {("GET", f"/r/{CODE}/go/{name}") for name in ("yandex", "2gis")}
    assert all(name.startswith("Mozilla/5.0") for name in site.browsers)


def test_a_link_is_opened_once_and_only_where_habits_say(http: httpx2.Client, site: Site) -> None:
    asked = habits(site, rates=0, follows=0)
    http.post("/_guests", json=asked).raise_for_status()
    send(http, f"http://127.0.0.1:9/r/{CODE} http://{site.url}.example/r/{CODE}")
    send(http, f"{site.url}/r/{CODE}")
    send(http, f"{site.url}/r/{CODE}", "79990000002")
    send(http, f"{site.url}/r/{OTHER}", "79990000003")
    until(lambda: len(site.asked) >= 2)
    assert sorted(path for _, path, _ in site.asked) == [f"/r/{CODE}", f"/r/{OTHER}"]


def test_a_refused_message_is_read_by_nobody(http: httpx2.Client, site: Site) -> None:
    http.post("/_guests", json=habits(site, rates=0, follows=0)).raise_for_status()
    send(http, f"{site.url}/r/{CODE}", "77010000001")
    send(http, f"{site.url}/r/{OTHER}")
    until(lambda: site.asked)
    assert [path for _, path, _ in site.asked] == [f"/r/{OTHER}"]


def test_a_guest_who_stops_does_nothing_else(http: httpx2.Client, site: Site) -> None:
    http.post("/_guests", json=habits(site, stops=1)).raise_for_status()
    send(http, f"{site.url}/r/{CODE}")
    until(lambda: len(site.asked) == 2)
    assert site.asked[1][:2] == ("POST", f"/r/{CODE}/stop")


def test_who_is_spared_opens_nothing_by_any_channel(http: httpx2.Client, site: Site) -> None:
    asked = habits(site, rates=0, follows=0, spared=["+799991", "+799992"])
    http.post("/_guests", json=asked).raise_for_status()
    send(http, f"{site.url}/r/aaaaaaaaaa", "79999100001")
    template = {
        "messaging_product": "whatsapp",
        "to": "79999200001",
        "type": "template",
        "template": {
            "name": "review_request",
            "language": {"code": "ru"},
            "components": [
                {"type": "body", "parameters": [{"type": "text", "text": "Я"}] * 2},
                {
                    "type": "button",
                    "sub_type": "url",
                    "index": "0",
                    "parameters": [{"type": "text", "text": "bbbbbbbbbb"}],
                },
            ],
        },
    }
    http.post(
        "/meta/v25.0/106500000000001/messages",
        json=template,
        headers={"authorization": "Bearer sandbox-meta-token"},
    ).raise_for_status()
    send(http, f"{site.url}/r/{OTHER}")
    until(lambda: site.asked)
    assert [path for _, path, _ in site.asked] == [f"/r/{OTHER}"]


def test_without_being_asked_guests_do_nothing(http: httpx2.Client, site: Site) -> None:
    send(http, f"{site.url}/r/{CODE}")
    http.post("/_guests", json=habits(site, rates=0, follows=0)).raise_for_status()
    send(http, f"{site.url}/r/{OTHER}", "79990000002")
    until(lambda: site.asked)
    assert http.delete("/_guests").status_code == 204
    send(http, f"{site.url}/r/aaaaaaaaaa", "79990000003")
    assert [path for _, path, _ in site.asked] == [f"/r/{OTHER}"]


@pytest.mark.parametrize(
    "body", [{}, {"links": "file:///etc/"}, {"links": "http://a/r/", "opens": 2}, {"links": 1}]
)
def test_habits_that_make_no_sense_are_refused(http: httpx2.Client, body: dict[str, Any]) -> None:
    assert http.post("/_guests", json=body).status_code == 400


def test_a_button_of_whatsapp_leads_to_the_same_page() -> None:
    prefix = "http://a/r/"
    assert list(links_in({"buttons": [CODE, "a b", 1]}, prefix)) == [prefix + CODE]
    assert list(links_in({"text": None, "phone": "+7"}, prefix)) == []
