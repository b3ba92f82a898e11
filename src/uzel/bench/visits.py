"""Visits sent in at a constant rate, and their way to the message provider and back."""

import asyncio
import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from urllib.parse import urlsplit

from uzel.bench import store
from uzel.bench.bodies import DeliveryRequests, phone_number
from uzel.bench.businesses import SMSRU_API_ID
from uzel.bench.latency import Latencies
from uzel.bench.load import LoadResult, open_loop
from uzel.bench.process import run_in_process
from uzel.bench.stage import Process, Stage, ask
from uzel.kit.database import Connection

CONNECTIONS = 64
TIMEOUT_S = 10.0
LOOK_EVERY_S = 0.15
# No receipt for so long: what is still missing will not come.
STALLED_S = 20.0
# Every message costs money and counts towards a daily limit, in the sandbox too.
PLENTY = 10**12
# The first receipts come back after the sandbox's delay; until then the backlog must grow.
FILLING_SHARE, FILLING_MOST_S = 0.4, 2.0


class Numbered:
    """Requests whose index 0 is another one's `first`: no phone is asked twice in a run."""

    def __init__(self, requests: DeliveryRequests, first: int) -> None:
        self._requests, self._first = requests, first

    def __call__(self, i: int) -> bytes:
        return self._requests(self._first + i)


@dataclass(frozen=True, slots=True)
class Flow:
    """What came of one load.

    delivered  (Unix seconds, messages of this load whose receipt had arrived by then)
    sends      phone → when the provider had read each request to text it, Unix seconds; earlier
               loads are in it where the journal was not cleared before this one
    first      index of the load's first visit within the run
    unsettled  acknowledged visits whose receipt never arrived
    """

    per_s: float
    first: int
    load: LoadResult
    delivered: list[tuple[float, int]]
    sends: dict[str, list[float]]
    unsettled: int

    @property
    def phones(self) -> list[str]:
        """Of the acknowledged visits, in the order of the answers."""
        return [phone_number(self.first + i) for i in self.load.acknowledged]

    @property
    def lost(self) -> int:
        """Acknowledged visits about which the provider was never asked."""
        return sum(phone not in self.sends for phone in self.phones)

    @property
    def doubled(self) -> frozenset[str]:
        """Phones that were texted more than once."""
        return frozenset(phone for phone, sent in self.sends.items() if len(sent) > 1)

    @property
    def errors(self) -> int:
        """Visits that got no answer, or one other than 200."""
        return not_taken_in(self.load)

    @property
    def fell_behind_s(self) -> float:
        """By how many seconds' worth of visits the backlog grew while visits came in. Batches make
        it jump by a quarter of a second; what grows without end grows beyond that.
        """
        begin, end = self._steady()
        return self._growth_per_s * (end - begin) / self.per_s

    @property
    def kept_up_per_s(self) -> float:
        """Visits per second that came out at the other end while visits came in."""
        return self.per_s - max(0.0, self._growth_per_s)

    @property
    def _growth_per_s(self) -> float:
        """Of the backlog: visits acknowledged and not yet delivered."""
        acknowledged_at = sorted(self.load.acknowledged_at)
        begin, end = self._steady()
        return slope(
            [
                (at - begin, bisect_right(acknowledged_at, at) - count)
                for at, count in self.delivered
                if begin <= at <= end
            ]
        )

    def _steady(self) -> tuple[float, float]:
        """From when the first receipts are back to the last visit."""
        if not self.load.acknowledged_at:
            return 0.0, 0.0
        begin, end = min(self.load.acknowledged_at), max(self.load.acknowledged_at)
        return begin + min(FILLING_MOST_S, FILLING_SHARE * (end - begin)), end

    @property
    def waits_s(self) -> list[float]:
        """From the 200 for each visit, as its sender saw it, to the request at the provider. The
        message may be faster than the answer; that counts as 0.
        """
        return [
            max(0.0, min(self.sends[phone]) - at)
            for phone, at in zip(self.phones, self.load.acknowledged_at, strict=True)
            if phone in self.sends
        ]


def not_taken_in(load: LoadResult) -> int:
    """Requests that got no answer, or one other than 200."""
    return sum(n for status, n in load.by_status.items() if status != 200) + load.error_count


def first_bytes(*flows: Flow) -> Latencies:
    """The waits of all of them together."""
    return Latencies(chain.from_iterable(flow.waits_s for flow in flows))


class Visits:
    """Loads of one run."""

    def __init__(self, stage: Stage, web: Process, connection: Connection) -> None:
        self._stage, self._web, self._connection = stage, web, connection
        self._next = 0
        self._requests = DeliveryRequests(
            host=urlsplit(web.url).netloc,
            path=stage.hook("iiko"),
            headers={},
            run_id=0,
            occurred_at=datetime.now(UTC),
        )

    def prepare(self) -> None:
        """Have the sandbox pay for everything, and post its receipts to our hook."""
        smsru = f"{self._stage.sandbox_url}/smsru"
        ask(
            "POST",
            f"{smsru}/_settings",
            body={"balance_minor": PLENTY, "daily_limit": PLENTY},
        )
        url = self._web.url + self._stage.hook("smsru")
        form = {"api_id": SMSRU_API_ID, "url": url}
        ask("POST", f"{smsru}/callback/add?json=1", form=form)

    async def send(self, per_s: float, seconds: float) -> Flow:
        """Send visits, wait until all have settled, read the provider's journal; see `forget`."""
        first, self._next = self._next, self._next + round(per_s * seconds)
        after_id = await store.newest_message(self._connection)
        load = asyncio.create_task(
            run_in_process(
                open_loop,
                self._web.target,
                Numbered(self._requests, first),
                per_s=per_s,
                seconds=seconds,
                connections_max=CONNECTIONS,
                timeout_s=TIMEOUT_S,
            )
        )
        delivered: list[tuple[float, int]] = []
        while not load.done():
            delivered.append(await self._look(after_id))
            await asyncio.wait([load], timeout=LOOK_EVERY_S)
        result = await load
        unsettled = await self._settle(after_id, len(result.acknowledged))
        sends = sends_at(self._stage.sandbox_url, "smsru")
        return Flow(per_s, first, result, delivered, sends, unsettled)

    def forget(self) -> None:
        """Begin the providers' journal anew: long ones take long to read."""
        ask("DELETE", f"{self._stage.sandbox_url}/_journal")

    async def _look(self, after_id: int) -> tuple[float, int]:
        smsru = self._stage.connections["smsru"].id
        count = await store.count_delivered(self._connection, smsru, after_id)
        return datetime.now(UTC).timestamp(), count

    async def _settle(self, after_id: int, expected: int) -> int:
        """Wait for the rest; gives how many never came."""
        at, count = await self._look(after_id)
        changed_at = at
        while count < expected and at < changed_at + STALLED_S:
            await asyncio.sleep(LOOK_EVERY_S)
            before = count
            at, count = await self._look(after_id)
            changed_at = at if count > before else changed_at
        return expected - count


def sends_at(sandbox_url: str, connector: str) -> dict[str, list[float]]:
    """Phone → when this provider read a request to text it and did so, Unix seconds, by its
    journal.
    """
    query = f"connector={connector}&operation=send_sms"
    sends: dict[str, list[float]] = {}
    for entry in json.loads(ask("GET", f"{sandbox_url}/_journal?{query}")):
        if entry["effect"]:
            at = datetime.fromisoformat(entry["at"]).timestamp()
            sends.setdefault(entry["request"]["phone"], []).append(at)
    return sends


def slope(points: Sequence[tuple[float, int]]) -> float:
    """Of the straight line nearest to the points (least squares), per unit of the first."""
    if len(points) < 2:
        return 0.0
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
