"""`uzel bench reviews`: how many visits a second become text messages, everything on, two cores.

On is all of it: the web process, a worker, the database, and the sandbox that plays SMS.ru and
posts a receipt for every message back to our hook. The SMS connection's limiter is on too, its rate
far above the rest.

Visits come in at a constant rate, in steps of a quarter more each, until the backlog (visits
acknowledged whose receipt has not come back) grows from the step's beginning to its end, two steps
in a row. A longer run at nine tenths of the best rate must hold; if it does not, one at nine tenths
of what came out at the other end. What holds is `visits_per_s`.

Then comes a lower rate, for the time from the 200 that acknowledges a visit (as its sender saw it)
to the arrival of its request at SMS.ru (as the sandbox's journal has it). Last, the same beside
another business whose provider hangs: see `isolation`.

Void: a visit acknowledged and not sent, sent twice, or without its receipt, in any part (of those
beside a provider that hangs, only sent twice); an answer other than 200 after the steps; a process
that ended; no rate that holds.
"""

from dataclasses import dataclass

from uzel.bench import isolation
from uzel.bench.businesses import NAME
from uzel.bench.isolation import Isolation, Neighbour, isolate
from uzel.bench.latency import Latencies
from uzel.bench.process import run
from uzel.bench.report import Figures, Progress, rounded, verdict
from uzel.bench.stage import Process, Stage, staged
from uzel.bench.usage import Meter
from uzel.bench.visits import Flow, Visits, first_bytes
from uzel.kit import database

DEFAULT_S = 140.0
BESIDES_S = 8.0
WARM_UP_PER_S = 50.0
FIRST_PER_S = 100.0
STEP = 1.25
# One step may fail for what else the machine does; two in a row are the limit.
FAILED_MOST = 2
SETTLING_S = 1.2  # after each load: receipts, the start of the load generator
HOLD_SHARE = 0.9
HOLD_TRIES = 4
# A steady backlog moves by a batch of receipts (a quarter of a second) and no further.
FELL_BEHIND_MOST_S = 0.25
FIRST_BYTE_PER_S = 200.0
FIRST_BYTE_SHARE = 0.6

LABELS = {
    "visits_per_s": "visits, per second, receive to receipt",
    "first_byte_p50_ms": "acknowledged → at the provider, median, ms",
    "first_byte_p99_ms": "acknowledged → at the provider, 99 %, ms",
    "first_byte_rate_per_s": "… measured at visits per second",
    **isolation.LABELS,
    "cpu_web_us": "processor time per visit: web, µs",
    "cpu_worker_us": "… worker, µs",
    "cpu_database_us": "… database, µs",
    "cpu_sandbox_us": "… sandbox, µs",
    "cpu_load_us": "… load generator, µs",
    "fsync_ms": "one fsync on this disk, ms",
    "others_share": "share of the cores that others used",
    "acknowledged": "visits acknowledged",
    "lost": "of these without a message",
    "doubled": "… with more than one",
    "without_receipt": "… without a receipt",
    "errors": "errors",
    "seconds": "took, s",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """Rates per second and lengths in seconds."""

    step_s: float
    hold_s: float
    first_byte_s: float
    calm_s: float
    hang_s: float
    first_per_s: float = FIRST_PER_S
    most_steps: int = 18

    @classmethod
    def of(cls, total_s: float) -> "Plan":
        """The parts of a run that measures for about so long; shorter ones would show nothing."""
        share = total_s / DEFAULT_S
        return cls(
            step_s=max(2.0, 3.0 * share),
            hold_s=max(4.0, 14.0 * share),
            first_byte_s=max(2.0, 13.0 * share),
            calm_s=max(4.0, 30.0 * share),
            hang_s=max(2.0, 30.0 * share),
        )

    @property
    def total_s(self) -> float:
        """All parts together, if the machine is about as fast as two cores are."""
        steps = min(10, self.most_steps)
        isolation_s = self.calm_s + self.hang_s + isolation.recovery_s(self.hang_s)
        longer_s = self.hold_s + self.first_byte_s + isolation_s
        return steps * (self.step_s + SETTLING_S) + longer_s


class Reviews:
    """One run."""

    def __init__(
        self, stage: Stage, visits: Visits, neighbour: Neighbour, plan: Plan, progress: Progress
    ) -> None:
        self._stage, self._visits, self._neighbour = stage, visits, neighbour
        self._plan, self._progress = plan, progress
        self._flows: list[Flow] = []
        self._used_s: dict[str, float] = {}

    async def run(self) -> Figures:
        """Measure, check, and give the figures."""
        await self._send("warm-up", WARM_UP_PER_S, min(2.0, self._plan.step_s))
        best_per_s = await self._ramp()
        held = await self._hold(best_per_s or self._plan.first_per_s)
        slow = await self._send_slowly(held.load.per_s) if held else None
        isolated = await self._isolate(held.load.per_s) if held else None
        return {
            "bench": "reviews",
            **self._verdict(held, slow, isolated),
            "seconds": rounded(self._progress.elapsed_s, 1),
            "visits_per_s": rounded(held.load.per_s, 1) if held else 0.0,
            **first_byte_figures(slow),
            **(isolated.figures() if isolated else {}),
            **self._costs(held),
            **self._stage.circumstances(),
            "acknowledged": sum(len(flow.load.acknowledged) for flow in self._flows),
            "steps": [step_figures(flow) for flow in self._flows],
        }

    async def _ramp(self) -> float:
        """The highest rate that could be sustained for a step; 0 if none could."""
        best_per_s, failed = 0.0, 0
        for number in range(self._plan.most_steps):
            per_s = self._plan.first_per_s * STEP**number
            if sustained(await self._send("step", per_s, self._plan.step_s)):
                best_per_s, failed = per_s, 0
            else:
                failed += 1
            if failed == FAILED_MOST:
                break
        return best_per_s

    async def _hold(self, best_per_s: float) -> Flow | None:
        """A longer run somewhat below the best rate; None if that, and less, is too much."""
        per_s = best_per_s
        for _ in range(HOLD_TRIES):
            meter = Meter(self._stage.pids())
            flow = await self._send("to hold", per_s * HOLD_SHARE, self._plan.hold_s)
            self._used_s = meter.used_s()
            if sustained(flow):
                return flow
            per_s = max(1.0, flow.kept_up_per_s)
        return None

    async def _send_slowly(self, visits_per_s: float) -> Flow:
        """For the time to the first byte: well below what it can do."""
        per_s = min(FIRST_BYTE_PER_S, FIRST_BYTE_SHARE * visits_per_s)
        return await self._send("first byte at the provider", per_s, self._plan.first_byte_s)

    async def _isolate(self, visits_per_s: float) -> Isolation:
        self._visits.forget()
        return await isolate(
            self._send_on,
            self._neighbour,
            isolation.rate_for(visits_per_s),
            calm_s=self._plan.calm_s,
            hang_s=self._plan.hang_s,
        )

    async def _send(self, what: str, per_s: float, seconds: float) -> Flow:
        self._visits.forget()
        return await self._send_on(what, per_s, seconds)

    async def _send_on(self, what: str, per_s: float, seconds: float) -> Flow:
        """Without clearing the journal before."""
        self._progress.begin(f"{what}: {per_s:.0f} visits per second", seconds + SETTLING_S)
        flow = await self._visits.send(per_s, seconds)
        self._flows.append(flow)
        return flow

    def _verdict(self, held: Flow | None, slow: Flow | None, isolated: Isolation | None) -> Figures:
        reasons = [] if held else ["no rate holds: the backlog grew at every one"]
        counted = [flow for flow in (held, slow) if flow]
        errors, doubled = 0, len(set[str]().union(*(flow.doubled for flow in self._flows)))
        if isolated:
            reasons += isolated.void_because
            counted += isolated.flows
            errors, doubled = isolated.errors, doubled + len(isolated.doubled)
        return verdict(
            [*reasons, *self._stage.ended()],
            errors=errors + sum(flow.errors for flow in counted),
            lost=sum(flow.lost for flow in self._flows),
            doubled=doubled,
            without_receipt=sum(flow.unsettled for flow in self._flows),
        )

    def _costs(self, held: Flow | None) -> Figures:
        """Processor time per visit of the run that held, in microseconds."""
        if held is None:
            return {}
        used_s = {**self._used_s, "load": held.load.cpu_s}
        visits = held.load.sent or 1
        return {f"cpu_{name}_us": rounded(used_s[name] / visits * 1e6) for name in used_s}


def first_byte_figures(slow: Flow | None) -> Figures:
    """Null where nothing was measured."""
    measured = first_bytes(slow) if slow else Latencies()
    return {
        "first_byte_p50_ms": rounded(measured.percentile(50), 1),
        "first_byte_p99_ms": rounded(measured.percentile(99), 1),
        "first_byte_rate_per_s": rounded(slow.per_s, 1) if slow else None,
    }


def step_figures(flow: Flow) -> Figures:
    """What one load showed."""
    return {
        "offered_per_s": rounded(flow.per_s, 1),
        "fell_behind_s": rounded(flow.fell_behind_s, 3),
        "errors": flow.errors,
    }


def sustained(flow: Flow) -> bool:
    """Every visit was taken in, and the backlog did not grow."""
    return not flow.errors and flow.fell_behind_s <= FELL_BEHIND_MOST_S


async def measure(stage: Stage, web: Process, plan: Plan, progress: Progress) -> Figures:
    connection = await database.connect(stage.dsn, name=NAME)
    try:
        visits = Visits(stage, web, connection)
        visits.prepare()
        neighbour = Neighbour(stage, web, connection)
        neighbour.prepare()
        return await Reviews(stage, visits, neighbour, plan, progress).run()
    finally:
        await connection.close()


def run_reviews(total_s: float = DEFAULT_S, plan: Plan | None = None) -> Figures:
    """Set up, measure for about `total_s` seconds, clear away. Raises UzelError if it cannot."""
    plan = plan or Plan.of(total_s)
    progress = Progress(plan.total_s + BESIDES_S)
    progress.begin("setting up database, web, worker and sandbox", BESIDES_S)
    with staged() as stage:
        stage.sandbox()
        web = stage.web()
        stage.worker()
        stage.await_ready()
        return run(measure(stage, web, plan, progress))
