"""The room of payouts: the doubtful ones, a payout's life, the switch, limits."""

from collections.abc import Iterator

import pytest

from cabinet_visitor import plain
from claims_console import ClaimsRoom, claims_room
from uzel.payouts.claims.claim import Form
from uzel.payouts.limits import Limits
from uzel.payouts.payout import State

NUMBERS = iter(range(10, 1000))
LOST = "the answer was lost: ReadError"


@pytest.fixture(scope="module")
def room(shared_sample_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClaimsRoom]:
    with claims_room(shared_sample_dsn, tmp_path_factory.mktemp("payouts")) as made:
        yield made


def paying(room: ClaimsRoom, amount: str = "1000") -> int:
    phone = f"+7 999 001-{next(NUMBERS):04}"
    number = room.submitted(Form(amount, "Приз", "Иванова Анна", phone=phone, bank="сбер"))
    assert room.approve(number).status_code == 303
    return number


def test_whoever_is_signed_in_stops_and_who_decides_goes_on(room: ClaimsRoom) -> None:
    for path in ("/claims", "/payouts"):
        assert 'action="/payouts/stop"' in room.ivan.page(path)
    page = room.ivan.done("/payouts/stop", reason="странное", back="/claims?state=paid")
    assert room.value("select reason from payout_stop where ended_at is null") == "странное"
    for who in (room.ivan, room.vera):
        for path in ("/", "/events", "/business"):
            page = who.page(path)
            assert "Выплаты остановлены." in page and "странное" in page and "ivan" in page
    assert "выплаты остановлены" in room.vera.page("/")
    assert "Возобновить может" in room.ivan.page("/payouts/go-on")
    assert room.ivan.post("/payouts/go-on").status_code == 403
    room.boris.done("/payouts/stop", reason="ещё раз")
    assert room.value("select count(*) from payout_stop where ended_at is null") == 1
    number = paying(room)
    assert "1\u202f000,00" in room.vera.page("/payouts/go-on")
    assert room.state(number) == "paying"
    assert "Выплаты снова уходят" in room.vera.done("/payouts/go-on")
    assert "Выплаты остановлены." not in room.ivan.page("/")
    room.vera.done("/payouts/stop", reason="")
    assert "причина не названа" in room.vera.page("/claims")
    room.olga.done("/payouts/go-on")
    acts = "select array_agg(action order by id) from audit where subject = 'payouts'"
    assert room.value(acts) == ["stop", "go_on", "stop", "go_on"]


def test_the_doubtful_come_first_with_what_is_known(room: ClaimsRoom) -> None:
    number = paying(room, "777")
    paying(room, "5")
    room.moved(number, State.UNKNOWN, LOST)
    name = room.payout(number)
    call = room.value(
        "update call set state = 'unknown', attempt = 1, started_at = now(), finished_at = now() "
        "where effect = (select 'payout:send:' || id || ':1' from payout where public_id = $1) "
        "or effect = (select 'payout:person:' || payee_id || ':1' from payout "
        "where public_id = $1) returning id",
        name,
    )
    page = room.ivan.page("/payouts")
    first = page[page.index('id="unknown"') : page.index('id="list"')]
    assert name in first and "777,00" in first and "соединение оборвалось" in plain(first)
    mark = room.value("select mark from payout where public_id = $1", name)
    assert mark in first
    assert "исход выплат неизвестен" in room.ivan.page("/")
    assert name not in room.ivan.page("/payouts?state=paid")
    life = room.ivan.page(f"/payouts/{name}")
    assert "могла состояться" in life and mark in life and f"/calls/{call}" in life
    effect = "select 'payout:send:' || id || ':9' from payout where public_id = $1"
    room.value(f"update call set effect = ({effect}) where id = $2 returning id", name, call)
    decision = plain(room.ivan.page(f"/calls/{call}"))
    assert "Иванова" in decision and "777,00" in decision and mark in decision
    room.moved(number, State.PAID)
    life = plain(room.ivan.page(f"/payouts/{name}"))
    assert "ответ потерян" in life and "выплачено" in life and "поставщик" in life
    assert f'/claims/{number}"' in room.ivan.page(f"/payouts/{name}")


def test_any_number_finds_a_payout_and_all_are_saved(room: ClaimsRoom) -> None:
    number = paying(room, "31,20")
    name = room.payout(number)
    row = room.rows("select * from payout where public_id = $1", name)[0]
    for text in (name, row["mark"], f"claim:{number}", row["phone"], str(number)):
        assert f'id="payout-{row["id"]}"' in room.ivan.page(
            f"/payouts?q={text.replace('+', '%2B')}"
        )
    assert f'id="payout-{row["id"]}"' not in room.ivan.page("/payouts?q=nothing")
    assert room.ivan.get(f"/payouts/{row['id']}").headers["location"] == f"/payouts/{name}"
    for path in ("/payouts/po_x", "/payouts/999999", "/payouts/po_0000000000000000"):
        assert room.ivan.get(path).status_code == 404
    lines = room.ivan.get("/payouts.csv?state=waiting").text.splitlines()
    assert any(name in line and "31.20" in line.replace(",", ".") for line in lines)


def test_limits_are_shown_to_all_and_changed_by_administrators(room: ClaimsRoom) -> None:
    form = {
        **{"payout": "1000,50", "person_day": "", "person_count": "3", "operator_day": ""},
        **{"day": "5000", "two_above": "700", "through": str(room.through)},
    }
    assert room.vera.post("/payouts/limits", **form).status_code == 403
    wrong = room.olga.post("/payouts/limits", **{**form, "day": "много"})
    assert wrong.status_code == 422 and "Нужно число" in wrong.text and "1000,50" in wrong.text
    room.olga.done("/payouts/limits", **form)
    kept = room.rows("select * from payout_rules where connection_id = $1", room.through)[0]
    assert kept["person_count"] == 3 and kept["operator_day_minor"] is None
    assert [kept[f"{it}_minor"] for it in ("payout", "person_day", "day", "two_above")] == [
        100050, None, 500000, 70000,
    ]  # fmt: skip
    page = room.ivan.page("/payouts/limits")
    assert (
        "1000,50" in page
        and "olga" in page
        and '<form class="fields" method="post" action="/payouts/limits"' not in page
    )
    room.set_limits(Limits())


def test_books_are_shown_settled_and_saved(room: ClaimsRoom) -> None:
    run = room.value(
        "insert into payout_reconciliation (connection_id, since, until, started_at, made_by, "
        "ours, theirs, seen, new) values ($1, now() - interval '1 day', now(), now(), 'night', "
        "3, 4, 1, 1) returning id",
        room.through,
    )
    number = room.value(
        "insert into payout_difference (connection_id, kind, subject, subject_at, theirs, "
        "first_run_id, last_run_id) values ($1, 'duplicate', 'UZ2ABC', now(), $3, $2, $2) "
        "returning id",
        room.through,
        run,
        {"payments": [{"id": "p<1>", "amount_minor": 150000, "currency": "RUB", "status": "paid",
                       "target": None}]},
    )  # fmt: skip
    assert "расхождения с книгами поставщика" in room.ivan.page("/")
    page = room.vera.page("/payouts/books")
    for said in ("у поставщика дважды", "1\u202f500,00", "p&lt;1&gt;", "UZ2ABC"):
        assert said in page, said
    path = f"/payouts/books/{number}/settle"
    assert path not in room.ivan.page("/payouts/books")
    assert room.ivan.post(path, note="x").status_code == 403
    assert room.vera.post(path, note=" ").status_code == 422
    assert "вернули вручную" in room.vera.done(path, note="вернули вручную")
    assert room.vera.post("/payouts/books/999/settle", note="x").status_code == 404
    begins = {"csv": b"\xef\xbb\xbf", "xlsx": b"PK", "1c": "1CClientBank".encode("cp1251")}
    for kind, begin in begins.items():
        form = {"format": kind, "account": "4" * 20, "from": "2026-11-01", "to": "2026-11-20"}
        answer = room.ivan.post("/payouts/statement", **form)
        assert answer.status_code == 200 and answer.content.startswith(begin), kind
        assert answer.headers["content-disposition"].startswith("attachment;")
    wrong = room.ivan.post("/payouts/statement", format="1c", account="12", inn="1")
    assert wrong.status_code == 422 and "20 цифр" in wrong.text and "10 или 12" in wrong.text


def test_what_lies_at_the_provider_is_drawn_with_how_long_it_lasts(room: ClaimsRoom) -> None:
    for hours, minor in ((30, 900_000_00), (5, 500_000_00), (0, 700_000_00)):
        room.rows(
            "insert into payout_balance (connection_id, at, currency, balance_minor, held_minor, "
            "unsent_minor) values ($1, now() - make_interval(hours => $2), 'RUB', $3, 0, 0)",
            room.through,
            hours,
            minor,
        )
    page = room.ivan.page("/payouts")
    assert "700\u202f000,00" in page and '<svg class="went"' in page
    room.rows("update payout_balance set balance_minor = 1 where balance_minor = 70000000")
    paying(room)
    page = room.ivan.page("/payouts")
    assert "на открытые выплаты не хватит" in page
    assert "денег у поставщика меньше" in room.ivan.page("/")


def test_what_held_itself_back_is_let_go(room: ClaimsRoom) -> None:
    room.rows(
        "insert into payout_trip (connection_id, reason, detail, probe_at) "
        "values ($1, 'unknown', 'five lost', now() + interval '5 min')",
        room.through,
    )
    assert "придержали себя сами" in room.vera.page("/payouts")
    assert "/payouts/let-go" not in room.ivan.page("/payouts")
    form = {"through": str(room.through)}
    assert room.ivan.post("/payouts/let-go", **form).status_code == 403
    assert "придержали себя сами" not in room.vera.done("/payouts/let-go", **form)
