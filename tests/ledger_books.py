"""A ledger as one would write it on paper: slow, plain, and independent of the real one."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hypothesis import strategies as st

from uzel.ledger.command import Command, End, Hold, How, Leg, No, Post, Standing

# (name, currency, floor): two partners, one with credit, and the house.
ACCOUNTS = (
    ("first", "RUB", 0),
    ("second", "RUB", -500),
    ("dollars", "USD", 0),
    ("house", "RUB", None),
    ("house", "USD", None),
)
LARGEST = 2**63 - 1


@dataclass
class Books:
    """What the ledger should say. Accounts are numbered as in `ACCOUNTS`, from 1."""

    floors: Mapping[int, int | None]
    currencies: Mapping[int, str]
    posted: dict[int, int] = field(default_factory=dict)
    made: dict[str, Command] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    # Number of a hold → account, amount; `owners`: also of those that ended; `ends`: how.
    open: dict[int, tuple[int, int]] = field(default_factory=dict)
    owners: dict[int, int] = field(default_factory=dict)
    ends: dict[int, End] = field(default_factory=dict)
    taken_back: set[int] = field(default_factory=set)
    entries: dict[int, Post] = field(default_factory=dict)

    def held(self, account: int) -> int:
        return sum(amount for owner, amount in self.open.values() if owner == account)

    def available(self, account: int) -> int:
        return self.posted.get(account, 0) - self.held(account)

    def standing(self, account: int | None) -> Standing | None:
        if account is None or account not in self.floors:
            return None
        return Standing(self.posted.get(account, 0), self.held(account), self.floors[account])

    def decider(self, command: Command) -> int | None:
        """The account whose standing a verdict tells."""
        if isinstance(command, End):
            return self.owners.get(command.hold)
        return command.account if isinstance(command, Hold) else command.legs[0].account

    def number(self, command: Command) -> int | None:
        """Under which number it was done; None: it was not."""
        if not isinstance(command, End):
            return self.numbers.get(command.origin)
        if (done := self.ends.get(command.hold)) is None:
            return None
        return self.numbers[done.post.origin] if done.post else command.hold

    def says(self, command: Command) -> No | None:
        """Why not; None: it is to be done, or was."""
        if isinstance(command, Post):
            return self._says_of_post(command)
        if isinstance(command, Hold):
            return self._says_of_hold(command)
        return self._says_of_end(command)

    def do(self, command: Command, number: int) -> None:
        """It was done under this number."""
        if isinstance(command, Hold):
            if command.origin not in self.made:
                self.made[command.origin] = command
                self.numbers[command.origin] = number
                self.open[number] = (command.account, command.amount_minor)
                self.owners[number] = command.account
        elif isinstance(command, End):
            if command.hold not in self.ends:
                del self.open[command.hold]
                self.ends[command.hold] = command
                if command.post:
                    self.do(command.post, number)
        elif command.origin not in self.made:
            self.made[command.origin] = command
            self.numbers[command.origin] = number
            self.entries[number] = command
            if command.reverses is not None:
                self.taken_back.add(command.reverses)
            for leg in command.legs:
                self.posted[leg.account] = self.posted.get(leg.account, 0) + leg.amount_minor

    def _says_of_post(self, post: Post) -> No | None:
        if (before := self.made.get(post.origin)) is not None:
            same = isinstance(before, Post) and before.legs == post.legs
            return None if same else No.CONFLICT
        return self._wrong(post) or self._short(post, freed={})

    def _says_of_hold(self, hold: Hold) -> No | None:
        if (before := self.made.get(hold.origin)) is not None:
            assert isinstance(before, Hold)
            same = (before.account, before.amount_minor) == (hold.account, hold.amount_minor)
            return None if same else No.CONFLICT
        if hold.account not in self.floors:
            return No.ACCOUNT_UNKNOWN
        if not 0 < hold.amount_minor <= LARGEST:
            return No.OUT_OF_RANGE
        floor, left = self.floors[hold.account], self.available(hold.account) - hold.amount_minor
        if floor is not None and left < floor:
            return No.FUNDS
        if left < -LARGEST or self.held(hold.account) + hold.amount_minor > LARGEST:
            return No.OUT_OF_RANGE
        return None

    def _says_of_end(self, end: End) -> No | None:
        if end.hold in self.ends:
            before = self.ends[end.hold]
            same = before.how is end.how and (
                end.post is None
                or (before.post is not None and before.post.origin == end.post.origin
                    and before.post.legs == end.post.legs)
            )  # fmt: skip
            return None if same else No.HOLD_ENDED
        if end.hold not in self.open:
            return No.HOLD_UNKNOWN
        if end.how is How.EXPIRED:
            return No.HOLD_OPEN
        if end.post is None:
            return No.UNBALANCED if end.how is How.POSTED else None
        if end.how is not How.POSTED:
            return No.UNBALANCED
        account, amount = self.open[end.hold]
        taken = -sum(leg.amount_minor for leg in end.post.legs if leg.account == account)
        if end.post.origin in self.made:
            return No.CONFLICT
        if not 0 < taken <= amount:
            return No.TOO_MUCH
        return self._wrong(end.post) or self._short(end.post, freed={account: amount})

    def _wrong(self, post: Post) -> No | None:
        if any(leg.account not in self.floors for leg in post.legs):
            return No.ACCOUNT_UNKNOWN
        if any(leg.amount_minor == 0 or abs(leg.amount_minor) > LARGEST for leg in post.legs):
            return No.OUT_OF_RANGE
        for currency in set(self.currencies.values()):
            if sum(
                leg.amount_minor for leg in post.legs if self.currencies[leg.account] == currency
            ):
                return No.UNBALANCED
        if len(post.legs) < 2:
            return No.UNBALANCED
        if post.reverses is not None:
            if post.reverses in self.taken_back:
                return No.REVERSED
            before = self.entries.get(post.reverses)
            opposite = before and tuple(Leg(leg.account, -leg.amount_minor) for leg in before.legs)
            if opposite != post.legs:
                return No.CONFLICT
        return None

    def _short(self, post: Post, freed: Mapping[int, int]) -> No | None:
        for account in dict.fromkeys(leg.account for leg in post.legs):
            change = sum(leg.amount_minor for leg in post.legs if leg.account == account)
            left = self.available(account) + freed.get(account, 0) + change
            floor = self.floors[account]
            if change < 0 and floor is not None and left < floor:
                return No.FUNDS
            if max(abs(self.posted.get(account, 0) + change), abs(left)) > LARGEST:
                return No.OUT_OF_RANGE
        return None


# Most amounts are small enough to meet; some stand at the edges.
amounts = st.one_of(
    st.integers(1, 300),
    st.sampled_from([0, -1, 1, 499, 500, 501, LARGEST, LARGEST + 1, LARGEST // 2, 2**62]),
)
origins = st.integers(1, 12).map(lambda number: f"origin-{number}")
accounts = st.integers(1, len(ACCOUNTS))


@st.composite
def legs(draw: st.DrawFn, start: int | None = None) -> tuple[Leg, ...]:
    """Mostly balanced; now and then not, or between currencies, or of nobody's account."""
    first = start or draw(accounts)
    amount = draw(amounts)
    kind = draw(st.integers(0, 9))
    others = [n for n in range(1, 6) if n != first and ACCOUNTS[n - 1][1] == ACCOUNTS[first - 1][1]]
    second = draw(st.sampled_from(others))
    if kind == 0:
        return (Leg(first, -amount), Leg(second, amount + 1))
    if kind == 1:
        return (Leg(first, -amount), Leg(99, amount))
    if kind == 2:
        return (Leg(first, -amount), Leg(first, -amount), Leg(second, 2 * amount))
    if kind == 3:
        rub, usd = draw(st.sampled_from([1, 2])), draw(st.sampled_from([3, 5]))
        rest = (Leg(usd, -7), Leg(8 - usd, 7))
        return (Leg(rub, -amount), Leg(4, amount), *rest)
    if kind == 4:
        return (Leg(first, -amount),)
    return (Leg(first, -amount), Leg(second, amount)) if kind % 2 else (
        Leg(second, -amount), Leg(first, amount))  # fmt: skip
