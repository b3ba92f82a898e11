"""One process of a role: the web server or the worker. Started by the supervisor, or by hand."""

import asyncio
import contextlib
import gc
import logging
import resource

import uvicorn
import uvloop

from uzel.app import open_parts, owners, run_worker
from uzel.errors import ConfigError
from uzel.events.door import Door
from uzel.events.receive import Receiver
from uzel.kit import database
from uzel.kit.lifeline import watch_parent
from uzel.kit.logs import set_up_logs
from uzel.kit.settings import Settings
from uzel.web.app import Web
from uzel.web.deps import Deps
from uzel.web.listening import Server
from uzel.web.protocol import shedding_protocol

log = logging.getLogger("uzel.serve")

FINISH_WITHIN_S = 6
# A request leaves next to nothing to the collector of circles, but it looks at every connection
# time and again: tens of milliseconds in which two thousand senders wait. By default (700, 10, 10).
COLLECT_AFTER = (5_000, 20, 50)


async def run_web(settings: Settings, door_type: type[Door] = Door) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are answered first."""
    gc.set_threshold(*COLLECT_AFTER)
    async with open_parts(settings, "web", pool_size=10) as parts:
        receiver = Receiver(parts.pool, parts.ring)
        door = door_type(parts.registry, receiver)
        known = owners(parts.registry, settings.url)
        deps = Deps(
            settings, parts.pool, parts.ring, parts.registry, parts.reach, receiver, door, known
        )
        server = Server(
            uvicorn.Config(
                Web(deps),
                host=settings.host,
                port=settings.port,
                http=shedding_protocol(door, refused=deps.refused),
                ws="none",
                access_log=False,
                log_config=None,
                server_header=False,
                date_header=False,
                backlog=4096,
                timeout_keep_alive=30,
                timeout_graceful_shutdown=FINISH_WITHIN_S,
            )
        )

        deps.stopping = lambda: server.should_exit

        def stop() -> None:
            server.should_exit = True

        watch_parent(stop)
        log.info("serving %s from %s", settings.url, settings.data_dir)
        await server.serve()


def open_many_files() -> None:
    """Raise the limit of open files as far as we may: each connection is one, and the usual 1024
    would let few strangers keep everybody else out.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Where "unlimited" is not taken at its word (macOS) the limit stays.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def run_role(role: str, settings: Settings) -> int:
    """Run `web` or `worker` to its end; returns the exit status."""
    set_up_logs(settings.log_format, settings.log_level)
    open_many_files()
    run = {"web": run_web, "worker": run_worker}[role]
    # What is loaded now stays for good; looking through it again and again would only cause pauses.
    gc.collect()
    gc.freeze()
    try:
        with contextlib.suppress(KeyboardInterrupt):
            uvloop.run(run(settings))
    except ConfigError as error:
        log.error("%s", error)
        return 2
    except database.LOST as error:
        log.error("%s ends: no database (%s)", role, type(error).__name__)
        return 1
    except asyncio.CancelledError:
        return 1
    return 0
