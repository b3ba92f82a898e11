"""How flows name their calls, so that the end of each finds its way back."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effect:
    """`shop:deals:17`, `shop:catalog:17:2`: what a call is for.

    owner   the flow that planned it
    number  of the batch: rows that take part in the call carry it
    rest    what else its owner has to know
    """

    owner: str
    kind: str
    number: int
    rest: tuple[int, ...] = ()

    def __str__(self) -> str:
        return ":".join([self.owner, self.kind, str(self.number), *map(str, self.rest)])

    @staticmethod
    def of(text: str) -> "Effect":
        """The effect that reads so."""
        owner, kind, number, *rest = text.split(":")
        return Effect(owner, kind, int(number), tuple(map(int, rest)))
