"""Files of documents: read and replaced by those with a session of the registry, by nobody else."""

import asyncio
import hashlib
import threading
from typing import Any

import httpx2
import pytest

from registry_room import WAITING, Program, new_form, new_program, pdf
from running_web import WebApp

PERSON = {"lastname": "Ким", "mobile": "+7 999 000-00-41", "cf_contacts_inn": "500100732259"}


@pytest.fixture
def path(program: Program) -> str:
    """Of a placeholder."""
    public_id, number = new_form(program, "договор")
    given = {"publicid": public_id, **PERSON, "code": "1234"}
    files = {f"file_{number}_1": ("../../Мой договор.php.PDF", pdf())}
    program.app.client.post("/modules/Webforms/capture.php", data=given, files=files)
    listed = program.post("GetFilesList", inn=PERSON["cf_contacts_inn"], sms="1234")["files"]
    return str(listed[0]["path"])


def ask(program: Program, method: str, path: str, **more: Any) -> httpx2.Response:
    params = {program.session_field: program.session} if program.session else {}
    return program.app.client.request(method, f"/{path}", params=params, **more)


def test_a_file_is_read_by_its_registry_only(app: WebApp, program: Program, path: str) -> None:
    found = ask(program, "GET", path)
    assert (found.status_code, found.content) == (200, pdf())
    assert found.headers["content-type"] == "application/pdf"
    assert found.headers["content-disposition"] == (
        "attachment; filename*=UTF-8''%D0%9C%D0%BE%D0%B9_"
        "%D0%B4%D0%BE%D0%B3%D0%BE%D0%B2%D0%BE%D1%80_php.pdf"
    )
    assert found.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in found.headers["content-security-policy"]
    by_header = app.client.get(f"/{path}", headers={"authorization": f"Bearer {program.session}"})
    assert by_header.content == pdf()
    other = new_program(app).log_in()
    assert ask(other, "GET", path).status_code == 404
    assert ask(other, "PUT", path, content=pdf(mark="другой")).status_code == 404
    other.session = ""
    assert ask(other, "GET", path).status_code == 401
    other.session = "00c0ffee"
    assert ask(other, "GET", path).status_code == 401


@pytest.mark.parametrize(
    "wrong",
    [
        *("storage/2026/%2e%2e/%2e%2e/etc/passwd", "storage/..%2f..%2fetc%2fpasswd"),
        *("storage/", "storage/" + "a" * 5000, "storage/%00", "storage/%D0%B0", "storage//x"),
    ],
)
def test_paths_that_lead_nowhere(program: Program, path: str, wrong: str) -> None:
    for method in ("GET", "PUT"):
        told = ask(program, method, wrong, content=pdf() if method == "PUT" else None)
        assert told.status_code == 404, told.text


def test_the_real_file_takes_the_place_of_its_placeholder(program: Program, path: str) -> None:
    real = pdf(3 * 1024 * 1024, "подписан")
    told = ask(program, "PUT", path, content=real)
    assert told.json()["result"] == {
        "path": path,
        "version": 2,
        "size": len(real),
        "sha256": hashlib.sha256(real).hexdigest(),
    }
    assert ask(program, "GET", path).content == real
    # The same again, as after a lost answer.
    assert ask(program, "PUT", path, content=real).json()["result"]["version"] == 2

    async def kept() -> list[int]:
        rows = await program.app.deps.pool.fetch(
            "select v.size from crm_file_version v join crm_file f using (document_id) "
            "where f.path = $1 order by v.version",
            path,
        )
        return [row["size"] for row in rows]

    assert program.app.run(kept) == [len(pdf()), len(real)]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"<html>", 415),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 64, 415),
        (b"%PDF-1.4 only the beginning", 415),
        (pdf() + b"PK\x03\x04" + b"0" * 2000, 415),
        (b"\n" + pdf(), 415),
        (pdf(52_428_801), 413),
    ],
)
def test_what_takes_no_ones_place(program: Program, path: str, content: bytes, status: int) -> None:
    assert ask(program, "PUT", path, content=content).status_code == status
    assert ask(program, "GET", path).content == pdf()


def test_who_reads_while_it_is_replaced_reads_one_file(program: Program, path: str) -> None:
    contents = [pdf(4 * 1024 * 1024, str(nth)) for nth in range(6)]
    digests = {hashlib.sha256(one).hexdigest() for one in (*contents, pdf())}
    wrong: list[str] = []

    def read() -> None:
        with httpx2.Client(base_url=program.app.url, trust_env=False) as client:
            for _ in range(12):
                params = {"sessionName": program.session}
                found = client.get(f"/{path}", params=params)
                if hashlib.sha256(found.content).hexdigest() not in digests:
                    wrong.append(f"{found.status_code} {len(found.content)}")

    readers = [threading.Thread(target=read) for _ in range(3)]
    for one in readers:
        one.start()
    for content in contents:
        assert ask(program, "PUT", path, content=content).status_code == 200
    for one in readers:
        one.join()
    assert wrong == []
    assert ask(program, "GET", path).content == contents[-1]


def test_a_document_that_is_deleted_while_its_file_comes(program: Program, path: str) -> None:
    told: list[int] = []

    def put() -> None:
        told.append(ask(program, "PUT", path, content=pdf(mark="два")).status_code)

    async def deleted() -> None:
        pool = program.app.deps.pool
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "update crm_record set deleted_at = now() where id = "
                "(select document_id from crm_file where path = $1)",
                path,
            )
            writing.start()
            while not await pool.fetchval(WAITING):
                await asyncio.sleep(0.01)

    writing = threading.Thread(target=put)
    program.app.run(deleted)
    writing.join()
    assert told == [404]
