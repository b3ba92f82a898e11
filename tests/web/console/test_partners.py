"""The room of partners: balances, money moved by hand, and the second person's word."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from cabinet_visitor import plain
from console_visitor import Visitor, rows
from partner_room import TOKEN, Room, open_room
from running_web import WebApp
from uzel.kit.secrets import fingerprint

ENTRIES = "select count(*) from ledger_entry where kind = 'top_up' and origin like 'top_up:%'"


@pytest.fixture
def room(web_app: WebApp) -> Room:
    return open_room(web_app)


def test_without_partners_the_room_says_how_to_begin(reader: Visitor) -> None:
    page = reader.page("/partners")
    assert "Добавьте партнёра" in page
    assert 'href="/partners/new"' in page


def test_money_is_moved_once_that_was_seen(room: Room) -> None:
    fields = {"amount": "1 000,50", "reason": "счёт 17", "key": room.key(room.olga)}
    look = room.olga.post(f"{room.path}/money/top_up", **fields)
    assert look.status_code == 200
    assert "1\u202f000,50\u00a0₽</b>" in look.text
    assert room.balance() == 0
    page = room.olga.done(f"{room.path}/money/top_up", **fields, sure="yes")
    assert "Сделано и записано в учёт." in page
    assert "1\u202f000,50\u00a0₽" in page
    assert room.balance() == 100050
    room.move("-0,50", "correction")
    room.move("200", "credit_limit")
    assert room.balance() == 100000
    acts = "select array_agg(action order by id) from audit where subject = $1"
    said = room.value(acts, f"partner:{room.id}")
    assert said == ["add", "top_up", "correction", "credit_limit"]
    told = room.value("select detail from audit where action = 'top_up'")
    assert told["reason"] == "счёт 17"
    assert "olga" in room.ivan.page(room.path)


def test_a_form_sent_many_times_is_one_entry(room: Room) -> None:
    fields = {"amount": "70", "reason": "x", "key": room.key(room.olga), "sure": "yes"}

    def send(_: int) -> int:
        return room.olga.post(f"{room.path}/money/top_up", **fields).status_code

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(send, range(16))) == {303}
    assert room.value(ENTRIES) == 1
    assert room.balance() == 7000
    again = room.olga.done(f"{room.path}/money/top_up", **fields)
    assert "второй записи нет" in again
    other = room.olga.post(f"{room.path}/money/top_up", **{**fields, "amount": "71"})
    assert other.status_code == 422
    assert "Откройте её заново" in other.text


@pytest.mark.parametrize(
    ("kind", "amount", "said"),
    [
        ("top_up", "", "Нужна сумма вида"),
        ("top_up", "-5", "Нужна сумма вида"),
        ("top_up", "0", "Такой суммы быть не может"),
        ("top_up", "1.005", "Столько знаков после запятой"),
        ("top_up", "1e5", "Нужна сумма вида"),
        ("correction", "0", "Такой суммы быть не может"),
        ("correction", "−1", "На балансе столько нет"),
        ("credit_limit", "-1", "Нужна сумма вида"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_moves(
    room: Room, kind: str, amount: str, said: str
) -> None:
    path = f"{room.path}/money/{kind}"
    for sure in ("", "yes"):
        answer = room.olga.post(path, amount=amount, reason="x", sure=sure)
        assert answer.status_code == 422
        assert said in answer.text
    assert room.olga.post(path, amount="5", reason=" ").status_code == 422
    assert room.balance() == 0


def test_above_the_limit_somebody_else_has_to_decide(room: Room) -> None:
    page = room.move("100000,01")
    assert "ждёт второго" in page
    assert room.balance() == 0
    for who in (room.olga, room.nina, room.ivan):
        assert "Ждут второго человека" in who.page("/partners")
        overview = who.page("/")
        assert "движения денег ждут второго человека" in overview
    number = room.value("select id from partner_proposal where state = 'waiting'")
    path = f"/partners/proposals/{number}"
    mine = room.olga.page(path)
    assert "Это ваше предложение" in mine and 'value="approve"' not in mine
    refused = room.olga.post(path, do="approve")
    assert refused.status_code == 422 and "кто-то другой" in refused.text
    assert room.olga.post(path, do="reject", reason="x").status_code == 422
    assert room.ivan.page(path) and room.ivan.post(path, do="approve").status_code == 403
    assert room.balance() == 0
    assert "Подтверждено и сделано." in room.nina.done(path, do="approve")
    assert room.balance() == 10_000_001
    assert "nina" in room.nina.page(path)
    assert "уже решили" in room.nina.post(path, do="approve").text
    assert room.value(ENTRIES) == 1


def test_a_storm_of_approvals_is_one_entry(room: Room) -> None:
    room.move("500000")
    number = room.value("select id from partner_proposal where state = 'waiting'")

    def send(_: int) -> int:
        return room.nina.post(f"/partners/proposals/{number}", do="approve").status_code

    with ThreadPoolExecutor(8) as threads:
        answers = sorted(threads.map(send, range(16)))
    assert answers == [303, *[422] * 15]
    assert room.value(ENTRIES) == 1
    assert room.balance() == 50_000_000


def test_a_proposal_is_rejected_with_a_reason_or_taken_back(room: Room) -> None:
    room.move("500000")
    room.move("600000")
    first, second = [row["id"] for row in rows(room.web, "select id from partner_proposal")]
    assert room.nina.post(f"/partners/proposals/{first}", do="reject").status_code == 422
    room.nina.done(f"/partners/proposals/{first}", do="reject", reason="нет такого счёта")
    assert "нет такого счёта" in room.olga.page(f"/partners/proposals/{first}")
    assert room.nina.post(f"/partners/proposals/{second}", do="withdraw").status_code == 422
    room.olga.done(f"/partners/proposals/{second}", do="withdraw")
    assert "Ждут второго" not in room.olga.page("/partners")
    assert room.balance() == 0
    assert room.olga.get("/partners/proposals/999").status_code == 404


def test_the_limit_goes_up_with_two(room: Room) -> None:
    page = room.olga.done("/partners/limit/edit", amount="10", reason="проба", key="k1234567890")
    assert "не больше 10 единиц" in page
    page = room.olga.done("/partners/limit/edit", amount="50", reason="мало", key="k1234567891")
    assert "до 50 единиц" in page and "не больше 10 единиц" in page
    number = room.value("select id from partner_proposal where state = 'waiting'")
    assert "не больше 50 единиц" in room.nina.done(f"/partners/proposals/{number}", do="approve")


def test_a_token_is_shown_once_replaced_and_revoked(room: Room) -> None:
    scopes = {"scope_read": "on", "scope_payments:write": "on"}
    path = f"{room.path}/tokens"
    assert room.olga.post(path, name="сайт", lasts="").status_code == 422
    made = room.olga.post(path, name="сайт", lasts="30", **scopes)
    token = TOKEN.search(made.text)
    assert token is not None and token[1].startswith("uzp_")
    row = rows(room.web, "select * from partner_token where hash = $1", fingerprint(token[1]))[0]
    assert sorted(row["scopes"]) == ["payments:write", "read"]
    assert (row["expires_at"] - row["created_at"]).days in (29, 30)
    page = room.olga.page(path)
    assert token[1] not in page and row["prefix"] in page
    fresh = room.olga.post(f"{path}/{row['id']}/rotate", overlap="24")
    other = TOKEN.search(fresh.text)
    assert other is not None and other[1] != token[1]
    ends = room.value("select expires_at - now() from partner_token where id = $1", row["id"])
    assert 23 * 3600 < ends.total_seconds() <= 24 * 3600
    room.olga.done(f"{path}/{row['id']}/revoke")
    assert room.olga.post(f"{path}/{row['id']}/revoke").status_code == 404
    acts = "select array_agg(action order by id) from audit where action like '%token'"
    assert room.value(acts) == ["add_token", "rotate_token", "revoke_token"]


def test_a_payment_shows_what_it_costs_and_ends_once(room: Room) -> None:
    room.olga.done(f"{room.path}/settings", **settings(commission_percent="15"))
    room.move("1000")
    payment = room.pay("100", "order-118")
    path = f"{room.path}/payments/{payment}"
    page = room.ivan.page(path)
    for part in ("100,00\u00a0₽", "15,00\u00a0₽", "115,00\u00a0₽", "order-118", "Деньги удержаны"):
        assert part in page, part
    assert room.ivan.post(path, do="complete").status_code == 422
    asked = room.ivan.post(path, do="complete", reason="чек 9")
    assert "Отметить оплаченным?" in asked.text
    end = {"do": "complete", "reason": "чек 9", "sure": "yes", "state": "pending"}
    done = room.ivan.done(path, **end)
    assert "ivan" in done and "чек 9" in done and "payments" in done
    assert "ничего не сделано" in room.ivan.done(path, **end)
    # Giving back what was taken is for administrators.
    back = {"do": "fail", "reason": "деньги вернулись", "sure": "yes", "state": "completed"}
    assert "ничего не сделано" in room.ivan.done(path, **back)
    assert "возврат платежа" in room.olga.done(path, **back)
    assert room.balance() == 100_000
    assert room.ivan.get(f"/search?q={payment}").headers["location"].startswith("/partners/paym")


def settings(**changed: str) -> dict[str, str]:
    """The form of what is agreed."""
    usual = {"commission_percent": "0", "lead_price": "0", "debit": "hold", "per_minute": "600"}
    return {**usual, "addresses": "", "token_in_url": "on", **changed}


def test_what_is_agreed_is_read_as_people_write_it(room: Room) -> None:
    path = f"{room.path}/settings"
    changed = settings(
        commission_percent="2,5",
        lead_price="25,50",
        debit="at_once",
        addresses="192.0.2.7\n10.0.0.0/8",
    )
    del changed["token_in_url"]
    room.olga.done(path, **changed)
    kept = room.value("select settings from partner where id = $1", room.id)
    assert kept == {
        "commission_percent": "2.5", "lead_price_minor": 2550, "debit": "at_once",
        "token_in_url": False, "addresses": ["192.0.2.7/32", "10.0.0.0/8"], "per_minute": 600,
    }  # fmt: skip
    assert room.value("select detail from audit where action = 'set'")["after"] == kept
    for wrong in (
        {"commission_percent": "101"}, {"commission_percent": "0,00001"}, {"lead_price": "x"},
        {"addresses": "here"}, {"per_minute": "0"}, {"debit": "later"},
    ):  # fmt: skip
        assert room.olga.post(path, **settings(**wrong)).status_code == 422, wrong
    assert room.value("select count(*) from audit where action = 'set'") == 1


def test_payments_are_filtered_paged_and_saved_whole(room: Room) -> None:
    room.move("10000")
    first = room.pay("1", "=1+1")
    numbers = [first, *(room.pay("1") for _ in range(55))]
    room.nina.done(
        f"{room.path}/payments/{first}", do="fail", reason="=cmd", sure="yes", state="pending"
    )
    base = f"{room.path}/payments"
    page = room.ivan.page(base)
    assert numbers[-1] in page and first not in page and "Старше" in page
    assert first in room.ivan.page(f"{base}?state=failed")
    assert numbers[-1] not in room.ivan.page(f"{base}?state=failed")
    assert first in room.ivan.page(f"{base}?q=%3D1%2B1")
    assert numbers[7] in room.ivan.page(f"{base}?q={numbers[7]}")
    assert "ничего не подходит" in room.ivan.page(f"{base}?until=2020-01-01T00:00")
    answer = room.ivan.get(f"{base}.csv")
    table = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff")), delimiter=";"))
    assert [row[0] for row in table[1:]] == numbers[::-1]
    assert table[-1][1] == "'=1+1" and "'=cmd" in table[-1]
    assert len(room.ivan.get(f"{base}.csv?state=failed").text.splitlines()) == 2
    today = room.ivan.page("/partners")
    assert ">55 <" in today and "55,00" in today


def test_a_statement_adds_up(room: Room) -> None:
    room.move("1000", reason="=1+1")
    payment = room.pay("30", "order-1")
    room.nina.done(
        f"{room.path}/payments/{payment}", do="complete", reason="ok", sure="yes", state="pending"
    )
    for number in range(52):
        room.olga.post(
            f"{room.path}/money/top_up", amount="1", reason=f"счёт {number}", sure="yes",
            key=f"key-{number:08d}",
        )  # fmt: skip
    page = room.ivan.page(f"{room.path}/statement")
    assert "1\u202f022,00\u00a0₽" in page and payment in page and "Дальше →" in page
    answer = room.ivan.get(f"{room.path}/statement.csv")
    table = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff")), delimiter=";"))
    assert [table[0]["kind"], table[-1]["kind"]] == ["opening", "closing"]
    assert len(table) == 54 + 2
    moved = sum(float(line["amount"].lstrip("'")) for line in table[1:-1])
    assert float(table[0]["balance"]) + moved == float(table[-1]["balance"]) == 1022
    assert table[1]["reason"] == "'=1+1"
    now = datetime.now(UTC)
    assert now - timedelta(minutes=5) < datetime.fromisoformat(table[-1]["at"]) <= now
    assert "период не окончен" in page
    for kind, begin in (("xlsx", b"PK"), ("pdf", b"%PDF")):
        assert f"{room.path}/statement.{kind}?" in page
        assert room.ivan.get(f"{room.path}/statement.{kind}").content.startswith(begin)
    assert room.ivan.get(f"{room.path}/statement.docx").status_code == 404
    empty = room.ivan.get(f"{room.path}/statement.csv?from=2025-01-01&to=2025-01-31")
    assert len(empty.text.splitlines()) == 3


def test_a_partner_is_closed_and_opened_with_a_reason(room: Room) -> None:
    assert room.olga.post(f"{room.path}/close", reason="").status_code == 422
    assert "закрыт" in room.olga.done(f"{room.path}/close", reason="ушёл")
    assert room.value("select state from partner where id = $1", room.id) == "off"
    room.olga.done(f"{room.path}/close", reason="вернулся")
    assert room.value("select state from partner where id = $1", room.id) == "active"


def test_who_did_what_says_what_exactly(room: Room) -> None:
    room.move("1000")
    first, second = room.pay("30", "order-1"), room.pay("40", "order-2")
    end = {"sure": "yes", "state": "pending"}
    room.ivan.done(f"{room.path}/payments/{first}", do="complete", reason="чек 9", **end)
    asked = room.ivan.post(f"{room.path}/payments/{second}", do="fail", reason="карта отклонена")
    assert "Причину партнёр получит дословно" in asked.text
    room.ivan.done(f"{room.path}/payments/{second}", do="fail", reason="карта отклонена", **end)
    room.olga.done(f"{room.path}/settings", **settings(commission_percent="2,5", debit="at_once"))
    room.olga.post(f"{room.path}/tokens", name="сайт", lasts="", **{"scope_read": "on"})
    row = rows(room.web, "select id, prefix from partner_token where name = 'сайт'")[0]
    room.olga.done(f"{room.path}/tokens/{row['id']}/revoke")
    page = room.ivan.page(room.path)
    acts = plain(page[page.index('id="acts"') :])
    for said in (
        f"отметил оплаченным {first} : чек 9",
        f"отметил неудачным {second} : карта отклонена",
        "комиссия: 0 % → 2,5 %",
        "деньги при платеже: удерживать до исхода платежа → списывать сразу",
        f"выдал токен «сайт» {row['prefix']}…",
        f"отозвал токен «сайт» {row['prefix']}…",
    ):
        assert said in acts, (said, acts)


def test_a_closed_partner_is_offered_no_token_and_no_top_up(room: Room) -> None:
    page = room.olga.page(f"{room.path}/tokens")
    assert "Новый токен" in page and 'name="scope_tokens:write">' in page
    room.olga.done(f"{room.path}/close", reason="ушёл")
    assert "/money/top_up" not in room.olga.page(room.path)
    assert "Новый токен" not in room.olga.page(f"{room.path}/tokens")
    for path in ("", "/tokens", "/money/correction", "/money/top_up"):
        assert "Партнёр закрыт" in room.olga.page(room.path + path)
    refused = room.olga.post(f"{room.path}/tokens", name="сайт", lasts="", **{"scope_read": "on"})
    assert refused.status_code == 422 and "Сначала откройте партнёра" in refused.text
    assert room.value("select count(*) from partner_token where name = 'сайт'") == 0
    # Money may have to be given back.
    room.move("5")
    assert room.balance() == 500


def test_an_operator_looks_and_moves_no_money(room: Room) -> None:
    room.move("10")
    for path in ("", "/payments", "/statement", "/tokens", "/settings"):
        page = room.ivan.page(room.path + path)
        assert 'type="submit"' not in page
    for path in ("/money/top_up", "/close", "/tokens/1/rotate", "/tokens/1/revoke"):
        assert room.ivan.get(room.path + path).status_code == 403
    for path in ("/money/top_up", "/close", "/tokens", "/settings", "/tokens/1/revoke"):
        assert room.ivan.post(room.path + path, reason="x").status_code == 403
    assert room.ivan.get("/partners/limit/edit").status_code == 403
    for path in (
        "/partners/999", "/partners/x", f"{room.path}/payments/txn_none",
        f"{room.path}/payments/txn_%00", "/partners/payments/7", "/partners/2147483648",
    ):  # fmt: skip
        assert room.ivan.get(path).status_code == 404


def test_every_page_speaks_english(room: Room) -> None:
    room.move("500000")
    room.move("10")
    payment = room.pay("1")
    room.olga.post(f"{room.path}/tokens", name="site", lasts="", scope_read="on")
    room.olga.client.cookies.set("uzel_language", "en")
    room.olga.client.headers["accept-language"] = "en"
    for path in (
        "/partners", room.path, f"{room.path}/payments", f"{room.path}/payments/{payment}",
        f"{room.path}/statement", f"{room.path}/tokens", f"{room.path}/settings",
        f"{room.path}/money/top_up", f"{room.path}/close", "/partners/limit/edit",
        "/partners/proposals/1", "/partners/new",
    ):  # fmt: skip
        page = room.olga.page(path)
        main = page.partition('id="main"')[2].partition("</main>")[0]
        ours = ("Ромашка", "счёт 17", "Подписка", "сайт")
        for word in ours:
            main = main.replace(word, "")
        russian = [c for c in main if "а" <= c.lower() <= "я"]
        assert not russian, (path, "".join(russian)[:80])
