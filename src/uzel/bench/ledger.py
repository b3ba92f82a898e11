"""`uzel bench ledger`: payments posted on one hot balance, beside what the database itself does.

raw     pgbench (it comes with the embedded PostgreSQL): one row inserted and committed, 64 clients
posted  64 clients, each with one payment after the other, all on the balance of one partner: an
        entry of two postings with running balances, an origin that nobody can use twice

Both take turns, so that a machine that slows down slows both. Afterwards the ledger proves itself.

Void: a payment that was refused, a proof that finds anything, a process that ended.
"""

import asyncio
import re
import subprocess
import tempfile
from dataclasses import dataclass
from itertools import count
from time import perf_counter
from typing import Any

from uzel.bench import store
from uzel.bench.latency import Latencies
from uzel.bench.process import run_in_process
from uzel.bench.report import Figures, Progress, rounded, verdict
from uzel.bench.stage import Stage, staged
from uzel.errors import UzelError
from uzel.kit import database
from uzel.kit.embedded.binaries import find_tool
from uzel.ledger import chain, chain_store
from uzel.ledger.accounts import open_account
from uzel.ledger.command import Leg, Post
from uzel.ledger.post import Ledger

DEFAULT_S = 60.0
CLIENTS = 64
ROUNDS = 3
BESIDES_S = 8.0
PLENTY = 10**15

LABELS = {
    "postings_per_s": "payments posted on one balance a second",
    "raw_commits_per_s": "rows inserted and committed by pgbench a second",
    "ratio": "ratio",
    "posted_p50_ms": "posted, p50 ms",
    "posted_p99_ms": "posted, p99 ms",
    "unbalanced": "faults the proof found",
    "entries": "entries",
    "verify_per_s": "entries proved a second",
    "bytes_per_entry": "bytes an entry takes with its postings and indexes",
    "others_share": "share of the cores that others used",
    "errors": "errors",
    "seconds": "took, s",
}


@dataclass(frozen=True, slots=True)
class Posted:
    """What one round did. `latencies_s` of each payment."""

    seconds: float
    refused: int
    latencies_s: list[float]


async def post_for(dsn: str, seconds: float, turn: int) -> Posted:
    """`CLIENTS` clients, each with one payment after the other."""
    pool = await database.open_pool(dsn, size=2, name="bench")
    async with pool.acquire() as connection:
        partner = await open_account(connection, "live", "bench", "RUB", floor_minor=0)
        house = await open_account(connection, "live", "payments", "RUB")
    ledger = Ledger(pool)
    fill = Post(f"fill {turn}", "top_up", (Leg(house, -PLENTY), Leg(partner, PLENTY)))
    await ledger.submit(fill)
    numbers, legs = count(), (Leg(partner, -100), Leg(house, 100))
    latencies: list[float] = []
    began = perf_counter()

    async def client() -> int:
        refused = 0
        while (start := perf_counter()) - began < seconds:
            done = await ledger.submit(Post(f"bench:{turn}:{next(numbers)}", "payment", legs))
            refused += not done.is_done
            latencies.append(perf_counter() - start)
        return refused

    refused = await asyncio.gather(*(client() for _ in range(CLIENTS)))
    took_s = perf_counter() - began
    await ledger.close()
    await pool.close()
    return Posted(took_s, sum(refused), latencies)


def raw_commits(dsn: str, seconds: float) -> float:
    """Rows that pgbench inserts and commits a second. Raises UzelError."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(store.ADD_ROW)
        script.flush()
        said = subprocess.run(
            [find_tool("pgbench"), "-n", "-M", "prepared", "-f", script.name,
             "-c", str(CLIENTS), "-j", "2", "-T", str(max(1, round(seconds))), dsn],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    found = re.search(r"tps = ([0-9.]+)", said.stdout)
    failed = re.search(r"failed transactions: (\d+)", said.stdout)
    if found is None or said.returncode or (failed and int(failed[1])):
        raise UzelError(f"pgbench: {said.stderr.strip()[-500:]}")
    return float(found[1])


async def prepare(dsn: str) -> None:
    """A table for pgbench."""
    connection = await database.connect(dsn, name="bench")
    await store.make_rows(connection)
    await connection.close()


async def prove(dsn: str) -> Figures:
    """The proof of all that was posted, and what it takes."""
    pool = await database.open_pool(dsn, size=2, name="bench")
    while await chain.seal(pool):
        pass
    began = perf_counter()
    proof = await chain.verify(pool)
    took_s = perf_counter() - began
    size = await chain_store.size_bytes(pool)
    await pool.close()
    return {
        "unbalanced": len(proof.faults),
        "entries": proof.entries,
        "verify_per_s": rounded(proof.entries / took_s),
        "bytes_per_entry": rounded(size / max(1, proof.entries)),
    }


def measure(stage: Stage, progress: Progress, seconds: float) -> Figures:
    """Turn by turn."""
    part_s = seconds / (2 * ROUNDS)
    asyncio.run(prepare(stage.dsn))
    raw: list[float] = []
    rounds: list[Posted] = []
    for turn in range(ROUNDS):
        progress.begin(f"{turn + 1} of {ROUNDS}: rows committed by pgbench", part_s)
        raw.append(raw_commits(stage.dsn, part_s))
        progress.begin(f"{turn + 1} of {ROUNDS}: payments on one balance", part_s)
        rounds.append(asyncio.run(run_in_process(post_for, stage.dsn, part_s, turn)))
    progress.begin("proof of the books")
    proved = asyncio.run(prove(stage.dsn))
    per_s = sum(len(it.latencies_s) for it in rounds) / sum(it.seconds for it in rounds)
    raw_per_s = sum(raw) / len(raw)
    latencies = Latencies([one for it in rounds for one in it.latencies_s])
    refused = sum(it.refused for it in rounds)
    return {
        "bench": "ledger",
        **verdict(stage.ended(), errors=refused, unbalanced=proved["unbalanced"]),
        "seconds": rounded(progress.elapsed_s, 1),
        "postings_per_s": rounded(per_s, 1),
        "raw_commits_per_s": rounded(raw_per_s, 1),
        "ratio": rounded(per_s / raw_per_s, 3),
        "posted_p50_ms": rounded(latencies.percentile(50), 1),
        "posted_p99_ms": rounded(latencies.percentile(99), 1),
        **proved,
        "rounds": [
            {"raw_per_s": rounded(a, 1), "posted_per_s": rounded(len(b.latencies_s) / b.seconds, 1)}
            for a, b in zip(raw, rounds, strict=True)
        ],
        **stage.circumstances(),
    }


def run_ledger(seconds: float = DEFAULT_S) -> dict[str, Any]:
    """Set up, measure for about so long, clear away. Raises UzelError."""
    progress = Progress(BESIDES_S + seconds + 5)
    progress.begin("setting up a database", BESIDES_S)
    with staged() as stage:
        return measure(stage, progress, seconds)
