"""Results of loads that never ran."""

from uzel.bench.latency import Latencies
from uzel.bench.load import LoadResult


def made_load(
    *,
    by_status: dict[int, int] | None = None,
    errors: dict[str, int] | None = None,
    acknowledged: list[int] | None = None,
    acknowledged_at: list[float] | None = None,
    refused_s: list[float] | None = None,
    retry_after: dict[str, int] | None = None,
    seconds: float = 1.0,
) -> LoadResult:
    """A result in which nothing happened but what is given."""
    by_status = by_status or {}
    return LoadResult(
        sent=sum(by_status.values()),
        by_status=by_status,
        errors=errors or {},
        seconds=seconds,
        cpu_s=0.1,
        ok=Latencies([0.001] * by_status.get(200, 0)),
        refused=Latencies(refused_s or []),
        retry_after=retry_after or {},
        acknowledged=acknowledged or [],
        acknowledged_at=acknowledged_at or [],
        queued=0,
        late=Latencies(),
    )
