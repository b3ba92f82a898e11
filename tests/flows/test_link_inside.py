"""A link that no guest can open is sent to nobody outside."""

from guests import BODY, tell
from parts import Sandbox, go, new_phone, open_hub

OUTSIDE = "https://sms.example"


def test_a_link_to_this_machine_is_not_sent_outside(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, OUTSIDE) as hub:
            decided = await tell(hub, BODY["iiko"](new_phone()), "iiko")
            assert decided == ("skip", "link_inside")
            assert await hub.messages() == []
        async with open_hub(module_dsn, sandbox.url) as hub:
            assert (await tell(hub, BODY["iiko"](new_phone()), "iiko"))[0] == "request"

    go(run)
