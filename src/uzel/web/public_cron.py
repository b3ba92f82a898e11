"""What the cron of a hosting panel calls. The worker does all this by itself; a call from outside
only brings it forward.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from uzel import migrations
from uzel.errors import CallFailed, ConfigError
from uzel.flows.kaspi_orders import shop_store
from uzel.flows.kaspi_orders.tasks import FETCH, RECONCILE, Tasks
from uzel.views.server_store import server_of
from uzel.web.deps import Deps
from uzel.web.public_token import Guesses, demand

TASKS = {"new": FETCH, "reconcile": RECONCILE}
# Panels and proxies give up after thirty seconds.
ANSWER_WITHIN_S = 25.0
METHODS = ("GET", "HEAD", "POST")
DONE, FAILED = "done", "failed"
RUNNING, ALREADY = "still running", "already running"

Report = dict[str, Any]


class Cron:
    """The addresses behind the token."""

    def __init__(self, deps: Deps, secret: str, answer_within_s: float = ANSWER_WITHIN_S) -> None:
        self._deps = deps
        self._secret = secret
        self._within_s = answer_within_s
        self._guesses = Guesses()
        self._tasks = Tasks(deps.pool, deps.registry, deps.reach)

    async def run(self, request: Request) -> Response:
        """`/public/cron.php?task=new|reconcile&token=…`, by GET or POST."""
        demand_method(request)
        await demand(request, self._secret, self._guesses, self._deps.door)
        task = TASKS.get(parameter(request, "task"))
        if task is None:
            raise HTTPException(400, f"task is one of: {', '.join(TASKS)}")
        if request.method == "HEAD":
            return Response()
        shops = [it for it in await shop_store.every(self._deps.pool) if it["state"] != "off"]
        reports = await self.run_all([shop["id"] for shop in shops], task)
        return JSONResponse(summed(parameter(request, "task"), reports))

    async def migrate(self, request: Request) -> Response:
        """`/public/migrate.php?token=…`: the start has migrated already, so it only looks."""
        demand_method(request)
        await demand(request, self._secret, self._guesses, self._deps.door)
        async with self._deps.pool.acquire() as connection:
            revision = (await server_of(connection)).revision
        if revision == migrations.newest():
            said = {"ok": True, "revision": revision, "text": "nothing to do"}
        else:
            text = f"this Uzel works with {migrations.newest()}; start it again, or: uzel migrate"
            said = {"ok": False, "revision": revision, "text": text}
        return JSONResponse(said)

    async def run_all(self, shop_ids: Sequence[int], task: str) -> list[Report]:
        """At the same time, and no longer waited for than a panel waits; what is not done by then
        goes on.
        """
        runs = {number: self._start(number, task) for number in shop_ids}
        if runs:
            await asyncio.wait(runs.values(), timeout=self._within_s)
        return [
            run.result() if run.done() else {"shop": number, "state": RUNNING}
            for number, run in runs.items()
        ]

    def _start(self, shop_id: int, task: str) -> asyncio.Task[Report]:
        """Begin a run that ends with the process at the latest, and gives back its lease then."""
        run = asyncio.create_task(self._run(shop_id, task))
        self._deps.tasks.append(run)
        run.add_done_callback(self._deps.tasks.remove)
        return run

    async def _run(self, shop_id: int, task: str) -> Report:
        try:
            found = await self._tasks.run_now(shop_id, task)
        except (CallFailed, ConfigError, TimeoutError) as error:
            problem = str(error) or "it took too long"
            return {"shop": shop_id, "state": FAILED, "problem": problem}
        if found is None:
            return {"shop": shop_id, "state": ALREADY}
        return {
            "shop": shop_id,
            "state": DONE,
            "orders": found["orders"],
            "new": len(found["new"]),
            "changed": found["changed"],
        }


def demand_method(request: Request) -> None:
    """Raises HTTPException for a method that nobody calls a cron by: nothing is done, and whatever
    token came with it is no guess.
    """
    if request.method not in METHODS:
        raise HTTPException(405, "GET or POST", headers={"allow": ", ".join(METHODS)})


def parameter(request: Request, name: str) -> str:
    """Of the query, else of the posted form."""
    form = getattr(request.state, "form", {})
    return str(request.query_params.get(name) or form.get(name) or "")


def summed(task: str, reports: Sequence[Report]) -> Report:
    """All shops in one object. `state`: that of all shops, or of the worst off."""
    states = {report["state"] for report in reports}
    order = (FAILED, RUNNING, DONE, ALREADY)
    worst = next((state for state in order if state in states), "no shop is switched on")
    totals = {
        name: sum(report.get(name, 0) for report in reports)
        for name in ("orders", "new", "changed")
    }
    return {
        "ok": FAILED not in states,
        "task": task,
        "state": worst,
        **totals,
        "shops": list(reports),
    }
