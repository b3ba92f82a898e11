"""The web process with a door that stores nothing: what the durable path is compared with.

`python -m uzel.bench.noop` is `uzel run-role web` in all but one thing: same server and settings,
same hook route, same reading of the body within the limit, same answer; but no key is looked up,
nothing is parsed, deduplicated, stored or queued.
"""

import uvloop

from uzel.connectors import connectors
from uzel.events.door import Door, Reply, Request
from uzel.kit.logs import set_up_logs
from uzel.kit.settings import read_settings
from uzel.serve import run_web

ANSWERS = {
    name: Reply(200, connector.webhook.answer)
    for name, connector in connectors().items()
    if connector.webhook is not None
}


class OpenDoor(Door):
    """Says yes to everything at once."""

    async def enter(self, request: Request) -> Reply:
        return ANSWERS[request.connector]


def main() -> None:
    settings = read_settings()
    set_up_logs(settings.log_format, settings.log_level)
    uvloop.run(run_web(settings, OpenDoor))


if __name__ == "__main__":
    main()
