"""What can be seen from outside the database: the machine, the folder, the key, the addresses."""

import getpass
import json
import os
import shutil
import stat
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from uzel.doctor.finding import Finding, good, warning, wrong
from uzel.errors import ConfigError
from uzel.kit.public_address import leads_inside
from uzel.kit.secrets import read_key_ring
from uzel.kit.settings import Settings

OLDEST_PYTHON = (3, 11)
MIB = 1024 * 1024
ENOUGH_DISK, LITTLE_DISK = 2048 * MIB, 256 * MIB
ASK_WITHIN_S = 3.0
# An address to listen on → one to ask.
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104


def of_python() -> Iterator[Finding]:
    """The version of Python."""
    shown = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] >= OLDEST_PYTHON:
        yield good("python", f"Python {shown}")
        return
    needed = ".".join(map(str, OLDEST_PYTHON))
    yield wrong(
        "python",
        f"Python {shown}",
        f"Uzel needs {needed} or newer.",
        "Install a newer Python and make the virtual environment anew.",
    )


def of_folder(settings: Settings) -> Iterator[Finding]:
    """The data folder: there, private, writable, with room."""
    folder = settings.data_dir
    found = stat_of(folder)
    if found is None or not stat.S_ISDIR(found.st_mode):
        yield no_folder(folder, there=found is not None)
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield wrong(
            "data folder",
            f"{folder} is not writable for {getpass.getuser()}",
            "Neither the database nor the key file can be kept there.",
            f"Run Uzel as the owner of the folder, or: chown -R {getpass.getuser()} '{folder}'",
        )
    elif folder.stat().st_mode & 0o007:
        yield warning(
            "data folder",
            f"everybody on this machine may look into {folder}",
            "What lies in it is protected one by one, but their names can be seen.",
            f"chmod 700 '{folder}'",
        )
    else:
        yield good("data folder", str(folder))
    yield of_disk(folder, shutil.disk_usage(folder).free)


def stat_of(path: Path) -> os.stat_result | None:
    """What lies there; None for nothing, or what this account may not see."""
    try:
        return path.stat()
    except OSError:
        return None


def no_folder(folder: Path, *, there: bool) -> Finding:
    """Something else in its place, or nothing as far as this account can see."""
    if there:
        meaning, advice = "Nothing can be kept there.", "Set UZEL_DATA_DIR to a folder."
        return wrong("data folder", f"{folder} is no folder", meaning, advice)
    return warning(
        "data folder",
        f"{folder} does not exist, or {getpass.getuser()} may not see it",
        "Nothing has been started with this UZEL_DATA_DIR yet, or not by this account.",
        "Check UZEL_DATA_DIR and the account; `uzel serve` makes the folder.",
    )


def of_disk(folder: Path, free: int) -> Finding:
    """Whether so many free bytes on the disk of the data folder will do."""
    what = f"{free // MIB} MiB free for {folder}"
    if free >= ENOUGH_DISK:
        return good("disk", what)
    advice = "Free some space, or move UZEL_DATA_DIR to a larger disk."
    if free < LITTLE_DISK:
        meaning = "The database stops storing: senders get 503 and come again, nothing is sent."
        return wrong("disk", f"nearly full: {what}", meaning, advice)
    meaning = "A full disk stops the database: senders would get 503, nothing would be sent."
    return warning("disk", what, meaning, advice)


def of_key(settings: Settings) -> Iterator[Finding]:
    """The master key that opens the stored secrets."""
    path = settings.data_dir / "master.key"
    if settings.master_key is None and not os.access(settings.data_dir, os.X_OK):
        return  # said already, where the folder is looked at
    if settings.master_key is None and not path.exists():
        yield warning(
            "master key",
            f"there is no key yet ({path})",
            "It is made at the first start. If there was one before, the stored secrets are lost "
            "without it.",
            "Restore the file from a backup if this is not a first start.",
        )
        return
    try:
        read_key_ring(settings.master_key, settings.data_dir)
    except (ConfigError, OSError) as error:
        meaning = (
            "Without a good key no secret of a connection can be read, so none of them works; a "
            "key that others can read protects nothing."
        )
        yield wrong("master key", str(error), meaning, "Do what the message says.")
    else:
        yield good("master key", "UZEL_MASTER_KEY" if settings.master_key else str(path))


def of_web(settings: Settings) -> Iterator[Finding]:
    """Who answers on our port."""
    url = f"http://{EVERYWHERE.get(settings.host, settings.host)}:{settings.port}/readyz"
    stopped = "Webhooks are turned away, and there is no console."
    try:
        status, said = ask(url)
    except ConnectionRefusedError:
        yield wrong("web", f"nobody listens at {url}", stopped, "Start it: uzel serve")
    except OSError as error:
        yield wrong("web", f"no answer from {url}: {error}", stopped, "Look into the log of Uzel.")
    else:
        if status == 200 and said == {"status": "ok"}:
            yield good("web", f"{url} answers")
        elif isinstance(said, dict) and "status" in said:
            meaning = "Webhooks are answered with 503, so senders come again."
            yield wrong(
                "web",
                f"{url}: {said.get('detail', said['status'])}",
                meaning,
                "See the findings about it.",
            )
        else:
            advice = f"Set UZEL_PORT to a free port, or stop what listens on {settings.port}."
            yield wrong("web", f"another program answers at {url}", stopped, advice)


def ask(url: str) -> tuple[int, object]:
    """Status and JSON of an address (None where it is no JSON). Raises OSError."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=ASK_WITHIN_S) as answer:
            status, body = answer.status, answer.read(10_000)
    except urllib.error.HTTPError as error:
        with error:
            status, body = error.code, error.read(10_000)
    except urllib.error.URLError as error:
        raise (error.reason if isinstance(error.reason, OSError) else error) from error
    try:
        return status, json.loads(body)
    except ValueError:
        return status, None


def of_public_url(settings: Settings) -> Iterator[Finding]:
    """The address providers are given."""
    url = settings.public_url
    if url is None:
        yield warning(
            "public address",
            "UZEL_PUBLIC_URL is not set",
            "Providers cannot reach a webhook at an address of this machine only, nor can guests "
            "open the links they are sent.",
            "Set it to the address under which the outside world reaches Uzel (https://…).",
        )
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        meaning = "The addresses of webhooks the console shows do not work."
        advice = "Write it with its scheme: https://uzel.example"
        yield wrong("public address", f"UZEL_PUBLIC_URL is {url}", meaning, advice)
    elif leads_inside(url):
        meaning = "Neither providers nor guests reach an address of this machine or its network."
        advice = "Write the address under which the outside world reaches Uzel (https://…)."
        yield warning("public address", f"UZEL_PUBLIC_URL leads inside: {url}", meaning, advice)
    elif parts.scheme == "http":
        meaning = "Keys of webhooks, passwords and guests' phones travel in the clear."
        advice = "Put a proxy with a certificate before Uzel and write https:// here."
        yield warning("public address", f"{url} is not https", meaning, advice)
    else:
        yield good("public address", url)
