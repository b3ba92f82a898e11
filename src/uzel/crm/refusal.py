"""What the protocol refuses with: its codes, each with the words that its clients know.

Codes and words: konsol-and-vtiger, B4, and what stands beside each check there. The protocol has no
code for a value that does not fit its field: `DATABASE_QUERY_ERROR` is what such a value ends in
where nobody checks it, and what clients are ready for.
"""


class Refused(Exception):
    """An answer of the protocol that is an error. `message` is English and names no value."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


def denied(about: str = "") -> Refused:
    """The operation is not for this object: unknown, another's, or of a kind that has it not."""
    tail = f" {about}" if about else ""
    return Refused("ACCESS_DENIED", f"Permission to perform the operation is denied{tail}")


def denied_name(name: str) -> Refused:
    """No such module."""
    return denied(f"for name : {name[:64]}")


def denied_id() -> Refused:
    """No such kind of id."""
    return denied("for id")


def wrong_id() -> Refused:
    """The id is not one, or of another module."""
    return Refused("INVALID_ID_ATTRIBUTE", "Id specified is incorrect")


def missing(field: str) -> Refused:
    """A mandatory field is empty."""
    return Refused("MANDATORY_FIELDS_MISSING", f"{field} does not have a value")


def wrong_reference(field: str) -> Refused:
    """The field refers to nothing that it may refer to."""
    return Refused("REFERENCE_INVALID", f"Invalid reference specified for {field}")


def wrong_value(field: str, expected: str) -> Refused:
    """The value is none of its field's kind."""
    return Refused("DATABASE_QUERY_ERROR", f"{field}: {expected}")


def unsupported() -> Refused:
    """Records of this module are not made, changed or deleted by this operation."""
    return Refused("OPERATION_NOT_SUPPORTED", "Permission to perform the operation is denied")


def taken(field: str, wire_id: str) -> Refused:
    """Somebody else is known by this phone or ИНН already."""
    return Refused("DUPLICATE_RECORDS_FOUND", f"{field} belongs to {wire_id} already")
