"""Who opens a link: a person, or a program that looks what is behind it."""

import re

from starlette.requests import Request

# Browsers on phones say Mozilla/5.0; Opera Mini says Opera/9.80. curl, WhatsApp/2, TelegramBot,
# Slackbot-LinkExpanding, okhttp and the libraries of scanners say something of their own.
BROWSER = re.compile(r"(?:Mozilla|Opera)/[0-9]")
# Programs that call themselves Mozilla all the same. Phones of the make CUBOT are no robots.
TELLTALE = re.compile(
    r"(?<!cu)bot|crawl|spider"  # Googlebot, YandexBot, Twitterbot in iMessage's own word
    r"|preview|externalhit|vkshare|embedly"  # what messengers show of a link
    r"|google-|imageproxy"  # Google-Safety, and what Gmail fetches for its readers
    r"|scan|proofpoint|safelinks|barracuda|mimecast"  # what mail gateways look into
    r"|headless|lighthouse|monitor|https?:",  # no browser has an address in its name
    re.IGNORECASE,
)
# What a browser fetches in case it is wanted. The older spellings are Safari's and Firefox's.
AHEAD = ("sec-purpose", "purpose", "x-purpose", "x-moz")


def is_person(request: Request) -> bool:
    """Whether somebody wants to see the page now. Errs on the side of a person missed: who rates
    has opened the link whatever was thought of the first request.
    """
    name = request.headers.get("user-agent", "")
    return (
        request.method == "GET"
        and BROWSER.match(name) is not None
        and TELLTALE.search(name) is None
        and not any(is_ahead(request.headers.get(header, "")) for header in AHEAD)
    )


def is_ahead(purpose: str) -> bool:
    """`prefetch`, `prefetch;prerender`, `preview`."""
    return "prefetch" in purpose.lower() or "preview" in purpose.lower()
