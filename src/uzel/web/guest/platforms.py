"""Where a guest can write a review: the place's own pages, in one order for everybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from uzel.flows.review_requests.feedback import PLATFORMS

TITLES = {"yandex": "Яндекс Карты", "2gis": "2ГИС", "google": "Google Карты"}


@dataclass(frozen=True, slots=True)
class Platform:
    """A way to write a review. `name` is one of feedback.PLATFORMS, `title` is for people."""

    name: str
    title: str


def platforms(links: Mapping[str, str]) -> list[Platform]:
    """All that a place has, in the order of feedback.PLATFORMS."""
    return [
        Platform(name, TITLES.get(name) or host_of(links[name]))
        for name in PLATFORMS
        if is_web(links.get(name))
    ]


def is_web(address: str | None) -> bool:
    """Whether a browser may be sent there: http or https, and a host. The owner entered it, but a
    `javascript:` pasted by mistake must not become a link.
    """
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def host_of(address: str) -> str:
    """What to call a site without a name of its own: `otzovik.example`, IDN in its own letters."""
    host = (urlsplit(address).hostname or "").removeprefix("www.")
    try:
        return host.encode("ascii").decode("idna")
    except UnicodeError:
        return host
