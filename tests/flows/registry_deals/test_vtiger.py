"""People and projects of somebody else's vtiger are contacts and deals of amoCRM: each once."""

import json
from typing import Any

import pytest

from mirrored import Mirrored, open_mirrored
from parts import Sandbox, go, new_phone
from registry_room import Program
from uzel.connectors.vtiger import examples
from uzel.flows.registry_deals.told import Told


def of(room: Mirrored, record: Any) -> dict[str, Any]:
    """The deal of a record."""
    called = record.get("project_no") or record["contact_no"]
    (deal,) = [it for name, it in room.deals().items() if name.endswith(f"({called})")]
    return deal


def test_what_is_made_and_changed_there_is_mirrored(
    module_dsn: str, sandbox: Sandbox, program: Program
) -> None:
    async def work() -> None:
        async with open_mirrored(module_dsn, sandbox, source="vtiger") as room:
            phone = new_phone()
            person = program.create("Contacts", lastname="Далёкая", firstname="Ольга", mobile=phone)
            project = program.create(
                "Project",
                projectname="Курс",
                linktoaccountscontacts=person["id"],
                cf_project_offender=f"11x{examples.COMPANY}",
                cf_project_agrprice="700.00",
                cf_project_insurance="1",
            )
            await room.read_vtiger()
            await room.work()
            (contact,) = room.people(phone)
            about = of(room, project)
            assert about["contacts"] == of(room, person)["contacts"] == [contact["id"]]
            assert about["price"] == 700
            assert "Обидчик: ООО «Пример»" in room.notes(about)[0]
            assert "Страховка: да" in room.notes(about)[0]
            assert "Транспорт" not in room.notes(about)[0]
            program.post("revise", element=json.dumps({"id": person["id"], "email": "o@e.org"}))
            for _ in range(3):
                await room.read_vtiger()
                await room.work()
            (_, changed) = room.notes(of(room, person))
            assert changed.splitlines()[1:] == ["E-mail: — → o@e.org"]
            program.post("delete", id=project["id"])
            await room.read_vtiger()
            await room.work()
            assert room.notes(of(room, project))[-1].startswith("Удалено в CRM")

    go(work)


def test_whom_a_new_project_is_about_is_asked_for(
    module_dsn: str, sandbox: Sandbox, program: Program
) -> None:
    async def work() -> None:
        phone = new_phone()
        person = program.create("Contacts", lastname="Давний", mobile=phone)
        async with open_mirrored(module_dsn, sandbox, source="vtiger", days=0) as room:
            # The vtiger tells of no second that has not passed.
            await room.hub.pool.execute(
                "update crm_mirror set read_up_to = $2 where id = $1",
                room.id,
                {"Contacts": 2**31 - 1},
            )
            given = {"linktoaccountscontacts": person["id"]}
            project = program.create("Project", projectname="Новое", **given)
            await room.read_vtiger()
            await room.work()
            assert await room.problem() is None
            (contact,) = room.people(phone)
            assert of(room, project)["contacts"] == [contact["id"]]

    go(work)


@pytest.mark.parametrize("kind", ["500", "garbage", "reset", "401"])
def test_a_vtiger_that_does_not_answer_is_asked_again(
    module_dsn: str, sandbox: Sandbox, program: Program, kind: str
) -> None:
    async def work() -> None:
        async with open_mirrored(module_dsn, sandbox, source="vtiger") as room:
            person = program.create("Contacts", lastname="Терпеливый", mobile=new_phone())
            sandbox.arm_at("vtiger", "sync", kind, times=6)
            await room.read_vtiger()
            assert await room.problem()
            sandbox.reset()
            await room.read_vtiger()
            await room.work()
            assert await room.problem() is None
            assert len(room.notes(of(room, person))) == 1

    go(work)


def without_a_number(*_: object) -> Told:
    """As of a record that has no id."""
    raise KeyError("id")


def test_what_makes_no_sense_is_a_problem_and_no_end(
    module_dsn: str, sandbox: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        async with open_mirrored(module_dsn, sandbox, source="vtiger") as room:
            person = program.create("Contacts", lastname="Обычный", mobile=new_phone())
            monkeypatch.setattr(Told, "of", without_a_number)
            await room.read_vtiger()
            assert "cannot be read" in (await room.problem() or "")
            monkeypatch.undo()
            await room.read_vtiger()
            await room.work()
            assert await room.problem() is None
            assert len(room.notes(of(room, person))) == 1

    go(work)
