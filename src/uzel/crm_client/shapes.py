"""What is written to a CRM and what it tells."""

from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

from uzel.messaging.outcome import Outcome

Text = str
Number = int | str


class NewContact(TypedDict):
    """A person, known by `mobile`. `birthday`: YYYY-MM-DD. `code`: the one from their SMS."""

    firstname: Text
    lastname: Text
    birthday: Text
    mobile: Text
    inn: Text
    secondname: NotRequired[Text]
    email: NotRequired[Text]
    tgid: NotRequired[Number]
    birthplace: NotRequired[Text]
    mailingstreet: NotRequired[Text]
    requisites: NotRequired[Text]
    code: NotRequired[Text]


class NewAccount(TypedDict):
    """A company, known by `inn`."""

    accountname: Text
    inn: Text
    ogrn: Text
    address: NotRequired[Text]
    email: NotRequired[Text]
    website: NotRequired[Text]
    phone: NotRequired[Text]


class NewProject(TypedDict):
    """What the person `contactid` has against the company `offenderid`. Dates: YYYY-MM-DD; sums:
    plain numbers; `transport`, `insurance`, `independently`: bool, or да and нет.
    """

    contactid: Number
    offenderid: Number
    agentid: NotRequired[Number]
    sms: NotRequired[Text]
    ip: NotRequired[Text]
    source: NotRequired[Text]
    region: NotRequired[Text]
    formid: NotRequired[Number]
    category: NotRequired[Text]
    direction: NotRequired[Text]
    agrprice: NotRequired[Number]
    subject: NotRequired[Text]
    agrdate: NotRequired[Text]
    startdate: NotRequired[Text]
    finishdate: NotRequired[Text]
    loss: NotRequired[Number]
    servicecost: NotRequired[Number]
    progress: NotRequired[Number]
    country: NotRequired[Text]
    hotel: NotRequired[Text]
    transport: NotRequired[Text | bool]
    insurance: NotRequired[Text | bool]
    other: NotRequired[Text]
    description: NotRequired[Text]
    independently: NotRequired[Text | bool]
    claimdate: NotRequired[Text]
    returned: NotRequired[Number]


class CrmFile(TypedDict):
    """A file of a person. `path` is relative to the root of the CRM, and inside of `storage/`."""

    title: str
    path: str


@dataclass(frozen=True, slots=True)
class Files:
    """`found`: whether there is a person with this ИНН and code. `unsafe`: how many files were left
    out, since their path leads elsewhere.
    """

    found: bool
    files: tuple[CrmFile, ...] = ()
    unsafe: int = 0
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Records:
    """What a query found. `complete`: whether these are all."""

    records: tuple[dict[str, Any], ...]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Written:
    """What became of something that was to be written.

    number    of the record, bare: `83859`; None where it is not known
    call_id   in the journal and the console
    warnings  fields that do not hold → why (`inn_checksum`), sent all the same
    repeated  the key was known: this is the outcome of the first time, and nothing was sent now
    """

    outcome: Outcome
    number: str | None
    call_id: int
    connection: str
    detail: str | None = None
    warnings: tuple[tuple[str, str], ...] = ()
    repeated: bool = False
