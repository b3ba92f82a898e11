"""How a form in parts may be written down is not for its sender to choose."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException, MultiPartParser

from registry_room import new_form, new_program
from running_web import running_web
from uzel.web.parts import in_utf8

PARTS = "multipart/form-data"


def read(kind: str, body: bytes) -> dict[str, object]:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(in_utf8(Headers({"content-type": kind})), stream())
    return dict(asyncio.run(parser.parse()).multi_items())


def body(boundary: str, text: bytes) -> bytes:
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n'.encode()
    return head + text + f"\r\n--{boundary}--\r\n".encode()


@pytest.mark.parametrize("said", ["", "; charset=punycode", "; charset=idna", ";charset*=x''idna"])
def test_texts_are_in_utf8_whatever_is_said(said: str) -> None:
    text = "Анна a-b9"
    assert read(f"{PARTS}; boundary=edge{said}", body("edge", text.encode())) == {"a": text}


def test_boundaries_are_kept() -> None:
    assert read(f'{PARTS}; boundary="e d;g=e"', body("e d;g=e", b"x")) == {"a": "x"}


@pytest.mark.parametrize("kind", [PARTS, f"{PARTS}; boundary=", f'{PARTS}; boundary="a\\"b"', ""])
def test_parts_without_an_edge(kind: str) -> None:
    with pytest.raises(MultiPartException):
        read(kind, b"")


def test_a_form_comes_in_utf8_whatever_it_says(
    shared_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with running_web(shared_dsn, tmp_path_factory.mktemp("parts")) as app:
        given = {"publicid": new_form(new_program(app))[0], "lastname": "Ким"}
        parts = b"".join(
            f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
            for name, text in given.items()
        )
        told = app.client.post(
            "/modules/Webforms/capture.php",
            content=parts + b"--edge--\r\n",
            headers={"content-type": f"{PARTS}; boundary=edge; charset=punycode"},
        )
        assert told.json() == {"success": True, "result": "ok"}
