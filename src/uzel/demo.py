"""`uzel demo`: everything at once, on a sandbox instead of providers, with visits coming in."""

import asyncio
import contextlib
import dataclasses
import json
import os
import secrets
import socket
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from uzel.connections import manage, store
from uzel.connectors import connectors
from uzel.errors import ConfigError
from uzel.kit import addresses, database
from uzel.kit.logs import set_up_logs
from uzel.kit.secrets import KeyRing, read_key_ring
from uzel.kit.settings import Settings
from uzel.messages.template import check
from uzel.people.manage import add_token, save_person
from uzel.setup import FIRST_TEMPLATE
from uzel.supervisor import Child, supervise

NAME = "demo"
PLACE = ("Кофейня «Узел»", "https://reviews.example/uzel")
# Now and then an answer gets lost, so that there is something for a person to decide.
LOST_ANSWER = {"connector": "smsru", "operation": "send_sms", "kind": "reset", "rate": 0.03}
# Slow enough to follow with one's eyes, for as long as anybody looks.
VISITS = {"per_s": 0.5, "count": 20_000, "duplicates": 0.1, "out_of_order": 0.1, "noise": 0.3}
RATE_PER_S = 50.0
LOOPBACK = "127.0.0.1"
# Last digits of the guests: those the sandbox sends begin below the first, the printed one above.
SANDBOX_BELOW, PRINTED_FROM, NUMBERS = 9_000_000, 9_100_000, 10_000_000


def new_guest() -> str:
    """Somebody nobody has told of: the visit of an earlier start would be a duplicate."""
    digits = str(PRINTED_FROM + secrets.randbelow(NUMBERS - PRINTED_FROM))
    return f"+7 999 {digits[:3]}-{digits[3:5]}-{digits[5:]}"


@dataclass
class Demo:
    """What the demo made, and what it prints."""

    settings: Settings
    as_json: bool
    sandbox_port: int
    password: str = ""
    api_token: str = ""
    iiko_key: str = ""
    smsru_key: str = ""
    guest: str = field(default_factory=new_guest)

    @property
    def sandbox_url(self) -> str:
        """Where the providers in miniature live."""
        return f"http://{LOOPBACK}:{self.sandbox_port}"

    def hook(self, connector: str, key: str) -> str:
        """A full hook address."""
        return f"{self.settings.url}/api/webhook/{connector}?key={key}"

    def prepare(self, dsn: str) -> None:
        """Sample connections and people, before anything starts."""
        asyncio.run(self._prepare(dsn))

    async def _prepare(self, dsn: str) -> None:
        ring = read_key_ring(self.settings.master_key, self.settings.data_dir)
        connection = await database.connect(dsn, name=NAME)
        try:
            async with connection.transaction():
                await self._fill(connection, ring)
        finally:
            await connection.close()

    async def _fill(self, connection: database.Connection, ring: KeyRing) -> None:
        business = await store.default_business(connection)
        await store.ensure_place(connection, business, *PLACE)
        check(FIRST_TEMPLATE)
        self.iiko_key = await ensure(connection, ring, "iiko", {})
        self.smsru_key = await ensure(
            connection,
            ring,
            "smsru",
            {"api_id": "sandbox-demo", "base_url": f"{self.sandbox_url}/smsru"},
        )
        self.password = secrets.token_urlsafe(9)
        await save_person(connection, NAME, self.password, "admin")
        self.api_token = await add_token(connection, NAME, ["read", "replay"])

    def ready(self) -> bool:
        """Whether web and sandbox answer; the first time they do, print it and let visits come."""
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            ask("GET", f"{self.settings.url}/readyz")
            ask("GET", f"{self.sandbox_url}/_faults")
            ask(
                "POST",
                f"{self.sandbox_url}/smsru/callback/add?json=1",
                form={"api_id": "sandbox-demo", "url": self.hook("smsru", self.smsru_key)},
            )
            print(self.as_line() if self.as_json else self.as_text(), flush=True)
            if not self.as_json:
                # Other guests at each start: those of the last one have been asked already.
                first = f"+7999{secrets.randbelow(SANDBOX_BELOW):07d}"
                visits = {"hook": self.hook("iiko", self.iiko_key), "first_phone": first, **VISITS}
                ask("POST", f"{self.sandbox_url}/iiko/_run", json_body=visits)
                ask("POST", f"{self.sandbox_url}/_faults", json_body=LOST_ANSWER)
            return True
        return False

    def as_line(self) -> str:
        """The one line of `--json`."""
        return json.dumps(
            {
                "url": self.settings.url,
                "sandbox_url": self.sandbox_url,
                "console": {"user": NAME, "password": self.password},
                "api_token": self.api_token,
                "hooks": {
                    "iiko": self.hook("iiko", self.iiko_key),
                    "smsru": self.hook("smsru", self.smsru_key),
                },
            }
        )

    def as_text(self) -> str:
        """The same for a person."""
        return f"""
  Uzel is running: {self.settings.url}
  Sign in:         {NAME} / {self.password}
  Sandbox:         {self.sandbox_url}

  A sandbox plays a restaurant's iiko and SMS.ru. Visits are coming in now: open the console and
  watch one become a text message. A few answers get lost on purpose: what then waits for a person
  stands under "Ждут решения". Send a visit yourself; its guest is new at each start, and the same
  visit sent again is recognised:

  curl -X POST '{self.hook("iiko", self.iiko_key)}' -H 'content-type: application/json' -d \\
    '{{"eventType":"DeliveryOrderUpdate","eventInfo":{{"order":{{"status":"Delivered",
      "customer":{{"phone":"{self.guest}","name":"Иван"}}}}}}}}'

  Ctrl-C stops everything.
"""


async def ensure(
    connection: database.Connection, ring: KeyRing, connector: str, values: dict[str, Any]
) -> str:
    """The demo's connection of this connector with these settings and a new key."""
    found = await store.find(connection, connector, NAME)
    if found is None:
        added = await manage.add(connection, ring, connector, NAME, values, rate_per_s=RATE_PER_S)
        assert added.key is not None
        return added.key
    await manage.change(connection, ring, found, values, rate_per_s=RATE_PER_S)
    return await manage.new_key(connection, found)


def ask(
    method: str, url: str, *, form: dict[str, str] | None = None, json_body: Any = None
) -> None:
    """One request to ourselves. Raises URLError while nobody answers."""
    data, kind = None, ""
    if form is not None:
        data, kind = urllib.parse.urlencode(form).encode(), "application/x-www-form-urlencoded"
    if json_body is not None:
        data, kind = json.dumps(json_body).encode(), "application/json"
    request = urllib.request.Request(url, data, {"content-type": kind}, method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=2) as answer:  # noqa: S310
        answer.read()


def free_port() -> int:
    """A port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def check_port(settings: Settings) -> None:
    """Say early and clearly that the port is taken. Raises ConfigError."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise ConfigError(
                f"port {settings.port} is taken ({error.strerror}); "
                f"choose another: UZEL_PORT={settings.port + 1} make run"
            ) from error


def forget_accounts() -> None:
    """The demo writes to invented guests: accounts that the environment names stay out of it."""
    for connector in connectors().values():
        for variable in connector.environment:
            os.environ.pop(variable, None)


def open_sandbox() -> None:
    """Let this process and those it starts reach the sandbox, and nothing else of this network."""
    os.environ["UZEL_ALLOW_PRIVATE_ADDRESSES"] = LOOPBACK
    addresses.permit(LOOPBACK)


def run(settings: Settings, *, as_json: bool) -> int:
    """Run the demo until it is stopped. Its data lies apart from an installation's own."""
    set_up_logs("json" if as_json else "text", "info" if as_json else "warning")
    if "UZEL_DATA_DIR" not in os.environ:
        settings = dataclasses.replace(settings, data_dir=settings.data_dir / NAME)
        os.environ["UZEL_DATA_DIR"] = str(settings.data_dir)
    check_port(settings)
    forget_accounts()
    open_sandbox()
    if not as_json:
        os.environ.setdefault("UZEL_LOG_FORMAT", "text")
        os.environ.setdefault("UZEL_LOG_LEVEL", "warning")
        print("Starting: database, web, worker, sandbox …", flush=True)
    demo = Demo(settings, as_json, free_port())
    sandbox = Child("sandbox", "sandbox", "--port", str(demo.sandbox_port))
    return supervise(
        settings, ("web", "worker"), beside=[sandbox], prepare=demo.prepare, ready=demo.ready
    )
