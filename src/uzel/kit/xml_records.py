"""Lists in XML, read without what makes XML dangerous.

What is read is flat: a root with attributes and texts, and below it records of texts. A document
type is refused as such, and with it every entity of its own making, so nothing can grow while it is
read or be fetched from elsewhere (OWASP, "XML External Entity Prevention").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.parsers import expat

MOST_BYTES = 1_000_000
MOST_RECORDS = 5_000
# Root, record, field.
DEPTH = 3


class NotRecords(ValueError):
    """A body that is not such a list. The message says where it stops being one."""


@dataclass(frozen=True, slots=True)
class Records:
    """A document. `root` is its first name, `texts` what stands directly below it, and `records`
    the fields of each element that was asked for, in their order; the last of several fields with
    one name counts. Texts are stripped.
    """

    root: str
    attributes: Mapping[str, str]
    texts: Mapping[str, str]
    records: Sequence[Mapping[str, str]]


@dataclass(slots=True)
class _Reading:
    record: str
    path: list[str] = field(default_factory=list)
    root: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    records: list[dict[str, str]] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self.path.append(name)
        self.text = []
        if len(self.path) == 1:
            self.root, self.attributes = name, attributes
        elif len(self.path) == 2 and name == self.record:
            if len(self.records) >= MOST_RECORDS:
                raise NotRecords(f"more than {MOST_RECORDS} records")
            self.records.append({})
        elif len(self.path) > DEPTH:
            raise NotRecords(f"{name} lies too deep")

    def say(self, text: str) -> None:
        self.text.append(text)

    def end(self, name: str) -> None:
        said = "".join(self.text).strip()
        if len(self.path) == 2 and name != self.record:
            self.texts[name] = said
        elif len(self.path) == DEPTH and self.path[1] == self.record:
            self.records[-1][name] = said
        self.path.pop()
        self.text = []


def read_records(body: bytes, record: str) -> Records:
    """The document in `body`, in whatever encoding it names, with its elements `record`. Raises
    NotRecords.
    """
    if len(body) > MOST_BYTES:
        raise NotRecords(f"more than {MOST_BYTES} bytes")
    reading = _Reading(record)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = reading.begin
    parser.CharacterDataHandler = reading.say
    parser.EndElementHandler = reading.end
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        # LookupError: nobody knows the encoding that it names.
        raise NotRecords(str(error) or type(error).__name__) from error
    return Records(reading.root, reading.attributes, reading.texts, reading.records)


def _refuse(*declaration: object) -> None:
    raise NotRecords("a document type")
