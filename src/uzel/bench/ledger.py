"""`uzel bench ledger`: payments posted on one hot balance, beside what the database itself does.

raw     pgbench (it comes with the embedded PostgreSQL): one row inserted and committed, 64 clients
posted  64 clients, each with one payment after the other, all on the balance of one partner: an
        entry of two postings with running balances, an origin that nobody can use twice
http    the same through the door: process_payment of one partner, each under a key of its own

They take turns, so that a machine that slows down slows all. Afterwards the ledger proves itself.
With `past`, a balance of so many entries is looked back into, and what it costs is told, too.

Void: a payment that was refused, a proof that finds anything, a process that ended, money that is
not where it should be.
"""

import asyncio
import re
import subprocess
import tempfile
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter
from typing import Any

from uzel.bench import store
from uzel.bench.latency import Latencies
from uzel.bench.load import LoadResult
from uzel.bench.past import FILLED_PER_S, look_back
from uzel.bench.paying import Payer, make_payer, missing_minor, pay_for
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
    "http_per_s": "process_payment over HTTP on one partner, a second",
    "http_p50_ms": "over HTTP, p50 ms",
    "http_p99_ms": "over HTTP, p99 ms",
    "past_entries": "entries in the past of one balance",
    "balance_at_p99_ms": "a balance at a moment of it, p99 ms",
    "statement_page_p99_ms": "an hour of its statement, p99 ms",
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


@dataclass(slots=True)
class Rounds:
    """What the turns gave, by kind."""

    raw: list[float] = field(default_factory=list)
    posted: list[Posted] = field(default_factory=list)
    http: list[LoadResult] = field(default_factory=list)

    def figures(self) -> Figures:
        """Of all turns together."""
        posted = sum(len(it.latencies_s) for it in self.posted)
        per_s = posted / sum(it.seconds for it in self.posted)
        raw_per_s = sum(self.raw) / len(self.raw)
        latencies = Latencies([one for it in self.posted for one in it.latencies_s])
        return {
            "postings_per_s": rounded(per_s, 1),
            "raw_commits_per_s": rounded(raw_per_s, 1),
            "ratio": rounded(per_s / raw_per_s, 3),
            "posted_p50_ms": rounded(latencies.percentile(50), 1),
            "posted_p99_ms": rounded(latencies.percentile(99), 1),
            "http_per_s": rounded(sum(it.per_s for it in self.http) / len(self.http), 1),
            # Of the turns, the middle one: a single stall is no figure of the door's.
            "http_p50_ms": rounded(
                sorted(it.ok.percentile(50) for it in self.http)[ROUNDS // 2], 1
            ),
            "http_p99_ms": rounded(
                sorted(it.ok.percentile(99) for it in self.http)[ROUNDS // 2], 1
            ),
            "rounds": [
                {
                    "raw_per_s": rounded(raw, 1),
                    "posted_per_s": rounded(len(it.latencies_s) / it.seconds, 1),
                    "http_per_s": rounded(http.per_s, 1),
                    "http_p99_ms": rounded(http.ok.percentile(99), 1),
                }
                for raw, it, http in zip(self.raw, self.posted, self.http, strict=True)
            ],
        }

    def errors(self) -> int:
        """Payments that were not made."""
        return sum(it.refused for it in self.posted) + sum(
            it.error_count + sum(n for status, n in it.by_status.items() if status != 200)
            for it in self.http
        )


def take_turns(stage: Stage, progress: Progress, seconds: float, payer: Payer) -> Rounds:
    part_s, found = seconds / (3 * ROUNDS), Rounds()
    web = stage.web()
    stage.await_ready()
    for turn in range(ROUNDS):
        progress.begin(f"{turn + 1} of {ROUNDS}: rows committed by pgbench", part_s)
        found.raw.append(raw_commits(stage.dsn, part_s))
        progress.begin(f"{turn + 1} of {ROUNDS}: payments on one balance", part_s)
        found.posted.append(asyncio.run(run_in_process(post_for, stage.dsn, part_s, turn)))
        progress.begin(f"{turn + 1} of {ROUNDS}: payments over HTTP", part_s)
        load = run_in_process(pay_for, web.target, payer.token, part_s, turn)
        found.http.append(asyncio.run(load))
    return found


def measure(stage: Stage, progress: Progress, seconds: float, past: int) -> Figures:
    """Turn by turn."""
    asyncio.run(prepare(stage.dsn))
    payer = asyncio.run(make_payer(stage.dsn))
    rounds = take_turns(stage, progress, seconds, payer)
    paid = sum(len(it.acknowledged) for it in rounds.http)
    missing = asyncio.run(missing_minor(stage.dsn, payer, paid))
    progress.begin("proof of the books")
    proved = asyncio.run(prove(stage.dsn))
    looked = asyncio.run(look_back(stage.dsn, past, progress)) if past else {}
    wrong = proved["unbalanced"] + looked.get("past_wrong", 0)
    return {
        "bench": "ledger",
        **verdict(stage.ended(), errors=rounds.errors(), unbalanced=wrong, missing_minor=missing),
        "seconds": rounded(progress.elapsed_s, 1),
        **rounds.figures(),
        **proved,
        **looked,
        **stage.circumstances(),
    }


def run_ledger(seconds: float = DEFAULT_S, past: int = 0) -> dict[str, Any]:
    """Set up, measure for about so long, clear away. Raises UzelError."""
    progress = Progress(BESIDES_S + seconds + 5 + past / FILLED_PER_S)
    progress.begin("setting up a database", BESIDES_S)
    with staged() as stage:
        return measure(stage, progress, seconds, past)
