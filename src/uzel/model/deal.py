"""A deal as its CRM tells of it: where it stands, and which of its fields are filled."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DealField:
    """A filled field of a deal.

    id    None where the CRM names it without its number; `name` the other way round
    link  the value where it looks like an address; None: filled with something else, which is
          nobody's business here
    """

    id: str | None
    name: str | None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal at one moment.

    number    the CRM's id of it
    pipeline  and `stage`: ids at the CRM, None where it does not say
    fields    the filled ones; None: what came says nothing of fields, so it has to be read
    """

    number: str
    pipeline: str | None = None
    stage: str | None = None
    fields: tuple[DealField, ...] | None = None
