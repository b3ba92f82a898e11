"""How deals of one CRM become leads and what is written into them: typed settings."""

import re
from collections.abc import Iterable
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

# What the CRM calls a field, a pipeline or a stage: its name in any case, or its id.
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Value = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
Told = Literal["amount", "currency", "email", "card"]

LINK, STATUS = "Ссылка на оплату", "Статус оплаты ChatGPT"
ALWAYS_KEPT = (142, 143)
# As the value of a date: the moment of writing.
NOW = "now"
TOLD: tuple[Told, ...] = ("amount", "currency", "email", "card")
HOST = re.compile(r"[a-z0-9.-]{1,253}")


class LeadSettings(BaseModel):
    """Fields are named as in the CRM, or by their numbers; so are pipelines and stages, a stage as
    `PIPELINE/STAGE`.

    link_field     holds the link that is to be paid
    status_field   filled with the report's status; one that is filled already keeps the report out
    pipelines      deals elsewhere are no leads: pipelines, or single stages; none named: all count
    link_contains  a link has one of these texts in it; none named: any link is taken
    link_hosts     a link leads to one of these hosts or below; none named: to any
    fields         what a report tells (`amount`, `currency`, `email`, `card`) → field
    static         (field, value) that every report fills, in this order; `now` in a date is the
                   moment of writing
    final          where a deal moves unless the report is of a failure; None: nowhere
    keep           stages that no deal is moved out of, beside `final` and the two closed ones
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    link_field: Name = LINK
    status_field: Name = STATUS
    pipelines: tuple[Name, ...] = Field(default=(), max_length=50)
    link_contains: tuple[Value, ...] = Field(default=(), max_length=20)
    link_hosts: tuple[str, ...] = Field(default=(), max_length=100)
    fields: dict[Told, Name] = Field(default_factory=dict)
    static: tuple[tuple[Name, Value], ...] = Field(default=(), max_length=40)
    final: Name | None = None
    keep: tuple[Name, ...] = Field(default=(), max_length=100)

    @field_validator("link_hosts", mode="after")
    @classmethod
    def _hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        hosts = tuple(host.strip().lower().strip(".") for host in value)
        if wrong := [host for host in hosts if not HOST.fullmatch(host)]:
            raise ValueError(f"{wrong[0]!r} is no host: give pay.example.com, without https://")
        return hosts

    @field_validator("final", mode="after")
    @classmethod
    def _stage(cls, value: str | None) -> str | None:
        if value is not None and "/" not in value:
            raise ValueError("a stage is given as PIPELINE/STAGE")
        return value

    def named_fields(self) -> Iterable[str]:
        """All fields that are written, in the order they are written in."""
        yield from (self.fields[told] for told in TOLD if told in self.fields)
        yield self.status_field
        yield from dict(self.static)

    def refusal(self, link: str) -> str | None:
        """Why a link is not taken (a reason code); None where it is."""
        try:
            parts = urlsplit(link)
            host = (parts.hostname or "").rstrip(".")
        except ValueError:
            return "link_invalid"
        if parts.scheme not in ("http", "https") or not host:
            return "link_invalid"
        if self.link_contains and not any(text in link for text in self.link_contains):
            return "link_refused"
        within = any(host == it or host.endswith(f".{it}") for it in self.link_hosts)
        return None if within or not self.link_hosts else "link_refused"
