"""Who sends much is given room, and who takes all of it does not keep others out of the rest."""

import contextlib
import select
import socket
from urllib.parse import urlsplit

import pytest
from starlette.requests import Request

from registry_room import Program, new_form, pdf
from uzel.web.vtiger.capture import MOST_POSTS
from uzel.web.vtiger.parameters import NoRoom, entered_by
from uzel.web.vtiger.room import FOR_ONE, Room

BOUNDARY = "edge"
HALF = 3 * 1024 * 1024


def test_room_is_given_back() -> None:
    room = Room(3, 2)
    first, second = room.enter("a"), room.enter("a")
    assert first is not None
    assert second is not None
    assert room.enter("a") is None
    third = room.enter("b")
    assert third is not None
    assert room.enter("c") is None
    first()
    assert room.enter("c") is not None
    assert room.enter("a") is None


def begin(program: Program, path: str) -> socket.socket:
    """A large upload that has come half."""
    where = urlsplit(program.app.url)
    assert where.hostname
    assert where.port
    connection = socket.create_connection((where.hostname, where.port), timeout=20)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Length: {2 * HALF}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n--{BOUNDARY}\r\n"
        'Content-Disposition: form-data; name="file_1_1"; filename="a.pdf"\r\n\r\n'
    )
    connection.sendall(head.encode() + b"x" * HALF)
    return connection


def test_large_bodies_wait_for_room_and_small_ones_do_not(program: Program) -> None:
    public_id, number = new_form(program, "договор")
    given = {"publicid": public_id, "lastname": "Ким"}
    large = {f"file_{number}_1": ("a.pdf", pdf(HALF))}
    post = program.app.client.post
    with contextlib.ExitStack() as open_ones:
        paths = ("/webservice.php", "/modules/Webforms/capture.php") * FOR_ONE
        begun = [open_ones.enter_context(begin(program, path)) for path in paths]
        # Half of them are told at once that there is no room.
        answered: set[socket.socket] = set()
        while len(answered) < FOR_ONE:
            readable, _, _ = select.select([it for it in begun if it not in answered], [], [], 20)
            assert readable
            answered |= set(readable)
        assert {it.recv(64).split(b" ")[1] for it in answered} == {b"503"}
        told = post("/modules/Webforms/capture.php", data=given, files=large)
        assert told.status_code == 503
        assert told.headers["retry-after"]
        assert post("/modules/Webforms/capture.php", data=given).json()["success"] is True
        assert program.get("listtypes")["types"]
    # They hung up, and their room is free again.
    while told.status_code != 200:
        told = post("/modules/Webforms/capture.php", data=given, files=large)
    assert told.json()["success"] is True


def test_one_network_has_no_more_room_than_one_address() -> None:
    room = Room(10, 1)

    def from_address(address: str) -> Request:
        return Request({"type": "http", "client": (address, 1)})

    entered_by(from_address("2001:db8:0:1::1"), room)
    with pytest.raises(NoRoom):
        entered_by(from_address("2001:db8:0:1::2"), room)
    entered_by(from_address("2001:db8:0:2::1"), room)


def test_forms_that_do_not_end_leave_room_to_who_has_a_session(program: Program) -> None:
    public_id, number = new_form(program, "договор")
    given = {"publicid": public_id, "lastname": "Ким", "cf_contacts_inn": "500100732259"}
    files = {f"file_{number}_1": ("a.pdf", pdf())}
    program.app.client.post(
        "/modules/Webforms/capture.php", data={**given, "code": "1234"}, files=files
    )
    (listed,) = program.post("GetFilesList", inn="500100732259", sms="1234")["files"]
    with contextlib.ExitStack() as open_ones:
        begun = [
            open_ones.enter_context(begin(program, "/modules/Webforms/capture.php"))
            for _ in range(FOR_ONE + 1)
        ]
        # One too many: all the room of this address is taken now.
        readable, _, _ = select.select(begun, [], [], 20)
        assert [it.recv(64).split(b" ")[1] for it in readable] == [b"503"]
        told = program.app.client.put(
            f"/{listed['path']}",
            content=pdf(HALF),
            headers={"authorization": f"Bearer {program.session}"},
        )
        assert told.status_code == 200


def test_who_posts_without_end_is_stopped(program: Program) -> None:
    post = program.app.client.post
    told = [post("/modules/Webforms/capture.php").status_code for _ in range(MOST_POSTS + 1)]
    assert told[-1] == 429
