"""Somebody asks to be paid in a chat."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot_at_work import PEOPLE, Chatting, buttons, chatting, data, pressable, texts
from parts import go
from uzel.flows.claim_bot.buttons import ASKING, DECIDING

CARD = "2200770212727079"


async def claims_of(it: Chatting, user: int) -> list[dict[str, object]]:
    rows = await it.room.it.pool.fetch(
        "select c.* from claim c join claimant m on m.id = c.claimant_id where m.key = $1 "
        "order by c.id",
        f"telegram:{user}",
    )
    return [dict(row) for row in rows]


def test_a_claim_is_asked_for_step_by_step(shared_dsn: str) -> None:
    async def work() -> None:
        async with chatting(shared_dsn) as it:
            user = next(PEOPLE)
            assert "new:0:0:" in buttons(await it.say(user, "/start"))
            assert "сумму" in texts(await it.say(user, press=data("new")))
            assert "Не понял сумму" in texts(await it.say(user, "много"))
            assert "чьё имя" in texts(await it.say(user, "1 500,50"))
            assert "фамилию и имя" in texts(await it.say(user, "Анна"))
            asked = await it.say(user, "Иванова Анна Петровна")
            asked = await it.say(user, press=next(b for b in buttons(asked) if "phone" in b))
            assert asked[0]["arguments"]["keyboard"][0][0]["contact"] is True
            assert "российский" in texts(await it.say(user, "12"))
            asked = await it.say(user, phone="+79990000001", phone_is_own=True)
            assert any("100000000111" in it for it in buttons(asked))
            assert "Такого банка не нашёл" in texts(await it.say(user, "Рога и копыта"))
            shown = await it.say(user, "сбер")
            assert "+7999•••0001" in texts(shown) and "79990000001" not in texts(shown)
            sent = await it.say(user, press=pressable(shown, "send"))
            assert "отправлена" in texts(sent)
            (row,) = await claims_of(it, user)
            assert (row["state"], row["amount_minor"], row["bank_id"], row["last_name"]) == (
                "submitted", 150050, "100000000111", "Иванова",
            )  # fmt: skip
            assert row["purpose"] == f"Выплата по заявке {row['id']}"
            again = await it.say(user, press=pressable(shown, "send"))
            assert texts(again) == "Эта заявка уже отправлена."
            assert len(await claims_of(it, user)) == 1

    go(work)


def test_what_was_submitted_can_be_changed_taken_back_and_written_about(shared_dsn: str) -> None:
    async def work() -> None:
        async with chatting(shared_dsn, cards=False) as it:
            user = next(PEOPLE)
            await it.say(user, press=data("new"))
            for said in ("1500", "Иванова Анна", "+79990000001"):
                asked = await it.say(user, said)
            asked = await it.say(user, press=next(b for b in buttons(asked) if "0008" in b))
            number = int(pressable(asked, "send").split(":")[1])
            await it.say(user, press=pressable(asked, "send"))
            assert "Передал" in texts(await it.say(user, "Когда ждать?"))
            (kept,) = await it.room.it.pool.fetch(
                "select text, is_claimants from claim_message where claim_id = $1", number
            )
            assert dict(kept) == {"text": "Когда ждать?", "is_claimants": True}
            shown = await it.say(user, press=data("show", number))
            fix = await it.say(user, press=pressable(shown, "fix"))
            await it.say(user, press=next(b for b in buttons(fix) if b.endswith(":way")))
            await it.say(user, "+79990000002")
            changed = await it.say(user, "втб")
            assert "+7999•••0002" in texts(changed) and "на рассмотрении" in texts(changed)
            old = await it.say(user, press=pressable(shown, "drop"))
            assert "с тех пор изменилась" in texts(old)
            asked = await it.say(user, press=pressable(changed, "drop"))
            await it.say(user, press=pressable(asked, "dropped"))
            assert [row["state"] for row in await claims_of(it, user)] == ["cancelled"]

    go(work)


def test_others_claims_are_nobodys_business(shared_dsn: str) -> None:
    async def work() -> None:
        async with chatting(shared_dsn) as it:
            user, other = next(PEOPLE), next(PEOPLE)
            number = await it.submitted(user)
            for verb in sorted(ASKING - {"new", "mine"}):
                answer = await it.say(other, press=data(verb, number, 4))
                assert "Такой заявки нет" in texts(answer), verb
            for verb in sorted(DECIDING):
                answer = await it.say(user, press=data(verb, number, 4))
                assert texts(answer) == "Эта кнопка устарела.", verb
            assert [row["state"] for row in await claims_of(it, user)] == ["submitted"]

    go(work)


def test_a_card_goes_to_the_vault_and_out_of_the_chat(shared_dsn: str) -> None:
    async def work() -> None:
        async with chatting(shared_dsn) as it:
            user = next(PEOPLE)
            await it.say(user, press=data("new"))
            await it.say(user, "1500")
            asked = await it.say(user, "Иванова Анна")
            await it.say(user, press=next(b for b in buttons(asked) if "card" in b))
            wrong = await it.say(user, "2200 7702 1272 7070")
            assert [call["operation"] for call in wrong] == ["delete_message", "send_message"]
            shown = await it.say(user, "220077••••••7079", card=CARD)
            assert shown[0]["operation"] == "delete_message"
            assert "карта 220077••••••7079" in texts(shown)
            (row,) = await claims_of(it, user)
            assert row["kind"] == "card" and row["vault_id"] is not None
            assert it.numbers.there == {}
            refused = await it.say(user, f"вот {CARD} ещё раз")
            assert "не нужен" in texts(refused) and refused[0]["operation"] == "delete_message"
            dump = await it.room.it.pool.fetch("select arguments::text from call")
            dump += await it.room.it.pool.fetch("select answers::text from claim_dialogue")
            assert not [found for found in dump if CARD in found[0]]

    go(work)


def test_a_photo_may_be_needed_and_claims_a_day_are_counted(shared_dsn: str) -> None:
    async def work() -> None:
        async with chatting(
            shared_dsn, claims_photo=True, claims_amount="100", claims_per_day=1
        ) as it:
            user = next(PEOPLE)
            assert "чьё имя" in texts(await it.say(user, press=data("new")))
            await it.say(user, "Иванова Анна")
            await it.say(user, press=await it.press_of(user, "way", "phone"))
            await it.say(user, "+79990000001")
            assert "Пришлите фото" in texts(await it.say(user, "сбер"))
            taken = await it.say(user, "Вот чек", file="AgACAgIAAxkBAAfile0001")
            shown = await it.say(user, press=pressable(taken, "done"))
            assert "Файлов: 1" in texts(shown) and "100" in texts(shown)
            await it.say(user, press=pressable(shown, "send"))
            assert "не больше 1" in texts(await it.say(user, press=data("new")))
            (row,) = await claims_of(it, user)
            assert row["amount_minor"] == 10_000
            said = await it.room.it.pool.fetchval(
                "select text from claim_message where claim_id = $1", row["id"]
            )
            assert said == "Вот чек"

    go(work)


SAID = st.one_of(
    st.sampled_from(
        (
            *("/start", "/new", "/mine", "/cancel", "/link ABC", "Отменить", "1500", "-5", "сбер"),
            *("Иванова Анна", "+79990000001", "Банк", CARD, "/", "\0", "я" * 4096, "ok:1:1:"),
        )
    ),
    st.text(max_size=20),
)


@settings(deadline=None, max_examples=8)
@given(seed=st.integers(0, 2**32), said=st.lists(SAID, min_size=5, max_size=25))
def test_nothing_that_is_said_or_pressed_breaks_it(
    shared_dsn: str, seed: int, said: list[str]
) -> None:
    """Old buttons too, of oneself and of others, and made-up ones: one draft at most at any time,
    and no number of a card is planned to be sent anywhere.
    """
    chance = random.Random(seed)

    async def work() -> None:
        async with chatting(shared_dsn) as it:
            people = [next(PEOPLE), next(PEOPLE)]
            seen = [data("new"), "", "x" * 64, "ok:9999999:1:", "bank:1:1:100000000111"]
            for text in said:
                user = chance.choice(people)
                if chance.random() < 0.6:
                    press = chance.choice(seen[-8:] if chance.random() < 0.7 else seen)
                    calls = await it.say(user, press=press or "none")
                    answered = [call["operation"] for call in calls].count("answer_callback_query")
                    assert answered == 1
                elif chance.random() < 0.2:
                    calls = await it.say(user, text, file=f"AgACAgIAAxkBAAfile{len(seen)}")
                else:
                    calls = await it.say(user, text)
                seen += buttons(calls)
                assert CARD not in texts(calls)
                for one in people:
                    states = [row["state"] for row in await claims_of(it, one)]
                    assert states.count("draft") <= 1

    go(work)


@pytest.mark.parametrize("press", ["", "new", "send:1", "send:1:1", "вот:1:1:", "send:-1:1:"])
def test_what_was_never_a_button_is_answered(shared_dsn: str, press: str) -> None:
    async def work() -> None:
        async with chatting(shared_dsn) as it:
            calls = await it.say(next(PEOPLE), press=press or " ")
            assert [call["operation"] for call in calls] == ["answer_callback_query"]

    go(work)
