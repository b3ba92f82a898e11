"""What may be asked of a vtiger."""

from datetime import date

from uzel.connector import Checked, Operation
from uzel.connectors.vtiger import capture, finding, own, queries, records

CHECKED_ON = date(2026, 11, 22)
# By the code of vtiger 7 and 8, answers recorded by others, and the documentation of a site's own
# operations; not with a live one.
SOURCE = Checked.DOCUMENTATION
# A gateway that gave up does not stop the work behind it.
SETTLES_AFTER_S = 180.0


def secret_in(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """The code from somebody's SMS: with the ИНН it opens their documents."""
    return tuple(name for name in ("code", "sms") if name in arguments)


# Reads, and what is the same done twice.
REPEATABLE = tuple(
    Operation(
        run.__name__,
        run,
        arguments,
        SOURCE,
        CHECKED_ON,
        repeatable=True,
        sealed=secret_in(arguments),
    )
    for run, arguments in (
        (records.listtypes, ()),
        (records.describe, ("module",)),
        (records.retrieve, ("id",)),
        (queries.query, ("query",)),
        (queries.sync, ("module", "since")),
        (records.update, ("element",)),
        (records.revise, ("element",)),
        (records.delete, ("id",)),
        (own.create_contact, own.CONTACT),
        (own.create_account, own.ACCOUNT),
    )
)
# What makes something anew each time: looked for, never asked for again.
ONCE = tuple(
    Operation(
        run.__name__,
        run,
        arguments,
        SOURCE,
        CHECKED_ON,
        look_up=look_up,
        absence_proves=False,
        settles_after_s=SETTLES_AFTER_S,
        sealed=secret_in(arguments) if run is own.create_project else (),
    )
    for run, look_up, arguments in (
        (records.create, finding.created, ("module", "element", "after")),
        (own.create_project, finding.project, (*own.PROJECT, "after")),
        (
            capture.capture,
            finding.captured,
            ("fields", "files", "after", "module", "inn", "sms"),
        ),
    )
)

# A question, asked outside of the journal.
FILES = Operation(
    "get_files_list",
    own.get_files_list,
    ("inn", "sms"),
    SOURCE,
    CHECKED_ON,
    repeatable=True,
)

OPERATIONS = {one.name: one for one in (*REPEATABLE, FILES, *ONCE)}
