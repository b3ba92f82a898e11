"""Which records stand beside which: by a reference in one of them, or by a relation of its own."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Relation:
    """From a record to those of another module.

    label  what the protocol knows it by
    field  of the others, that refers to the record; None: they are bound by a row of its own
    """

    module: str
    label: str
    field: str | None = None


RELATIONS: dict[str, tuple[Relation, ...]] = {
    "Contacts": (
        Relation("Project", "Projects", "linktoaccountscontacts"),
        Relation("Documents", "Documents"),
    ),
    "Accounts": (
        Relation("Contacts", "Contacts", "account_id"),
        Relation("Project", "Projects", "linktoaccountscontacts"),
        Relation("Project", "Offences", "cf_project_offender"),
        Relation("Project", "Mediations", "cf_project_agent"),
        Relation("Documents", "Documents"),
    ),
    "Project": (Relation("Documents", "Documents"),),
}


def relations_of(module: str) -> tuple[Relation, ...]:
    """Of the records of a module."""
    return RELATIONS.get(module, ())


def relation_to(module: str, other: str, label: str) -> Relation | None:
    """By its label, or by the name of the other module where no label was given."""
    for one in relations_of(module):
        if label in ("", one.label) and other in ("", one.module):
            return one
    return None
