"""Who counts as having opened a link."""

import pytest
from starlette.requests import Request

from guest_visitor import PHONE_BROWSER
from uzel.web.guest.visitor import is_person

PEOPLE = {
    "Chrome on Android": PHONE_BROWSER,
    "Safari on an iPhone": (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
    ),
    "Yandex's browser": (
        "Mozilla/5.0 (Linux; arm_64; Android 13; SM-A325F) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/136.0.0.0 YaBrowser/25.6.0.100.00 SA/3 Mobile Safari/537.36"
    ),
    "inside Telegram": (
        "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/137.0.0.0 Mobile Safari/537.36 Telegram-Android/11.13.0 (Xiaomi 2201117TY; "
        "Android 13; SDK 33; AVERAGE)"
    ),
    "inside VK": (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Mobile/15E148 com.vk.vkclient"
    ),
    "a CUBOT phone": (
        "Mozilla/5.0 (Linux; Android 11; CUBOT NOTE 20) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/96.0.4664.104 Mobile Safari/537.36"
    ),
    "Opera Mini": "Opera/9.80 (Android; Opera Mini/36.2.2254/119.132; U; ru) Presto/2.12 Version/9",
}
PROGRAMS = {
    "nothing": "",
    "WhatsApp": "WhatsApp/2.23.20.0",
    "Telegram's preview": "TelegramBot (like TwitterBot)",
    "Facebook": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "iMessage": (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) "
        "Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0"
    ),
    "Slack": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Twitter": "Twitterbot/1.0",
    "Skype": "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "VK": "Mozilla/5.0 (compatible; vkShare; +http://vk.com/dev/Share)",
    "Google": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Google's safe browsing": "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) Google-Safety",
    "Gmail": (
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
    ),
    "Yandex": "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
    "a scanner": "Mozilla/5.0 (compatible; URLScan/1.0)",
    "a test browser": PHONE_BROWSER.replace("Chrome", "HeadlessChrome"),
    "curl": "curl/8.14.1",
    "a library": "python-requests/2.32.4",
    "Android's own": "okhttp/4.12.0",
}


def request(method: str = "GET", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": method, "headers": raw})


@pytest.mark.parametrize("name", PEOPLE)
def test_people_are_told(name: str) -> None:
    assert is_person(request(user_agent=PEOPLE[name]))


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_are_told(name: str) -> None:
    assert not is_person(request(user_agent=PROGRAMS[name]))


@pytest.mark.parametrize(
    "ahead",
    [
        {"sec_purpose": "prefetch"},
        {"sec_purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
        {"x_purpose": "preview"},
        {"x_moz": "Prefetch"},
    ],
)
def test_what_is_fetched_in_advance_has_no_reader_yet(ahead: dict[str, str]) -> None:
    assert not is_person(request(user_agent=PHONE_BROWSER, **ahead))


@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS"])
def test_only_get_is_a_look(method: str) -> None:
    assert not is_person(request(method, user_agent=PHONE_BROWSER))
