"""People and projects of a registry are contacts and deals of amoCRM: each once."""

import asyncio

from mirrored import Mirrored, open_mirrored
from parts import Sandbox, go, new_phone


def test_a_person_and_a_project_become_two_deals_of_one_contact(
    shared_dsn: str, sandbox: Sandbox
) -> None:
    async def work() -> None:
        async with open_mirrored(shared_dsn, sandbox) as room:
            phone = new_phone()
            person = await room.person(
                "Иванова", phone, firstname="Анна", cf_contacts_inn="500100732259"
            )
            company = await room.create("Accounts", {"accountname": "ООО «Тур»"})
            project = await room.project(
                "Возврат за тур",
                person,
                cf_project_agrprice="12500.40",
                cf_project_offender=f"11x{company.id}",
                cf_project_transport="1",
            )
            await room.work()
            deals = room.deals()
            mine = deals[f"Иванова Анна (CON{person.id})"]
            about = deals[f"Возврат за тур (PROJ{project.id})"]
            (contact,) = room.people(phone)
            assert mine["contacts"] == about["contacts"] == [contact["id"]]
            assert (mine["price"], about["price"]) == (0, 12500)
            (note,) = room.notes(about)
            assert "Цена договора: 12500.40" in note
            assert "Обидчик: ООО «Тур»" in note
            assert "Чей: Анна Иванова" in note
            assert "Транспорт: да" in note
            assert f"ИНН: {'500100732259'}" in room.notes(mine)[0]

    go(work)


def test_what_changes_is_written_into_the_deal_once(shared_dsn: str, sandbox: Sandbox) -> None:
    async def work() -> None:
        async with open_mirrored(shared_dsn, sandbox) as room:
            person = await room.person("Петров", new_phone())
            await room.work()
            await room.revise(person, email="petrov@example.org")
            await room.work()
            await room.revise(person, email="petrov@example.org", lastname="Петров-Водкин")
            await room.work()
            (deal,) = [it for name, it in room.deals().items() if f"CON{person.id})" in name]
            assert deal["name"] == f"Петров (CON{person.id})"
            assert [text.splitlines()[1:] for text in room.notes(deal)[1:]] == [
                ["E-mail: — → petrov@example.org"],
                ["Имя: Петров → Петров-Водкин"],
            ]
            before = await room.asked()
            await room.work()
            assert await room.asked() == before

    go(work)


def test_many_share_calls_and_each_is_there_once(shared_dsn: str, sandbox: Sandbox) -> None:
    async def work() -> None:
        async with open_mirrored(shared_dsn, sandbox) as room:
            people = [await room.person(f"Гость{n}", new_phone()) for n in range(60)]
            for n, person in enumerate(people):
                await room.project(f"Дело {n}", person)
            await room.later(3)
            assert len(room.deals()) == 120
            assert {row["step"] for row in (await room.rows()).values()} == {"done"}
            asked = await room.asked()
            assert asked["find_contacts"] == 60
            assert asked["create_leads"] + asked["create_contacts"] + asked["add_notes"] < 20
            for it in people:
                assert len(room.people(it.content["mobile"])) == 1

    go(work)


def test_who_is_written_by_many_at_once_is_there_once(shared_dsn: str, sandbox: Sandbox) -> None:
    async def work() -> None:
        async with open_mirrored(shared_dsn, sandbox) as room:
            person = await room.person("Сидоров", new_phone())

            async def write(n: int) -> None:
                await room.revise(person, description=f"раз {n}")

            async def look() -> None:
                for _ in range(10):
                    await room.mirrors.work()

            await asyncio.gather(*map(write, range(20)), look(), look(), look())
            await room.work()
            (deal,) = room.deals().values()
            text = "\n".join(room.notes(deal))
            last = (await room.rows())[f"12x{person.id}"]["told"]["facts"]["Описание"]
            assert last in text
            assert last == (await current(room, person.id))

    go(work)


async def current(room: Mirrored, number: int) -> str:
    found: str = await room.hub.pool.fetchval(
        "select content->>'description' from crm_record where id = $1", number
    )
    return found


def test_what_is_older_gets_no_deal_but_is_known_to_younger_ones(
    shared_dsn: str, sandbox: Sandbox
) -> None:
    async def work() -> None:
        async with open_mirrored(shared_dsn, sandbox) as room:
            phone = new_phone()
            person = await room.person("Старый", phone)
            await room.hub.pool.execute("delete from crm_news")
            await room.hub.pool.execute(
                "update crm_record set created_at = created_at - interval '9 days' where id = $1",
                person.id,
            )
            await room.work()
            assert room.deals() == {}
            project = await room.project("Новое", person)
            await room.work()
            (deal,) = room.deals().values()
            assert deal["name"] == f"Новое (PROJ{project.id})"
            assert deal["contacts"] == [room.people(phone)[0]["id"]]
            await room.revise(person, email="old@example.org")
            await room.work()
            assert len(room.deals()) == 1

    go(work)


def test_only_projects_where_only_they_are_wanted(shared_dsn: str, sandbox: Sandbox) -> None:
    async def work() -> None:
        async with open_mirrored(shared_dsn, sandbox, deals=["Project"]) as room:
            phone = new_phone()
            person = await room.person("Один", phone)
            await room.work()
            assert room.deals() == {}
            assert room.people(phone) == []
            project = await room.project("Дело", person)
            await room.work()
            assert list(room.deals()) == [f"Дело (PROJ{project.id})"]
            assert len(room.people(phone)) == 1

    go(work)


def test_who_is_deleted_or_merged_leaves_a_word_in_the_deal(
    shared_dsn: str, sandbox: Sandbox
) -> None:
    async def work() -> None:
        async with open_mirrored(shared_dsn, sandbox) as room:
            kept = await room.person("Первый", new_phone())
            gone = await room.person("Второй", new_phone())
            project = await room.project("Дело", gone)
            never = await room.person("Третий", new_phone())
            await room.delete(never)
            await room.work()
            await room.merge(kept, gone)
            await room.delete(project)
            await room.work()
            deals = room.deals()
            assert len(deals) == 3
            words = room.notes(deals[f"Второй (CON{gone.id})"])[-1]
            assert words == f"В реестре слито с CON{kept.id} (CON{gone.id})"
            words = room.notes(deals[f"Дело (PROJ{project.id})"])[-1]
            assert words == f"Удалено в реестре (PROJ{project.id})"

    go(work)


def test_no_card_and_no_requisites_get_there(shared_dsn: str, sandbox: Sandbox) -> None:
    async def work() -> None:
        async with open_mirrored(shared_dsn, sandbox) as room:
            person = await room.person(
                "Скрытный",
                new_phone(),
                cf_contacts_requisites="р/с 40817810000000000001",
                description="карта 4111 1111 1111 1111",
            )
            await room.work()
            said = str(room.books()) + str(await room.rows())
            assert "4111 1111 1111 1111" not in said
            assert "40817810000000000001" not in said
            assert f"CON{person.id}" in said

    go(work)


def test_without_a_phone_there_is_a_deal_without_a_contact(
    shared_dsn: str, sandbox: Sandbox
) -> None:
    async def work() -> None:
        async with open_mirrored(shared_dsn, sandbox) as room:
            person = await room.create("Contacts", {"lastname": "Безымянный"})
            await room.work()
            (deal,) = room.deals().values()
            assert (deal["name"], deal["contacts"]) == (f"Безымянный (CON{person.id})", [])

    go(work)


def test_a_mirror_that_is_off_hears_nothing(shared_dsn: str, sandbox: Sandbox) -> None:
    async def work() -> None:
        async with open_mirrored(shared_dsn, sandbox) as room:
            await room.hub.pool.execute(
                "update crm_mirror set state = 'off' where id = $1", room.id
            )
            await room.person("Никто", new_phone())
            await room.work()
            assert await room.rows() == {}
            assert not await room.hub.pool.fetchval(
                "select exists (select from crm_news where business_id = $1)", room.hub.business
            )

    go(work)
