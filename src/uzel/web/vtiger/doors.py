"""All addresses of the registry, and what answers at each."""

from collections.abc import Mapping

from starlette.types import ASGIApp

from uzel.web.deps import Deps
from uzel.web.vtiger import capture, door, phone_code, storage
from uzel.web.vtiger.room import FOR_ONE, Room


def doors(deps: Deps) -> Mapping[str, ASGIApp]:
    """Path → application; that of files is for all that begins with it."""
    room = Room()
    vtiger = door.VtigerDoor(deps, room)
    codes = phone_code.PhoneCodeDoor(deps)
    return {
        **dict.fromkeys(door.PATHS, vtiger),
        capture.PATH: capture.CaptureDoor(deps, room),
        **{f"{phone_code.PATH}{step}": codes for step in ("send", "check")},
        # Whoever has a session is not kept waiting by those who have none.
        storage.PREFIX: storage.StorageDoor(deps, Room(FOR_ONE)),
    }
