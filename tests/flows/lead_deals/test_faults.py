"""Whatever fails on the way: each report is written once, and each is told what became of it."""

import sys
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paid_deals import URL, Crm, open_crm
from parts import Sandbox, go
from uzel.calls.recover import recover_abandoned
from uzel.flows.lead_deals.settings import STATUS

EXAMPLES = 60 if "--long" in sys.argv else 6
OPERATIONS = ("fill_deal", "read_deal", "lead_fields", "pipelines")
KINDS = ("reset", "garbage", "500", "429", "timeout_before", "timeout_after_accept", "401")
FAULTS = st.lists(
    st.tuples(st.sampled_from(OPERATIONS), st.sampled_from(KINDS)), min_size=1, max_size=5
)


async def mend(crm: Crm) -> None:
    """Time passes, and a person switches on what was paused."""
    await crm.hub.pool.execute(
        "update connection set state = 'active', state_reason = null, "
        "updated_at = clock_timestamp() where id = $1",
        crm.id,
    )
    await crm.hub.registry.refresh()
    await recover_abandoned(crm.hub.pool, crm.hub.registry, crm.hub.runner)
    await crm.later()


async def waiting(crm: Crm) -> int:
    found: int = await crm.hub.pool.fetchval(
        "select count(*) from lead_report r join lead l on l.id = r.lead_id "
        "where l.connection_id = $1 and r.crm_state = 'waiting'",
        crm.id,
    )
    return found


@given(faults=FAULTS, doubled=st.booleans())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_each_report_is_written_once(
    module_dsn: str, sandbox: Sandbox, faults: list[tuple[str, str]], *, doubled: bool
) -> None:
    async def main() -> None:
        sandbox.reset()
        async with open_crm(module_dsn, sandbox) as crm:
            crm.hub.runner.client(crm.hub.active(crm.id)).timeout = 0.4
            deals = [crm.deal(f"{URL}{n}") for n in range(3)]
            await crm.tell(*(crm.hook(deal, f"{URL}{n}") for n, deal in enumerate(deals)))
            crm.forget()
            for operation, kind in faults:
                sandbox.arm_at("amocrm", operation, kind)
            reports = [await crm.report(deal, amount="20") for deal in deals]
            if doubled:
                reports += [await crm.report(deal, "ОШИБКА!") for deal in deals]
            await crm.work()
            for _ in range(20):
                if not await waiting(crm):
                    break
                await mend(crm)
            ends: list[Any] = [(await crm.became(report))[0] for report in reports]
            assert ends == ["success"] * 3 + ["skipped"] * (3 if doubled else 0)
            assert len(crm.written()) == 3
            sandbox.reset()
            assert [crm.shown(deal)[0][STATUS] for deal in deals] == ["Выполнено"] * 3

    go(main)
