"""A word whose meaning is for a person to say: users rename their statuses."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A status nobody has given a meaning yet.

    word   what a connection's setting would list: the name, or the id where there is no name
    label  the same for people: `Отдан (7)`
    """

    word: str
    label: str
