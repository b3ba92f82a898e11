"""`uzel bench ingest`: how many webhooks one web process takes in durably, and how fast it says so.

durable  the web process of `uzel serve`, its real route: key looked up, body parsed, digest taken,
         and, before the 200 leaves, stored, deduplicated, queued and fsynced by PostgreSQL
noop     `uzel.bench.noop`, the same process with a door that answers once the body is read

No worker runs. Load, web process and database share two cores. Both are measured in turns by the
same closed loop, so that what else the machine does hits them alike; medians count. Then come
requests at a constant rate, whether or not earlier ones are answered: at half the durable rate for
the latency, at three times that rate for the overload. In the end every request that was
acknowledged is looked up in the database by its digest.

Void: an acknowledged request is missing; an answer other than 200 or a lost connection (but in the
overload 503 is the right answer, and a time-out is counted apart); a process ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from uzel.bench.contender import TIME_OUTS, Contender, error_count, missing
from uzel.bench.history import ROWS_PER_S, put_in_history
from uzel.bench.load import LoadResult
from uzel.bench.process import run
from uzel.bench.report import Figures, Progress, rounded, verdict
from uzel.bench.stage import Stage, staged
from uzel.bench.usage import Meter

DEFAULT_S = 40.0
BESIDES_S = 10.0  # set-up, starting the load generator, looking up
CONNECTIONS = 256
ROUNDS = 4
OVERLOAD = 3.0
# More than the door lets wait and the commits under way take, or nobody would ever see a 503.
OVERLOAD_CONNECTIONS = 2048

LABELS = {
    "durable_per_s": "durable webhooks, per second",
    "noop_per_s": "the same route without storing, per second",
    "ratio": "ratio",
    "ack_p50_ms": "acknowledged at half that rate, median, ms",
    "ack_p99_ms": "acknowledged at half that rate, 99 %, ms",
    "stored": "events stored before",
    "growth_ratio": "rate with these : rate without",
    "overload_per_s": "overload: offered per second",
    "overload_200": "overload: share taken in",
    "overload_503": "overload: share refused with 503",
    "overload_503_p99_ms": "overload: refused, 99 %, ms",
    "overload_timeouts": "overload: time-outs",
    "overload_without_retry_after": "overload: 503 without Retry-After",
    "cpu_web_us": "processor time per durable webhook: web, µs",
    "cpu_database_us": "… database, µs",
    "cpu_load_us": "… load generator, µs",
    "fsync_ms": "one fsync on this disk, ms",
    "others_share": "share of the cores that others used",
    "acknowledged": "acknowledged and looked up",
    "lost": "lost of these",
    "errors": "errors",
    "seconds": "took, s",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """How long each part takes, in seconds."""

    warm_up_s: float
    turn_s: float
    half_load_s: float
    overload_s: float
    rounds: int = ROUNDS

    @classmethod
    def of(cls, total_s: float) -> "Plan":
        """The parts of a run that measures for about so long."""
        return cls(total_s / 40, total_s / 16, total_s / 4, total_s / 10)

    def total_s(self, contenders: int) -> float:
        """All parts together."""
        turns = contenders * (self.warm_up_s + self.rounds * self.turn_s)
        return turns + self.half_load_s + self.overload_s


class Ingest:
    """One run."""

    def __init__(self, stage: Stage, plan: Plan, progress: Progress) -> None:
        self._stage, self._plan, self._progress = stage, plan, progress
        self._used_s: list[dict[str, float]] = []

    async def run(self, stored: int) -> Figures:
        """Measure, check, and give the figures."""
        contenders = await self._contenders(stored)
        noop, durable = contenders[:2]
        await self._take_turns(contenders, durable)
        half = await self._at_rate(durable, 0.5, self._plan.half_load_s, CONNECTIONS)
        over = await self._at_rate(durable, OVERLOAD, self._plan.overload_s, OVERLOAD_CONNECTIONS)
        self._progress.begin("looking up what was acknowledged")
        connection_id = self._stage.connections["iiko"].id
        lost = sum([await missing(contender, connection_id) for contender in contenders])
        errors = sum(
            error_count(load, overload=load is over) for c in contenders for _, load in c.sent
        )
        return {
            "bench": "ingest",
            **verdict(self._stage.ended(), errors=errors, lost=lost),
            "seconds": rounded(self._progress.elapsed_s, 1),
            "durable_per_s": rounded(durable.per_s),
            "noop_per_s": rounded(noop.per_s),
            "ratio": rounded(durable.per_s / noop.per_s, 3),
            "ack_p50_ms": rounded(half.ok.percentile(50), 2),
            "ack_p99_ms": rounded(half.ok.percentile(99), 2),
            **growth(contenders, stored),
            **overload_figures(over),
            **self._costs(durable),
            **self._stage.circumstances(),
            "acknowledged": sum(
                len(s.load.acknowledged) for c in contenders if c.dsn for s in c.sent
            ),
        }

    async def _contenders(self, stored: int) -> list[Contender]:
        """The noop, the durable one, and where there is a past, the durable one without it."""
        empty = await put_in_history(self._stage, stored, self._progress) if stored else None
        self._progress.begin("starting the web processes")
        path, dsn = self._stage.hook("iiko"), self._stage.dsn
        contenders = [
            Contender(self._stage.noop(), path),
            Contender(self._stage.web(name="durable"), path, dsn),
        ]
        if empty:
            server = self._stage.web(name="durable without the past", dsn=empty)
            contenders.append(Contender(server, path, empty))
        self._stage.await_ready()
        return contenders

    async def _take_turns(self, contenders: Sequence[Contender], metered: Contender) -> None:
        for contender in contenders:
            self._begin(contender, "warm-up", self._plan.warm_up_s)
            await contender.closed(CONNECTIONS, self._plan.warm_up_s)
        for number in range(1, self._plan.rounds + 1):
            for contender in contenders:
                self._begin(contender, f"turn {number} of {self._plan.rounds}", self._plan.turn_s)
                meter = self._meter(contender)
                contender.turns.append(await contender.closed(CONNECTIONS, self._plan.turn_s))
                if contender is metered:
                    self._used_s.append(meter.used_s())

    async def _at_rate(
        self, contender: Contender, share: float, seconds: float, connections: int
    ) -> LoadResult:
        per_s = max(1.0, contender.per_s * share)
        self._begin(contender, f"{per_s:,.0f} per second ({share:g} of its rate)", seconds)
        return await contender.opened(connections, per_s, seconds)

    def _begin(self, contender: Contender, what: str, seconds: float) -> None:
        self._progress.begin(f"{contender.server.name}: {what}", seconds)

    def _meter(self, contender: Contender) -> Meter:
        pids = self._stage.pids()
        return Meter({"web": contender.server.running.pid, "database": pids["database"]})

    def _costs(self, durable: Contender) -> Figures:
        """Processor time per request of the durable turns, in microseconds."""
        requests = sum(load.sent for load in durable.turns) or 1
        used_s = {
            **{name: sum(used[name] for used in self._used_s) for name in ("web", "database")},
            "load": sum(load.cpu_s for load in durable.turns),
        }
        return {f"cpu_{name}_us": rounded(used_s[name] / requests * 1e6) for name in used_s}


def growth(contenders: Sequence[Contender], stored: int) -> Figures:
    """How the durable rate with a past compares with the one without."""
    if not stored:
        return {}
    _, durable, empty = contenders
    return {
        "stored": stored,
        "durable_empty_per_s": rounded(empty.per_s),
        "growth_ratio": rounded(durable.per_s / empty.per_s, 3),
    }


def overload_figures(load: LoadResult) -> Figures:
    """What became of more than can be taken in. Shares are of what was to be sent."""
    refused = load.by_status.get(503, 0)
    time_outs = sum(load.errors.get(kind, 0) for kind in TIME_OUTS)
    total = sum(load.by_status.values()) + load.error_count or 1
    return {
        "overload_per_s": rounded(total / load.seconds),
        "overload_200": rounded(load.by_status.get(200, 0) / total, 3),
        "overload_503": rounded(refused / total, 3),
        "overload_200_p99_ms": rounded(load.ok.percentile(99), 1),
        "overload_503_p50_ms": rounded(load.refused.percentile(50), 1),
        "overload_503_p99_ms": rounded(load.refused.percentile(99), 1),
        "overload_timeouts": time_outs,
        "overload_without_retry_after": load.retry_after.get("", 0),
        "overload_queued": load.queued,
    }


def run_ingest(total_s: float = DEFAULT_S, stored: int = 0, plan: Plan | None = None) -> Figures:
    """Set up, measure for about `total_s` seconds, clear away. Raises UzelError if it cannot.

    stored  raw events, each with its event, that are there before the measuring begins
    """
    plan = plan or Plan.of(total_s)
    expected_s = BESIDES_S + plan.total_s(3 if stored else 2) + 1.5 * stored / ROWS_PER_S
    progress = Progress(expected_s)
    progress.begin("setting up a database", BESIDES_S / 2)
    with staged() as stage:
        return run(Ingest(stage, plan, progress).run(stored))
