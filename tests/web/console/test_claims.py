"""The room of claims: the queue, the decision, who may, what comes next."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from cabinet_visitor import plain
from claims_at_work import BY_CARD, CARD
from claims_console import PICTURE, ClaimsRoom, claims_room
from uzel.payouts.claims.claim import Form
from uzel.payouts.limits import Limits
from uzel.payouts.payout import State

FORM = {
    "amount": "1000,50",
    "purpose": "Приз",
    "name": "Орлова Ольга",
    "how": "card",
    "card": "4111 1111 1111 1111",
}
KEY = re.compile(r'name="key" value="([^"]+)"')
NUMBERS = iter(range(10, 1000))


@pytest.fixture(scope="module")
def running(
    shared_sample_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ClaimsRoom]:
    with claims_room(shared_sample_dsn, tmp_path_factory.mktemp("claims")) as made:
        yield made


@pytest.fixture
def room(running: ClaimsRoom) -> ClaimsRoom:
    """Nothing waits; no limits; nothing is stopped."""
    running.rows(
        "update claim set state = 'cancelled' where state in ('draft', 'submitted', 'approved')"
    )
    running.rows("update payout_stop set ended_by = 'x', ended_at = now() where ended_at is null")
    running.set_limits(Limits())
    return running


def to_phone(amount: str = "1000", name: str = "Иванова Анна") -> Form:
    """To a phone that nobody else is paid to."""
    return Form(amount, "Приз", name, phone=f"+7 999 000-{next(NUMBERS):04}", bank="сбер")


def test_one_after_the_other_is_decided_on(room: ClaimsRoom) -> None:
    first, second, mine, third = (
        room.submitted(to_phone(), by="vera" if nth == 2 else "ivan") for nth in range(4)
    )
    queue = room.vera.page("/claims")
    places = [queue.index(f'id="claim-{number}"') for number in (first, second, mine, third)]
    assert places == sorted(places)
    answer = room.approve(second)
    # Hers is left out; after the last one the first of those that were passed by comes.
    assert answer.headers["location"] == f"/claims/{third}?after={second}"
    page = room.vera.page(answer.headers["location"])
    assert f'href="/claims/{second}"' in page and "платится" in page
    rejected = room.vera.post(f"/claims/{third}/reject", version="2", reason="1")
    assert rejected.headers["location"] == f"/claims/{first}?after={third}"
    assert "Нет чека" in room.vera.page(rejected.headers["location"])
    assert room.approve(first).headers["location"] == f"/claims?after={first}"
    assert [room.state(it) for it in (first, second, mine, third)] == [
        "paying", "paying", "submitted", "rejected",
    ]  # fmt: skip
    said = "select array_agg(action order by id) from audit where subject = $1"
    assert room.value(said, f"claim:{third}") == ["reject"]


def test_a_payout_that_has_not_left_is_taken_back(room: ClaimsRoom) -> None:
    number = room.submitted(to_phone())
    page = room.vera.page(room.approve(number).headers["location"])
    payout = room.payout(number)
    assert f'action="/payouts/{payout}/cancel"' in page
    assert f'action="/payouts/{payout}/cancel"' not in room.ivan.page(f"/claims/{number}")
    back = {"reason": "не тот номер", "claim": str(number)}
    assert room.ivan.post(f"/payouts/{payout}/cancel", **back).status_code == 403
    page = room.vera.done(f"/payouts/{payout}/cancel", **back)
    assert "не тот номер" in page and room.state(number) == "failed"
    assert "Отозвать не вышло" in room.vera.done(f"/payouts/{payout}/cancel", **back)


def test_the_same_form_many_times_is_one_payout(room: ClaimsRoom) -> None:
    number = room.submitted(to_phone())

    def send(nth: int) -> tuple[int, str]:
        answer = room.approve(number, (room.vera, room.boris)[nth % 2])
        return answer.status_code, plain(answer.text)

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(send, range(12)))
    assert {status for status, _ in answers} == {303, 409}
    assert room.value("select count(*) from claim_payout where claim_id = $1", number) == 1
    assert all("перешла дальше" in text for status, text in answers if status == 409)


def test_what_was_changed_meanwhile_is_looked_at_again(room: ClaimsRoom) -> None:
    number = room.submitted(to_phone())
    key = re.search(KEY, room.ivan.page(f"/claims/{number}/edit"))
    assert key is not None
    changed = {"amount": "2000", "purpose": "", "name": "", "how": "phone", "key": key[1]}
    assert "прежние голоса не считаются" in room.ivan.done(f"/claims/{number}/edit", **changed)
    late = room.vera.post(f"/claims/{number}/approve", version="2")
    assert late.status_code == 409 and "изменили, пока вы смотрели" in late.text
    late = room.ivan.post(f"/claims/{number}/edit", **changed)
    assert late.status_code == 409 and "изменили, пока вы смотрели" in late.text
    assert room.state(number) == "submitted"
    assert room.approve(number).status_code == 303


def test_who_may_not_is_told_and_offered_nothing(room: ClaimsRoom) -> None:
    room.set_limits(Limits(), two_above=50_000)
    number = room.submitted(to_phone(), by="vera", who="telegram:7")
    approve, page = f'action="/claims/{number}/approve"', f"/claims/{number}"
    for who, said in ((room.ivan, "Решает согласующий"), (room.vera, "внесли или изменили вы")):
        shown = who.page(page)
        assert said in shown and approve not in shown, said
        refused = room.approve(number, who)
        assert refused.status_code == 409 and said in refused.text
    assert "ваш голос 1-й" in room.boris.page(page)
    moved = room.approve(number, room.boris)
    assert "голосов 1 из 2" in plain(room.boris.page(moved.headers["location"]))
    assert "нужен голос ещё одного" in room.boris.page(page)
    assert approve not in room.boris.page(page)
    room.olga.page(page)
    blocked = room.olga.done(f"{page}/block", do="block", why="чужие чеки")
    assert "Заявитель заблокирован" in blocked and approve not in blocked
    assert room.ivan.post(f"{page}/block", do="unblock").status_code == 409
    assert room.olga.post(f"{page}/block", do="block", why=" ").status_code == 409
    room.olga.done(f"{page}/block", do="unblock")
    assert room.approve(number, room.olga).status_code == 303
    assert room.state(number) == "paying"


def test_a_limit_holds_an_approved_one_back(room: ClaimsRoom) -> None:
    room.set_limits(Limits(payout=50_000))
    number = room.submitted(to_phone())
    assert "не поместится" in room.vera.page(f"/claims/{number}")
    page = room.vera.page(room.approve(number).headers["location"])
    assert "сумма больше предела одной выплаты" in page
    assert "сумма больше предела" in room.ivan.page("/claims?state=approved")
    assert "утверждённые заявки придержаны" in room.ivan.page("/")
    assert room.ivan.post(f"/claims/{number}/pay").status_code == 409
    assert "пока не ушла" in room.vera.done(f"/claims/{number}/pay")
    room.set_limits(Limits())
    assert "Выплата создана" in room.vera.done(f"/claims/{number}/pay")
    assert room.state(number) == "paying"


def test_what_the_person_had_before_stands_beside_it(room: ClaimsRoom) -> None:
    card = "5555 5555 5555 4444"
    first = room.submitted(Form("1000", "Приз", "Сидоров Иван", card=card), who="telegram:1")
    room.approve(first)
    room.moved(first, State.PAID)
    number = room.submitted(Form("1000", "Приз", "Петров Пётр", card=card), who="telegram:2")
    page = plain(room.vera.page(f"/claims/{number}"))
    assert "под другим именем: Сидоров Иван" in page
    assert "Похоже на повтор" in page
    other = room.submitted(Form("5", "Кофе", "Орлова Ольга", phone="+79990009999", bank="втб"),
                           who="telegram:2")  # fmt: skip
    page = plain(room.vera.page(f"/claims/{other}"))
    assert f"№ {number}" in page and "под другим именем" not in page
    assert "ещё ничего не получал" in plain(room.vera.page(f"/claims/{room.submitted(to_phone())}"))


def test_a_claim_is_entered_once_and_its_card_never_shown(room: ClaimsRoom) -> None:
    found = re.search(KEY, room.ivan.page("/claims/new"))
    assert found is not None
    form = {**FORM, "key": found[1]}
    wrong = room.ivan.post("/claims/new", **{**form, "amount": "много"})
    assert wrong.status_code == 422 and "Нужна сумма" in wrong.text
    assert "4111" not in wrong.text.replace(" ", "")
    wrong = room.ivan.post("/claims/new", **{**form, "card": "4111 1111 1111 1112"})
    assert "контрольная цифра" in wrong.text and "1112" not in wrong.text
    before = room.value("select count(*) from claim")
    first = room.ivan.post("/claims/new", **form)
    again = room.ivan.post("/claims/new", **form)
    assert first.status_code == 303 and first.headers["location"] == again.headers["location"]
    assert room.value("select count(*) from claim") == before + 1
    page = room.ivan.page(first.headers["location"])
    assert "411111••••••1111" in page and "4111111111111111" not in page.replace(" ", "")
    assert "form:" not in page and "1\u202f000,50" in page


def test_a_bank_that_could_be_two_is_chosen(room: ClaimsRoom) -> None:
    form = {**FORM, "how": "phone", "phone": "8 999 000 77 77", "bank": "нет такого"}
    wrong = room.ivan.post("/claims/new", **form, key="key-of-bank-1")
    assert wrong.status_code == 422 and "Такого банка в СБП нет" in wrong.text
    assert "8 999 000 77 77" in wrong.text
    draft = room.ivan.done(
        "/claims/new", **{**form, "bank": "сбер"}, key="key-of-bank-2", do="draft"
    )
    assert "Черновик сохранён" in draft and "Сбербанк" in draft
    number = int(room.value("select max(id) from claim"))
    assert "/submit" in draft and room.state(number) == "draft"
    room.ivan.done(f"/claims/{number}/submit")
    cancelled = room.ivan.done(f"/claims/{number}/cancel", why="передумал")
    assert "передумал" in cancelled and room.state(number) == "cancelled"


def test_only_who_made_it_or_decides_takes_it_back(room: ClaimsRoom) -> None:
    number = room.submitted(to_phone(), by="boris")
    assert room.ivan.post(f"/claims/{number}/cancel").status_code == 409
    assert "/cancel" not in room.ivan.page(f"/claims/{number}")
    assert room.boris.post(f"/claims/{number}/cancel").status_code == 303


def test_pictures_are_shown_and_nothing_else(room: ClaimsRoom) -> None:
    number = room.submitted(to_phone())
    picture, paper = room.attach(number), room.attach(number, b"%PDF-1.4 <script>", '../a".pdf')
    page = room.ivan.page(f"/claims/{number}")
    base = f"/claims/{number}/files"
    assert f'<img src="{base}/{picture}"' in page and f'<img src="{base}/{paper}"' not in page
    shown, kept = room.ivan.get(f"{base}/{picture}"), room.ivan.get(f"{base}/{paper}")
    assert shown.content == PICTURE and shown.headers["content-type"] == "image/png"
    assert shown.headers["content-disposition"].startswith("inline;")
    assert kept.headers["content-type"] == "application/pdf"
    expected = f'attachment; filename="claim-{number}-{paper}.pdf"'
    assert kept.headers["content-disposition"] == expected
    for answer in (shown, kept):
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["x-content-type-options"] == "nosniff"
    other = room.submitted(to_phone())
    for path in (f"/claims/{other}/files/{picture}", f"{base}/999999", f"{base}/x"):
        assert room.ivan.get(path).status_code == 404


def test_the_claimant_is_written_to(room: ClaimsRoom) -> None:
    number = room.submitted(to_phone(), who="telegram:7")
    room.say(number, f"<b>карта</b> {CARD}")
    assert "ждёт ответа" in room.ivan.page("/claims")
    page = room.ivan.page(f"/claims/{number}")
    assert "&lt;b&gt;карта" in page and CARD.replace(" ", "") not in page.replace(" ", "")
    room.ivan.done(f"/claims/{number}/say", ready="1")
    assert room.ivan.post(f"/claims/{number}/say", text="  ").status_code == 409
    room.ivan.done(f"/claims/{number}/say", text="завтра")
    said = room.value("select array_agg(text order by id) from claim_message where claim_id = $1",
                      number)  # fmt: skip
    assert said[1:] == ["Нужен более чёткий чек.", "завтра"]
    assert "ждёт ответа" not in room.ivan.page("/claims")


def test_whatever_is_at_hand_finds_a_claim(room: ClaimsRoom) -> None:
    number = room.submitted(
        Form("1234,56", "Приз", "Необычнов Ян", phone="+79990005555", bank="втб")
    )
    other = room.submitted(BY_CARD)
    searches = (
        *(f"q={number}", "q=%D0%BD%D0%B5%D0%BE%D0%B1%D1%8B%D1%87", "q=8999+000-55-55"),
        *("from=1234&to=1235", "state=submitted&from=1234,5&to=1234,6"),
    )
    for query in searches:
        page = room.ivan.page(f"/claims?{query}")
        assert f'id="claim-{number}"' in page and f'id="claim-{other}"' not in page, query
    assert f'id="claim-{other}"' in room.ivan.page("/claims?q=7079")
    for query in ("q=%25", "q=_", "q=0&state=paid", "from=x&state=draft"):
        assert f'id="claim-{number}"' not in room.ivan.page(f"/claims?{query}"), query
    assert room.ivan.get("/claims/999999").status_code == 404
    assert room.ivan.get("/claims/x").status_code == 404


def test_several_are_approved_each_on_its_own(room: ClaimsRoom) -> None:
    first, second = room.submitted(to_phone("10")), room.submitted(to_phone("20"))
    mine = room.submitted(to_phone("40"), by="vera")
    chosen = {f"claim_{number}": "2" for number in (first, second, mine)}
    assert 'name="claim_' in room.vera.page("/claims")
    assert f'name="claim_{mine}"' not in room.vera.page("/claims")
    page = plain(room.vera.post("/claims/chosen", **chosen).text)
    assert "30,00" in page and "внесли или изменили вы" in page
    assert room.state(first) == "submitted"
    done = plain(
        room.vera.post("/claims/chosen", **{**chosen, f"claim_{second}": "1"}, sure="yes").text
    )
    assert "изменили, пока вы смотрели" in done
    assert [room.state(it) for it in (first, second, mine)] == ["paying", "submitted", "submitted"]
    assert room.vera.post("/claims/chosen").status_code == 303


def test_the_room_speaks_english(room: ClaimsRoom) -> None:
    form = Form("10", "Prize", "Doe Jane", phone="+79990006666", bank="сбер")
    number = room.submitted(form, who="telegram:99")
    room.rows("update claimant set name = 'Jane' where key = 'telegram:99'")
    room.approve(number)
    waiting = room.submitted(Form("10", "Prize", "Doe Jane", phone="+79990006667", bank="сбер"))
    room.rows("update claim set bank_name = 'Sber' where bank_name = 'Сбербанк'")
    room.rows("update payout set bank_name = 'Sber' where bank_name = 'Сбербанк'")
    for who in (room.olga, room.ivan):
        who.client.cookies.set("uzel_language", "en")
        for path in (
            f"/claims/{number}", f"/claims/{waiting}", f"/claims/{waiting}/edit", "/claims/new",
            f"/payouts/{room.payout(number)}", "/payouts/limits", "/payouts/go-on",
            "/payouts/books",
            f"/claims?q={waiting}&after={number}",
        ):  # fmt: skip
            page = who.page(path).partition('id="main"')[2].partition("</main>")[0]
            page = re.sub(r"<datalist.*?</datalist>", "", page, flags=re.DOTALL)
            page = page.replace("Консоль", "")
            russian = [c for c in page if "а" <= c.lower() <= "я"]
            assert not russian, (path, "".join(russian)[:80])
        who.client.cookies.delete("uzel_language")
