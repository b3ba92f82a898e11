"""Fields, pipelines and stages of an account, as it was last asked for them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from uzel.flows.lead_deals.settings import LeadSettings


class Named(BaseModel):
    """Something with an id and a name."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: int
    name: str | None = None


class Enum(BaseModel):
    """One of the values that a field offers."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: int
    value: str


It = TypeVar("It", bound=Named)


class KnownField(Named):
    """A field of deals. `type` is the CRM's word."""

    type: str | None = None
    enums: tuple[Enum, ...] = ()

    def enum(self, text: str) -> Enum | None:
        """The one of this value, in any case, or with this id."""
        wanted = plain(text)
        return next((it for it in self.enums if wanted in (plain(it.value), str(it.id))), None)


class Pipeline(Named):
    """A pipeline with its stages."""

    stages: tuple[Named, ...] = ()


class Stage(NamedTuple):
    """A stage by its numbers."""

    pipeline_id: int
    status_id: int


class Known(BaseModel):
    """All that is known of one account."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    fields: tuple[KnownField, ...] = Field(default=())
    pipelines: tuple[Pipeline, ...] = Field(default=())

    @staticmethod
    def of(fields: Sequence[Mapping[str, Any]], pipelines: Sequence[Mapping[str, Any]]) -> "Known":
        """Of what the operations `lead_fields` and `pipelines` answer."""
        return Known.model_validate({"fields": list(fields), "pipelines": list(pipelines)})

    def field(self, wanted: str) -> KnownField | None:
        """The field of this id or name."""
        return find(self.fields, wanted)

    def stage(self, wanted: str) -> Stage | None:
        """The stage `PIPELINE/STAGE`; either may have slashes in its name."""
        parts = wanted.split("/")
        for cut in range(1, len(parts)):
            pipeline = find(self.pipelines, "/".join(parts[:cut]))
            stage = find(pipeline.stages, "/".join(parts[cut:])) if pipeline else None
            if pipeline and stage:
                return Stage(pipeline.id, stage.id)
        return None

    def within(self, wanted: Iterable[str], pipeline: str | None, stage: str | None) -> bool:
        """Whether a deal stands in one of these pipelines or stages."""
        for text in wanted:
            found = self.stage(text)
            if found is not None and (str(found[0]), str(found[1])) == (pipeline, stage):
                return True
            whole = find(self.pipelines, text)
            if pipeline is not None and pipeline in (text, str(whole.id) if whole else text):
                return True
        return False

    def missing(self, settings: LeadSettings) -> list[str]:
        """What the settings name and the account does not have."""
        fields = [it for it in settings.named_fields() if self.field(it) is None]
        stages = [it for it in (settings.final, *settings.keep) if it and self.stage(it) is None]
        return [*dict.fromkeys(fields), *dict.fromkeys(stages)]


def find(things: Iterable[It], wanted: str) -> It | None:
    """By its id, else by its name; of several of one name the one spelled exactly so."""
    found = [it for it in things if str(it.id) == wanted or plain(it.name or "") == plain(wanted)]
    return min(found, key=lambda it: (str(it.id) != wanted, it.name != wanted), default=None)


def plain(text: str) -> str:
    """For comparing names: without case and without spaces that nobody sees."""
    return " ".join(text.split()).casefold()
