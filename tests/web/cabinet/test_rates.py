"""What other currencies cost, as the partner pays it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cabinet_visitor import CabinetVisitor
from partner_client import add_client
from rate_books import propose
from running_web import WebApp
from uzel.rates.pair import Pair
from uzel.web.cabinet.rates import shown


def test_the_rates_in_force_with_the_commission(app: WebApp) -> None:
    pool = app.deps.pool
    app.run(lambda: propose(pool, Pair("CHF", "KZT"), "612.5"))
    app.run(lambda: propose(pool, Pair("KZT", "RUB"), "0.16"))
    app.run(lambda: propose(pool, Pair("CHF", "RUB"), "99"))
    it = add_client(app, currency="KZT", commission_percent="15")
    page = CabinetVisitor(app.url).sign_in(it.token).page("/partner/rates")
    text = page.replace("\N{NO-BREAK SPACE}", " ")
    assert "612,5" in text
    assert "70 437,50 ₸" in text  # 100 x 612.5 and 15 %
    # The other way round: what a rouble costs in tenge.
    assert ">6,25<" in text
    assert ">99<" not in text


def test_no_rates_at_all(app: WebApp) -> None:
    it = add_client(app, currency="JPY")
    page = CabinetVisitor(app.url).sign_in(it.token).page("/partner/rates")
    assert "Других валют пока нет" in page


@pytest.mark.parametrize(
    ("value", "text"),
    [("90", "90"), ("98.7654", "98,7654"), ("0.0123456789", "0,0123457"), ("6.25", "6,25")],
)
def test_how_a_rate_is_written(value: str, text: str) -> None:
    assert shown(Decimal(value), ",") == text


@given(st.decimals("1e-12", "1e12", allow_nan=False, places=12).filter(bool))
def test_what_is_written_is_close_to_the_rate(value: Decimal) -> None:
    written = Decimal(shown(value, "."))
    assert abs(written - value) <= value / 10**5
