"""What can be spent where a balance may go below zero: balances and refusals say it."""

from partner_client import Client, add_client, numbers
from running_web import WebApp
from uzel.ledger.accounts import set_floor


def with_credit(app: WebApp, money: str, credit_minor: int, **settings: object) -> Client:
    it = add_client(app, money, **settings)  # type: ignore[arg-type]

    async def work() -> None:
        async with app.deps.pool.acquire() as connection:
            await set_floor(connection, it.account, -credit_minor)

    app.run(work)
    return it


def test_a_balance_says_what_can_be_spent(app: WebApp) -> None:
    it = with_credit(app, "0", 500_000)
    old, new = numbers(it.act("get_balance")), it.v1("GET", "/balance").json()
    assert (old["balance"], old["credit_limit"], old["available_to_spend"]) == (0, 5000, 5000)
    assert list(old)[-2:] == ["credit_limit", "available_to_spend"]
    assert (new["available_minor"], new["credit_minor"], new["spendable_minor"]) == (
        0, 500_000, 500_000,
    )  # fmt: skip
    assert it.pay("4999.99").status_code == 200
    old, new = numbers(it.act("get_balance")), it.v1("GET", "/balance").json()
    assert (float(old["balance"]), float(old["available_to_spend"])) == (-4999.99, 0.01)
    assert new["spendable_minor"] == 1


def test_a_refusal_says_what_could_be_spent(app: WebApp) -> None:
    it = with_credit(app, "10", 500_000)
    poor = it.pay("6000")
    said = numbers(poor)
    assert poor.status_code == 402
    assert [said[name] for name in (
        "required_balance", "current_balance", "credit_limit", "available_to_spend",
    )] == [6000, 10, 5000, 5010]  # fmt: skip
    poor = it.v1("POST", "/payments", key="k", json={"amount": "6000", "currency": "RUB"})
    said = poor.json()
    assert poor.status_code == 402
    assert said["detail"] == "It costs 6000.00 RUB; available: 10.00, and 5000.00 credit."
    assert [said[f"{name}_minor"] for name in ("required", "available", "credit", "spendable")] == [
        600_000, 1000, 500_000, 501_000,
    ]  # fmt: skip
    assert said["balance_currency"] == "RUB"


def test_so_do_refusals_of_leads(app: WebApp) -> None:
    it = with_credit(app, "0", 1000, lead_price_minor=2500)
    old = it.v1("POST", "/leads", json={"leads": [{"external_id": "a"}]})
    said = old.json()
    assert (old.status_code, said["required_minor"], said["spendable_minor"]) == (402, 2500, 1000)
    body = {"action": "submit_partner_lead", "api_token": it.token, "lead_data": [{"dealId": "a"}]}
    new = numbers(it.app.client.post("/amogt/gpt_payment_api/api.php", json=body))
    assert (new["current_balance"], new["credit_limit"], new["available_to_spend"]) == (0, 10, 10)
