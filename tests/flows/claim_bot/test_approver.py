"""Those who decide, in their chat."""

import asyncio

from bot_at_work import GROUP, PEOPLE, Chatting, buttons, chatting, pressable, texts
from parts import go
from uzel.calls.outcome import State as Call
from uzel.connector import Answer
from uzel.people import links


async def announced(it: Chatting, number: int) -> list[str]:
    """The buttons below the message about a claim."""
    calls = [call for call in await it.tell() if call["arguments"]["chat_id"] == GROUP]
    (call,) = [one for one in calls if f"Заявка {number} " in texts([one])]
    sent = Answer(data={"chat_id": GROUP, "message_id": 500 + number % 400})
    await it.closed(call, answer=sent)
    return buttons([call])


async def state_of(it: Chatting, number: int) -> str:
    return str((await it.room.row(number))["state"])


def the(verb: str, among: list[str]) -> str:
    (found,) = [one for one in among if one.startswith(f"{verb}:")]
    return found


def test_only_linked_people_who_may_approve_decide_and_only_in_their_chat(shared_dsn: str) -> None:
    async def work() -> None:
        async with chatting(shared_dsn) as it:
            user, number = next(PEOPLE), 0
            number = await it.submitted(user)
            yes = the("ok", await announced(it, number))
            stranger = await it.say(next(PEOPLE), chat=GROUP, press=yes)
            assert "не знает, кто вы" in texts(stranger)
            oleg, vera = await it.link("oleg"), await it.link("vera")
            assert "нет права" in texts(await it.say(oleg, chat=GROUP, press=yes))
            assert "устарела" in texts(await it.say(vera, press=yes))
            assert await state_of(it, number) == "submitted"
            said = await it.say(vera, chat=GROUP, press=yes)
            assert "Утверждено, выплата отправляется." in texts(said)
            assert await state_of(it, number) == "paying"
            assert "уже сделать нельзя" in texts(await it.say(vera, chat=GROUP, press=yes))

    go(work)


def test_what_was_changed_has_to_be_looked_at_again(shared_dsn: str) -> None:
    async def work() -> None:
        async with chatting(shared_dsn) as it:
            user, vera = next(PEOPLE), await it.link("vera")
            number = await it.submitted(user)
            old = await announced(it, number)
            fix = pressable(await it.say(user, press=f"show:{number}:0:"), "fix")
            await it.say(user, press=f"{fix}amount")
            await it.say(user, "2000")
            assert "изменилась" in texts(await it.say(vera, chat=GROUP, press=the("ok", old)))
            assert "изменилась" in texts(await it.say(vera, chat=GROUP, press=the("no", old)))
            (edit,) = await it.tell()
            assert edit["operation"] == "edit_message_text" and "2\u00a0000" in texts([edit])
            await it.say(vera, chat=GROUP, press=the("ok", buttons([edit])))
            assert await state_of(it, number) == "paying"

    go(work)


def test_above_a_limit_two_are_needed_and_one_pays_once(shared_dsn: str) -> None:
    async def work() -> None:
        async with chatting(shared_dsn, two_above=0) as it:
            vera, boris = await it.link("vera"), await it.link("boris")
            number = await it.submitted(next(PEOPLE))
            yes = the("ok", await announced(it, number))
            assert "ещё один" in texts(await it.say(vera, chat=GROUP, press=yes))
            assert "уже утвердили" in texts(await it.say(vera, chat=GROUP, press=yes))
            (edit,) = await it.tell()
            assert "vera (1 из 2" in texts([edit])
            await it.closed(edit, answer=Answer(data={"message_id": 1}))
            await asyncio.gather(
                *(it.say(who, chat=GROUP, press=yes) for who in (boris, vera, boris, boris))
            )
            assert await state_of(it, number) == "paying"
            rows = await it.room.it.pool.fetch(
                "select 1 from claim_payout where claim_id = $1", number
            )
            assert len(rows) == 1
            shown = [call for call in await it.tell() if call["operation"] == "edit_message_text"]
            assert "vera, boris" in texts(shown) and "деньги в пути" in texts(shown)
            assert [one for one in buttons(shown) if one[:3] in ("ok:", "no:")] == []

    go(work)


def test_nobody_decides_on_what_they_asked_for_in_the_same_telegram(shared_dsn: str) -> None:
    async def work() -> None:
        async with chatting(shared_dsn) as it:
            vera = await it.link("vera")
            number = await it.submitted(vera)
            yes = the("ok", await announced(it, number))
            assert "другой человек" in texts(await it.say(vera, chat=GROUP, press=yes))
            assert await state_of(it, number) == "submitted"

    go(work)


def test_a_rejection_has_a_reason_that_the_claimant_reads(shared_dsn: str) -> None:
    async def work() -> None:
        async with chatting(shared_dsn) as it:
            vera, users = await it.link("vera"), [next(PEOPLE), next(PEOPLE)]
            first, second = [await it.submitted(user) for user in users]
            calls = [call for call in await it.tell() if call["arguments"]["chat_id"] == GROUP]
            no = {one.split(":")[1]: one for one in buttons(calls) if one.startswith("no:")}
            asked = await it.say(vera, chat=GROUP, press=no[str(first)])
            keep = the("keep", buttons(asked))
            ready = next(one for one in buttons(asked) if one.startswith("why:"))
            await it.say(vera, chat=GROUP, press=keep)
            assert await state_of(it, first) == "submitted"
            await it.say(vera, chat=GROUP, press=ready)
            assert await state_of(it, first) == "rejected"
            assert "уже сделать нельзя" in texts(await it.say(vera, chat=GROUP, press=ready))
            await it.say(vera, chat=GROUP, press=no[str(second)])
            assert await it.say(vera, "пообедаем?", chat=GROUP) == []
            await it.say(vera, "Чек от прошлого года", chat=GROUP, reply_to=7)
            assert await state_of(it, second) == "rejected"
            told = [call for call in await it.tell() if call["arguments"]["chat_id"] in users]
            assert "Чек от прошлого года" in texts(told) and "не читается" in texts(told)
            assert len(told) == 2

    go(work)


def test_people_write_to_each_other_through_the_bot(shared_dsn: str) -> None:
    async def work() -> None:
        async with chatting(shared_dsn) as it:
            user, oleg = next(PEOPLE), await it.link("oleg")
            number = await it.submitted(user)
            write = the("say", await announced(it, number))
            await it.say(oleg, chat=GROUP, press=write)
            await it.say(oleg, "Пришлите чек ещё раз", chat=GROUP, reply_to=1)
            (told,) = [one for one in await it.tell() if one["arguments"]["chat_id"] == user]
            assert "Пришлите чек ещё раз" in texts([told])
            (said,) = await it.room.it.pool.fetch(
                "select made_by, is_claimants from claim_message where claim_id = $1", number
            )
            assert (said["made_by"], said["is_claimants"]) == (f"telegram:{oleg}", False)

    go(work)


def test_a_code_links_once_and_a_code_in_a_group_links_nobody(shared_dsn: str) -> None:
    async def work() -> None:
        async with chatting(shared_dsn) as it:
            code = await it.room.do(lambda c: links.new_code(c, "boris", "test"))
            one, other = next(PEOPLE), next(PEOPLE)
            assert "больше не действует" in texts(await it.say(one, f"/link {code}", chat=GROUP))
            assert "не подошёл" in texts(await it.say(one, f"/link {code}"))
            code = await it.room.do(lambda c: links.new_code(c, "boris", "test"))
            assert "boris" in texts(await it.say(one, f"/link {code.lower()}"))
            assert "не подошёл" in texts(await it.say(other, f"/link {code}"))
            code = await it.room.do(lambda c: links.new_code(c, "vera", "test"))
            assert "другому человеку" in texts(await it.say(one, f"/link {code}"))
            stored = await it.room.it.pool.fetch("select code_hash from person_link_code")
            assert all(code.encode() not in row["code_hash"] for row in stored)
            code = await it.room.do(lambda c: links.new_code(c, "vera", "test"))
            await it.room.it.pool.execute("update person_link_code set expires_at = now()")
            assert "не подошёл" in texts(await it.say(other, f"/link {code}"))

    go(work)


def test_a_message_is_changed_by_one_call_at_a_time(shared_dsn: str) -> None:
    """What happens while it is being sent or changed is shown as soon as that ended."""

    async def work() -> None:
        async with chatting(shared_dsn) as it:
            vera, user = await it.link("vera"), next(PEOPLE)
            number = await it.submitted(user)
            (sent,) = [one for one in await it.tell() if one["arguments"]["chat_id"] == GROUP]
            await it.say(vera, chat=GROUP, press=the("ok", buttons([sent])))
            assert [one for one in await it.tell() if one["operation"] == "edit_message_text"] == []
            await it.closed(sent, answer=Answer(data={"message_id": 77}))
            (edit,) = await it.calls()
            assert edit["arguments"]["message_id"] == 77 and "деньги в пути" in texts([edit])
            await it.room.paid(number)
            await it.tell()
            await it.closed(edit, answer=Answer(data={"message_id": 77}))
            (last,) = await it.calls()
            assert "выплачена" in texts([last])
            await it.closed(last, state=Call.REJECTED, code="message_gone")
            assert await it.calls() == []

    go(work)


def test_who_blocked_the_bot_is_seen_by_those_who_decide(shared_dsn: str) -> None:
    async def work() -> None:
        async with chatting(shared_dsn) as it:
            vera, user = await it.link("vera"), next(PEOPLE)
            number = await it.submitted(user)
            yes = the("ok", await announced(it, number))
            await it.say(vera, chat=GROUP, press=yes)
            (told,) = [one for one in await it.tell() if one["arguments"]["chat_id"] == user]
            detail = "Telegram: человек заблокировал бота"
            await it.closed(told, state=Call.REJECTED, unreachable=True, detail=detail)
            steps = await it.room.it.pool.fetch(
                "select act, reason from claim_step where claim_id = $1", number
            )
            assert ("unreachable", detail) in [(row["act"], row["reason"]) for row in steps]
            why = await it.room.it.pool.fetchval(
                "select unreachable_reason from claimant where key = $1", f"telegram:{user}"
            )
            assert why == detail
            await it.say(user, "/start")
            assert not await it.room.it.pool.fetchval(
                "select unreachable_reason from claimant where key = $1", f"telegram:{user}"
            )

    go(work)


def test_news_is_told_once_whoever_tells_it(shared_dsn: str) -> None:
    async def work() -> None:
        async with chatting(shared_dsn) as it:
            vera, user = await it.link("vera"), next(PEOPLE)
            number = await it.submitted(user)
            await it.say(vera, chat=GROUP, press=the("ok", await announced(it, number)))
            await it.room.paid(number)
            await it.calls()
            await asyncio.gather(*(it.news.tell() for _ in range(3)))
            told = [one for one in await it.calls() if one["arguments"]["chat_id"] == user]
            assert [texts([one]).split("\u00a0₽ ")[-1] for one in told] == [
                "отправляются.", "выплачены.",
            ]  # fmt: skip
            left = await it.room.it.pool.fetchval(
                "select count(*) from claim_news where claim_id = $1", number
            )
            assert left == 0

    go(work)
