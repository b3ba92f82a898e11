"""Robots of a running web process, and how they speak to it."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2

from running_web import WebApp
from uzel.partners import robots

TASKS, REPORTS = "/amogt/amodeals_json.php", "/amogt/zeno_report.php"


@dataclass
class Robot:
    """One with a token."""

    app: WebApp
    token: str

    def tasks(self, **query: Any) -> Any:
        answer = self.app.client.get(TASKS, params={"token": self.token, **query})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def report(self, lead: str, status: str = "Успешно", **form: Any) -> httpx2.Response:
        """As documented: the id in the address, the rest in a form."""
        query = {"id": lead, "token": self.token}
        return self.app.client.post(REPORTS, params=query, data={"status": status, **form})

    def report_by_get(self, lead: str, status: str, **query: Any) -> httpx2.Response:
        """As robots do that can only open addresses."""
        given = {"id": lead, "token": self.token, "status": status, **query}
        return self.app.client.get(REPORTS, params=given)


def add_robot(app: WebApp, *, is_test: bool = False) -> Robot:
    """A new one."""

    async def work() -> Robot:
        async with app.deps.pool.acquire() as connection:
            _, token = await robots.add(connection, f"robot {uuid4().hex[:8]}", is_test=is_test)
            return Robot(app, token)

    return app.run(work)
