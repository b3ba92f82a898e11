"""Which commands of a group are done: decided one after the other, in the order of arrival.

Pure: what is known comes as a `Ground`, what is to be written leaves as a `Writing`. A command that
is refused leaves everything as it was, so it never costs its neighbours.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from uzel.ledger.command import Command, End, Hold, How, Leg, No, Post, Standing, Verdict
from uzel.model.currency import MOST_MINOR


@dataclass(frozen=True, slots=True)
class KnownHold:
    """A hold as it is in the database; `how` it ended and by which entry, if it did."""

    id: int
    account: int
    amount_minor: int
    expired: bool = False
    how: How | None = None
    entry: int | None = None


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """An entry as it is in the database."""

    id: int
    legs: tuple[Leg, ...]


@dataclass(slots=True)
class Ground:
    """What a group is judged by, read under the locks of its accounts.

    sides      account → (book, currency)
    entries    by origin; `by_number`: those that are to be taken back
    holds      by number; `held`: by origin
    reversed   entries that were taken back
    """

    sides: Mapping[int, tuple[str, str]]
    standings: dict[int, Standing]
    versions: dict[int, int]
    entries: dict[str, KnownEntry] = field(default_factory=dict)
    by_number: dict[int, KnownEntry] = field(default_factory=dict)
    holds: dict[int, KnownHold] = field(default_factory=dict)
    held: dict[str, KnownHold] = field(default_factory=dict)
    reversed: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Writing:
    """Rows to write, as tuples in the order of the store's columns."""

    entries: list[tuple[Any, ...]] = field(default_factory=list)
    postings: list[tuple[int, int, int, int, int, int]] = field(default_factory=list)
    holds: list[tuple[Any, ...]] = field(default_factory=list)
    ends: list[tuple[Any, ...]] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)

    @property
    def is_empty(self) -> bool:
        return not self.touched

    def closing(self) -> list[str]:
        """Of each posting "t" where it is its account's last, else "f"."""
        seen: set[int] = set()
        marks = []
        for posting in reversed(self.postings):
            marks.append("f" if posting[2] in seen else "t")
            seen.add(posting[2])
        return marks[::-1]


class Judge:
    """Judges one group. `numbers` are free ones for entries, `hold_numbers` for holds."""

    def __init__(self, ground: Ground, numbers: Iterator[int], hold_numbers: Iterator[int]) -> None:
        self._ground = ground
        self._numbers = numbers
        self._hold_numbers = hold_numbers
        self.writing = Writing()

    def judge(self, commands: Sequence[Command]) -> list[Verdict]:
        """One verdict each, in their order."""
        return [self._one(command) for command in commands]

    def _one(self, command: Command) -> Verdict:
        if isinstance(command, Post):
            return self._post(command)
        return self._hold(command) if isinstance(command, Hold) else self._end(command)

    def _post(self, post: Post) -> Verdict:
        account = post.legs[0].account if post.legs else 0
        if known := self._ground.entries.get(post.origin):
            return self._again(known.id, account, is_same=known.legs == post.legs)
        if (refused := self._wrong(post) or self._lacks(post.legs)) is not None:
            return self._no(refused, account)
        before = self._ground.standings[account]
        number = self._write(post)
        return Verdict(number, standing=self._ground.standings[account], before=before)

    def _hold(self, hold: Hold) -> Verdict:
        account = hold.account
        if known := self._ground.held.get(hold.origin):
            same = (known.account, known.amount_minor) == (account, hold.amount_minor)
            return self._again(known.id, account, is_same=same)
        before = self._ground.standings.get(account)
        if before is None:
            return Verdict(refused=No.ACCOUNT_UNKNOWN)
        if not 0 < hold.amount_minor <= MOST_MINOR:
            return self._no(No.OUT_OF_RANGE, account)
        after = replace(before, held_minor=before.held_minor + hold.amount_minor)
        if before.floor_minor is not None and after.available_minor < before.floor_minor:
            return self._no(No.FUNDS, account)
        if after.held_minor > MOST_MINOR or after.available_minor < -MOST_MINOR:
            return self._no(No.OUT_OF_RANGE, account)
        number = next(self._hold_numbers)
        self._ground.standings[account] = after
        self._ground.held[hold.origin] = KnownHold(number, account, hold.amount_minor)
        self._ground.holds[number] = self._ground.held[hold.origin]
        self.writing.touched.add(account)
        self.writing.holds.append(
            (number, account, hold.amount_minor, hold.kind, hold.origin, hold.expires_at,
             hold.details)
        )  # fmt: skip
        return Verdict(number, standing=after, before=before)

    def _end(self, end: End) -> Verdict:
        hold = self._ground.holds.get(end.hold)
        if hold is None:
            return Verdict(refused=No.HOLD_UNKNOWN)
        if hold.how is not None:
            return self._ended(end, hold)
        if (refused := self._cannot_end(end, hold)) is not None:
            return self._no(refused, hold.account)
        before = self._ground.standings[hold.account]
        freed = replace(before, held_minor=before.held_minor - hold.amount_minor)
        self._ground.standings[hold.account] = freed
        entry = None
        if end.post is not None:
            if (refused := self._wrong(end.post) or self._lacks(end.post.legs)) is not None:
                self._ground.standings[hold.account] = before
                return self._no(refused, hold.account)
            entry = self._write(end.post)
        self._write_end(end, hold, entry)
        after = self._ground.standings[hold.account]
        return Verdict(entry or hold.id, standing=after, before=before)

    def _write_end(self, end: End, hold: KnownHold, entry: int | None) -> None:
        taken = taken_from(hold.account, end.post.legs) if end.post else 0
        known = replace(hold, how=end.how, entry=entry)
        self._ground.holds[hold.id] = known
        self.writing.touched.add(hold.account)
        self.writing.ends.append((hold.id, end.how, taken, entry, end.made_by, end.reason))

    def _ended(self, end: End, hold: KnownHold) -> Verdict:
        """It has ended before: in this way, or in another."""
        same = hold.how is end.how
        if end.post is not None:
            known = self._ground.entries.get(end.post.origin)
            same = known is not None and known.id == hold.entry and known.legs == end.post.legs
        if same:
            return self._again(hold.entry or hold.id, hold.account, is_same=True)
        refused = self._no(No.HOLD_ENDED, hold.account)
        return replace(refused, ended=hold.how)

    def _cannot_end(self, end: End, hold: KnownHold) -> No | None:
        if (end.how is How.POSTED) != (end.post is not None):
            return No.UNBALANCED
        if end.how is How.EXPIRED:
            return None if hold.expired else No.HOLD_OPEN
        if hold.expired:
            return No.HOLD_EXPIRED
        if end.post is not None:
            if end.post.origin in self._ground.entries:
                return No.CONFLICT
            if not 0 < taken_from(hold.account, end.post.legs) <= hold.amount_minor:
                return No.TOO_MUCH
        return None

    def _wrong(self, post: Post) -> No | None:
        """What is wrong with an entry by itself."""
        sides = self._ground.sides
        sums: dict[tuple[str, str], int] = {}
        out_of_range = False
        for leg in post.legs:
            side = sides.get(leg.account)
            if side is None:
                return No.ACCOUNT_UNKNOWN
            out_of_range |= not 0 < abs(leg.amount_minor) <= MOST_MINOR
            sums[side] = sums.get(side, 0) + leg.amount_minor
        if out_of_range:
            return No.OUT_OF_RANGE
        # One leg alone never adds up to zero.
        if not post.legs or any(sums.values()) or len({book for book, _ in sums}) > 1:
            return No.UNBALANCED
        return self._wrong_reversal(post) if post.reverses is not None else None

    def _wrong_reversal(self, post: Post) -> No | None:
        assert post.reverses is not None
        if post.reverses in self._ground.reversed:
            return No.REVERSED
        taken_back = self._ground.by_number.get(post.reverses)
        if taken_back is None or opposite(taken_back.legs) != post.legs:
            return No.CONFLICT
        return None

    def _lacks(self, legs: Sequence[Leg]) -> No | None:
        """Whether an account would fall below its floor, or above what can be written down."""
        for account, change in changes(legs).items():
            standing = self._ground.standings[account]
            available, floor = standing.available_minor + change, standing.floor_minor
            if change < 0 and floor is not None and available < floor:
                return No.FUNDS
            if max(abs(standing.posted_minor + change), abs(available)) > MOST_MINOR:
                return No.OUT_OF_RANGE
        return None

    def _write(self, post: Post) -> int:
        number, ground = next(self._numbers), self._ground
        for place, leg in enumerate(post.legs):
            standing = ground.standings[leg.account]
            after = Standing(
                standing.posted_minor + leg.amount_minor, standing.held_minor, standing.floor_minor
            )
            version = ground.versions[leg.account] + 1
            ground.standings[leg.account] = after
            ground.versions[leg.account] = version
            self.writing.touched.add(leg.account)
            self.writing.postings.append(
                (number, place, leg.account, leg.amount_minor, after.posted_minor, version)
            )
        self.writing.entries.append(
            (number, post.kind, post.origin, post.made_by, post.reason, post.reverses, post.details)
        )
        ground.entries[post.origin] = ground.by_number[number] = KnownEntry(number, post.legs)
        if post.reverses is not None:
            ground.reversed.add(post.reverses)
        return number

    def _again(self, number: int, account: int, *, is_same: bool) -> Verdict:
        if not is_same:
            return self._no(No.CONFLICT, account)
        standing = self._ground.standings.get(account)
        return Verdict(number, repeated=True, standing=standing, before=standing)

    def _no(self, refused: No, account: int) -> Verdict:
        standing = self._ground.standings.get(account)
        return Verdict(refused=refused, standing=standing, before=standing)


def changes(legs: Sequence[Leg]) -> dict[int, int]:
    """Account → what it gains, in minor units."""
    found: dict[int, int] = {}
    for leg in legs:
        found[leg.account] = found.get(leg.account, 0) + leg.amount_minor
    return found


def taken_from(account: int, legs: Sequence[Leg]) -> int:
    """How much legs take from an account, in minor units."""
    return -changes(legs).get(account, 0)


def opposite(legs: Sequence[Leg]) -> tuple[Leg, ...]:
    """Legs that take these back."""
    return tuple(Leg(leg.account, -leg.amount_minor) for leg in legs)
