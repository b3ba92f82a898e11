"""A partner in the cabinet, by HTTP: signs in, opens pages, sends their forms."""

import re
from dataclasses import dataclass, field
from html import unescape

import httpx2

TOKEN = re.compile(r'name="csrf" value="([^"]+)"')
TAGS = re.compile(r"<[^>]+>")
PAGES = (
    *("/partner/", "/partner/transactions", "/partner/statement", "/partner/rates"),
    *("/partner/leads", "/partner/webhooks", "/partner/tokens", "/partner/api"),
    *("/partner/transactions.csv", "/partner/leads.csv"),
    *("/partner/statement.csv", "/partner/statement.xlsx", "/partner/statement.pdf"),
)


@dataclass
class CabinetVisitor:
    """`client` keeps the cookies; `csrf` is the token of the last page that had a form."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)
    csrf: str = ""

    def __post_init__(self) -> None:
        self.client = httpx2.Client(base_url=self.url, timeout=20, trust_env=False)
        self.client.headers.update({"accept-language": "ru", **self.headers})

    def sign_in(self, token: str) -> "CabinetVisitor":
        self.page("/partner/sign-in")
        answer = self.post("/partner/sign-in", token=token)
        assert answer.status_code == 303, answer.text
        self.page("/partner/")
        return self

    def get(self, path: str) -> httpx2.Response:
        """A page, whatever its status."""
        answer = self.client.get(path)
        if answer.headers.get("content-type", "").startswith("text/html"):
            self.note(answer.text)
        return answer

    def note(self, text: str) -> None:
        if found := TOKEN.search(text):
            self.csrf = unescape(found[1])

    def page(self, path: str) -> str:
        """The text of a page that must be there."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:2000])
        return answer.text

    def post(self, path: str, **fields: str) -> httpx2.Response:
        """Send a form of ours."""
        answer = self.client.post(path, data={"csrf": self.csrf, **fields})
        self.note(answer.text)
        return answer


def plain(html: str) -> str:
    """The words of a page, with ordinary spaces."""
    return " ".join(unescape(TAGS.sub(" ", html)).replace("\N{NO-BREAK SPACE}", " ").split())
