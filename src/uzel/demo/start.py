"""The command: database, web, worker and sandbox, filled and running, until it is stopped."""

import asyncio
import contextlib
import json
import logging
import os
import secrets
import shlex
import socket
from dataclasses import dataclass, field

from uzel.demo import business, claims, life, orders, registry, store, visits
from uzel.demo.apart import check_database, keep_apart
from uzel.demo.business import NAME
from uzel.errors import ConfigError
from uzel.kit import addresses, database
from uzel.kit.logs import set_up_logs
from uzel.kit.secrets import read_key_ring
from uzel.kit.settings import DEFAULT_PORT, Settings
from uzel.people.manage import add_token, save_person
from uzel.supervisor import Child, supervise

log = logging.getLogger("uzel.demo")

LOOPBACK = "127.0.0.1"


@dataclass
class Demo:
    """What the demo made, and what it prints. `keys`: connector → its webhook key."""

    settings: Settings
    as_json: bool
    sandbox_port: int
    password: str = ""
    api_token: str = ""
    keys: dict[str, str] = field(default_factory=dict)
    crm: dict[str, str] = field(default_factory=dict)
    guest: str = field(default_factory=visits.new_guest)

    @property
    def sandbox_url(self) -> str:
        """Where the providers in miniature live."""
        return f"http://{LOOPBACK}:{self.sandbox_port}"

    def hook(self, connector: str) -> str:
        """A full hook address."""
        key = self.keys.get(connector, "")
        return f"{self.settings.url}/api/webhook/{connector}?key={key}"

    def prepare(self, dsn: str) -> None:
        """Sample connections and people, before anything starts."""
        asyncio.run(self._prepare(dsn))

    async def _prepare(self, dsn: str) -> None:
        ring = read_key_ring(self.settings.master_key, self.settings.data_dir)
        self.password = secrets.token_urlsafe(9)
        connection = await database.connect(dsn, name=NAME)
        try:
            async with connection.transaction():
                await store.mark(connection, NAME)
                self.keys = await business.fill(connection, ring, self.sandbox_url)
                await orders.ensure_shop(connection, NAME)
                await save_person(connection, NAME, self.password, "admin")
                await claims.ensure(connection, ring, NAME)
                self.crm = await registry.ensure(connection, ring)
                self.api_token = await add_token(connection, NAME, ["read", "replay"])
        finally:
            await connection.close()

    def ready(self) -> bool:
        """Whether web and sandbox answer; the first time they do, print it and let visits come."""
        with contextlib.suppress(OSError):
            life.ask("GET", f"{self.settings.url}/readyz")
            life.ask("GET", f"{self.sandbox_url}/_faults")
            life.wire(self.sandbox_url, self.hook)
            claims.wire(self.sandbox_url, self.hook)
            print(self.as_line() if self.as_json else self.as_text(), flush=True)
            if not self.as_json:
                self._begin()
            return True
        return False

    def _begin(self) -> None:
        try:
            life.begin(self.sandbox_url, self.hook, self.settings.url)
            orders.begin(self.sandbox_url)
        except OSError as error:
            # All runs for who posts visits by hand; begun a second time, there would be two of all.
            log.warning("not all of the sample visits come in: %s", error)

    def as_line(self) -> str:
        """The one line of `--json`."""
        return json.dumps(
            {
                "url": self.settings.url,
                "sandbox_url": self.sandbox_url,
                "console": {"user": NAME, "password": self.password},
                "api_token": self.api_token,
                "crm": self.crm,
                "data_dir": str(self.settings.data_dir),
                "hooks": {connector: self.hook(connector) for connector in self.keys},
            }
        )

    def as_text(self) -> str:
        """The same for a person."""
        return f"""
  Uzel is running: {self.settings.url}
  Sign in:         {NAME} / {self.password}
  Sandbox:         {self.sandbox_url}

  A sandbox plays iiko, r_keeper, YCLIENTS, amoCRM, Kaspi, konsol.pro, Telegram, SMS.ru, Exolve,
  WhatsApp, e-mail, and the guests too. Visits are coming in now: open the console and watch one
  become a message and a rating. A few answers get lost on purpose: what then waits for a person
  stands under "Ждут решения". Send a visit yourself; its guest is new at each start and yours
  alone, nobody else opens the link. The same visit sent again is recognised:

{visits.curl(self.hook("iiko"), visits.iiko_visit(self.guest))}
  The same from r_keeper, YCLIENTS and amoCRM:

{visits.other_curls(self.hook)}
  A Kaspi shop gets an order each half a minute, too; each becomes a deal in the sandbox's amoCRM,
  see "Заказы", or `uzel kaspi shops`.

  Some people ask to be paid: see "Заявки". What is approved goes out through the sandbox's
  konsol.pro. Others ask in a chat with the sandbox's Telegram; be one of them:

{claims.curl(self.sandbox_url)}

  A site keeps its people in "Реестр" by {self.settings.url}/webservice.php, as
  {" with the access key ".join(self.crm.values())} (new at each start).

  For commands in another terminal (`uzel send-sms`, `uzel connection test`), there first:

  {exports(self.settings)}

  Ctrl-C stops everything.
"""


def exports(settings: Settings) -> str:
    """What makes another shell find the demo, and reach its sandbox."""
    values = {"UZEL_DATA_DIR": str(settings.data_dir), "UZEL_ALLOW_PRIVATE_ADDRESSES": LOOPBACK}
    if settings.port != DEFAULT_PORT:
        values["UZEL_PORT"] = str(settings.port)
    line = "export " + " ".join(f"{name}={shlex.quote(v)}" for name, v in values.items())
    # Both are secrets, and whoever set them has them.
    secret = {"UZEL_DATABASE_URL": settings.database_url, "UZEL_MASTER_KEY": settings.master_key}
    also = [name for name, value in secret.items() if value is not None]
    return f"{line}   # and {', '.join(also)} as it is here" if also else line


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


def open_sandbox() -> None:
    """Let this process and those it starts reach the sandbox, and nothing else of this network."""
    os.environ["UZEL_ALLOW_PRIVATE_ADDRESSES"] = LOOPBACK
    addresses.permit(LOOPBACK)


def run(settings: Settings, *, as_json: bool) -> int:
    """Run the demo until it is stopped, apart from any installation."""
    set_up_logs("json" if as_json else "text", "info" if as_json else "warning")
    check_port(settings)
    settings = keep_apart(settings)
    open_sandbox()
    if not as_json:
        os.environ.setdefault("UZEL_LOG_FORMAT", "text")
        # What goes wrong on purpose stands in the console; here, only what ends and begins again.
        os.environ.setdefault("UZEL_LOG_LEVEL", "error")
        print("Starting: database, web, worker, sandbox …", flush=True)
    demo = Demo(settings, as_json, free_port())
    sandbox = Child("sandbox", "sandbox", "--port", str(demo.sandbox_port))
    return supervise(
        settings,
        ("web", "worker"),
        beside=[sandbox],
        check=check_database,
        prepare=demo.prepare,
        ready=demo.ready,
    )
