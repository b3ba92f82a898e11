"""Wrong tokens at the addresses of robots are counted with those at the partners' doors."""

import pytest

from partner_client import API, partner_web
from robots import REPORTS, TASKS, add_robot
from uzel.web.partner.wrong_tokens import WrongTokens


def test_guesses_wait_and_who_is_known_does_not(
    dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with partner_web(dsn, tmp_path_factory.mktemp("guesses")) as app:
        known, late = add_robot(app), add_robot(app)
        app.deps.partners.gate.wrong = WrongTokens(4, 100)
        assert "deals" in known.tasks()
        said = [app.client.get(TASKS, params={"token": f"t{n}"}) for n in range(2)]
        said += [app.client.post(REPORTS, params={"token": f"t{n}", "id": "1"}) for n in range(2)]
        assert [answer.status_code for answer in said] == [401] * 4
        for path in (TASKS, REPORTS):
            answer = app.client.get(path, params={"token": "t9", "id": "1", "status": "x"})
            assert answer.status_code == 429
            assert answer.json()["error_code"] == "rate_limited"
            assert int(answer.headers["retry-after"]) >= 1
        # The same count guards the partners' door, and a token nobody has seen from here yet.
        query = {"action": "get_balance", "api_token": "t"}
        assert app.client.get(API, params=query).status_code == 429
        assert app.client.get(TASKS, params={"token": late.token}).status_code == 429
        assert "deals" in known.tasks()
        # Without a token there is nothing to guess by.
        assert app.client.get(TASKS).status_code == 401
