"""Status words nobody has explained: seen, tried out, explained, and what then follows."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import urlencode

import pytest

from console_visitor import Visitor, rows, value
from review_history import rkeeper_order
from running_web import WebApp
from sample_data import OPERATOR

KEY = "hook_sample-rkeeper"
WORD = "Отдан гостю"
LISTS = "select settings -> 'completed_statuses' from connection where connector = 'rkeeper'"

COUNTS = """
select (select count(*) from message), (select count(*) from review_request),
       (select count(*) from call), (select count(*) from review_gap),
       (select count(*) from pgqueuer)
"""


@pytest.fixture
def source(web_app: WebApp, visitor: Visitor) -> int:
    """A connection to r_keeper whose hook answers to KEY."""
    added = visitor.post("/connections/new/rkeeper", _name="Доставка")
    assert added.status_code == 200
    number: int = value(web_app, "select id from connection where connector = 'rkeeper'")
    rows(web_app, "update connection set key_hash = sha256($1) where id = $2", KEY.encode(), number)
    web_app.run(web_app.sample.registry.refresh)
    return number


def arrive(
    web_app: WebApp,
    phones: Sequence[str],
    status: str = WORD,
    *,
    days_ago: float = 0,
    first: int = 700,
) -> None:
    """Orders with this status, as far as events go."""
    at = datetime.now(UTC) - timedelta(days=days_ago)
    for number, phone in enumerate(phones, first):
        body = rkeeper_order(number, status, phone, at)
        status_code = web_app.run(lambda body=body: web_app.sample.post("rkeeper", body, KEY))  # type: ignore[misc]
        assert status_code == 200
    web_app.process()


def question(visitor: Visitor, source: int, meaning: str, word: str = WORD) -> str:
    """The page that asks, before anything is done."""
    query = urlencode({"word": word, "meaning": meaning})
    return unescape(visitor.page(f"/connections/{source}/words/explain?{query}"))


def outcomes(page: str) -> list[str]:
    """What the page says would follow, line by line."""
    found = re.search(r'<ul class="outcomes">(.*?)</ul>', page, re.DOTALL)
    assert found, page
    lines = re.findall(r"<li[^>]*>(.*?)</li>", found[1], re.DOTALL)
    return [" ".join(re.sub("<[^>]+>", "", line).split()) for line in lines]


def phones(first: int, count: int) -> list[str]:
    return [f"+7999666{number:04}" for number in range(first, first + count)]


def test_a_word_stands_among_the_things_to_do_with_its_orders(
    web_app: WebApp, visitor: Visitor, source: int
) -> None:
    arrive(web_app, phones(0, 3))
    # The same order once more is the same order.
    arrive(web_app, phones(0, 1))
    assert "неизвестный статус «Отдан гостю» у r_keeper · Доставка: 3 заказа" in visitor.page("/")
    page = visitor.page(f"/connections/{source}/words")
    assert "Отдан гостю" in page and "визит состоялся…" in page
    event = value(web_app, "select max(id) from event where reason = 'status_unknown'")
    panel = visitor.page(f"/events/{event}")
    assert "Что значит «Отдан гостю»?" in panel
    assert f'href="/connections/{source}/words/explain?word=' in panel
    assert f'href="/events/{event}"' in page


def test_what_would_follow_is_told_before_and_is_what_follows(
    web_app: WebApp, visitor: Visitor, source: int
) -> None:
    rows(web_app, "update business set rules = rules || '{\"expires_after_s\": 86400}'")
    arrive(web_app, phones(10, 3))
    arrive(web_app, ["+74950000000"], first=800)
    arrive(web_app, phones(20, 2), days_ago=4, first=900)
    arrive(web_app, phones(10, 1), first=950)  # a guest of the first three, again
    before = tuple(rows(web_app, COUNTS)[0])
    page = question(visitor, source, "completed")
    assert set(outcomes(page)) == {
        "3 просьба об отзыве уйдёт сейчас или в ближайшие разрешённые часы",
        "2 ничего не последует: визит был слишком давно",
        "1 ничего не последует: городской номер",
        "1 ничего не последует: гостя недавно уже просили",
    }
    assert tuple(rows(web_app, COUNTS)[0]) == before
    done = visitor.done(f"/connections/{source}/words/explain", word=WORD, meaning="completed")
    assert "Записано в настройки подключения." in done
    assert "Заново разбираются 7 запросов." in done
    # The processor's own registry still holds the settings of before.
    web_app.process()
    messages, requests = before[:2]
    assert tuple(rows(web_app, COUNTS)[0])[:2] == (messages + 3, requests + 3)
    assert value(web_app, "select count(*) from event where reason = 'status_unknown'") == 0
    assert "Все статусы известны." in visitor.page(f"/connections/{source}/words")
    assert "неизвестный статус" not in visitor.page("/")


def test_the_settings_and_the_audit_say_so(web_app: WebApp, visitor: Visitor, source: int) -> None:
    arrive(web_app, phones(30, 1))
    visitor.done(f"/connections/{source}/words/explain", word=WORD, meaning="completed")
    assert WORD in value(web_app, LISTS)
    assert "Выполнен" in value(web_app, LISTS)
    act = rows(web_app, "select actor, subject, detail from audit where action = 'explain'")
    assert [tuple(row) for row in act] == [
        ("olga", f"connection:{source}", {"word": WORD, "meaning": "completed"})
    ]
    # On second thoughts: it stands in one list only.
    visitor.done(f"/connections/{source}/words/explain", word=WORD, meaning="ignored")
    assert WORD not in value(web_app, LISTS)
    settings = value(web_app, "select settings from connection where id = $1", source)
    assert WORD in settings["ignored_statuses"]


@pytest.mark.parametrize(
    ("meaning", "said", "decision"),
    [
        (
            "cancelled",
            "1 считается отменой; просьба, которая ещё не ушла, будет отозвана",
            "cancel",
        ),
        ("ignored", "1 ничего не последует: заказ ещё в работе", "skip"),
    ],
)
def test_other_meanings_lead_to_no_request(
    web_app: WebApp, visitor: Visitor, source: int, meaning: str, said: str, decision: str
) -> None:
    arrive(web_app, phones(40, 1))
    messages = value(web_app, "select count(*) from message")
    assert outcomes(question(visitor, source, meaning)) == [said]
    visitor.done(f"/connections/{source}/words/explain", word=WORD, meaning=meaning)
    web_app.process()
    assert value(web_app, "select count(*) from message") == messages
    last = value(web_app, "select decision from event where connection_id = $1", source)
    assert last == decision


def test_orders_from_before_can_be_processed_again_by_hand(
    web_app: WebApp, visitor: Visitor, source: int
) -> None:
    arrive(web_app, phones(50, 2))
    lists = {"completed_statuses": f"Выполнен\n{WORD}"}
    visitor.done(f"/connections/{source}/edit", **lists)
    page = visitor.page(f"/connections/{source}/words")
    assert "Уже объяснено, а эти заказы пришли раньше." in page
    done = visitor.done(f"/connections/{source}/words/again", word=WORD)
    assert "Заново разбираются 2 запроса." in done
    web_app.process()
    assert value(web_app, "select count(*) from event where reason = 'status_unknown'") == 0


def test_a_word_of_markup_is_a_word(web_app: WebApp, visitor: Visitor, source: int) -> None:
    word = "<b>&'\"{x}"
    arrive(web_app, phones(60, 1), word)
    for page in (
        visitor.page(f"/connections/{source}/words"),
        visitor.page("/"),
        visitor.page(
            f"/connections/{source}/words/explain?{urlencode({'word': word, 'meaning': 'ignored'})}"
        ),
    ):
        assert "<b>&'" not in page and "&lt;b&gt;&amp;" in page
    visitor.done(f"/connections/{source}/words/explain", word=word, meaning="ignored")
    settings = value(web_app, "select settings from connection where id = $1", source)
    assert word in settings["ignored_statuses"]


def test_only_an_administrator_explains(web_app: WebApp, visitor: Visitor, source: int) -> None:
    arrive(web_app, phones(70, 1))
    operator = Visitor(web_app.url).sign_in(*OPERATOR)
    page = operator.page(f"/connections/{source}/words")
    assert "Решает администратор." in page and "визит состоялся…" not in page
    path = f"/connections/{source}/words/explain"
    assert operator.get(f"{path}?word=x&meaning=completed").status_code == 403
    assert operator.post(path, word=WORD, meaning="completed").status_code == 403
    assert WORD not in (value(web_app, LISTS) or [])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/connections/1/words", 404),
        ("/connections/99/words", 404),
        ("/connections/1/words/explain?word=x&meaning=completed", 404),
    ],
)
def test_where_there_is_nothing_to_explain(reader: Visitor, path: str, status: int) -> None:
    assert reader.get(path).status_code == status


@pytest.mark.parametrize("fields", [{"word": " "}, {"meaning": "nothing"}, {"word": "x" * 201}])
def test_a_senseless_form_is_refused(visitor: Visitor, source: int, fields: dict[str, str]) -> None:
    given = {"word": WORD, "meaning": "completed", **fields}
    assert visitor.post(f"/connections/{source}/words/explain", **given).status_code == 400
