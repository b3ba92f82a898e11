"""How the orders of a shop become deals: typed settings, as the set-up assistant saves them."""

import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from uzel.model.order import OrderState

Stage = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,17}:[1-9][0-9]{0,17}$")]
Id = Annotated[int, Field(gt=0, lt=2**63)]

WON, LOST = 142, 143


class ShopSettings(BaseModel):
    """Where deals are made and what follows an order's changes.

    pipeline_id, status_id   where a new deal begins unless `stages` has one for the state its order
                             is in; None: the first stage of the main pipeline
    responsible_user_id      who gets deals and contacts; None: amoCRM decides
    catalog_id               where goods are kept; None: deals come without goods
    *_field_id               custom fields; None: the order's code is only in the deal's name, SKU
                             and price are those of a product catalog
    stages                   state of an order → `pipeline:stage` its deal moves to
    ranks                    `pipeline:stage` → its place in its pipeline, as it was last read
    name                     of a deal; `{code}` is the order's number
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    pipeline_id: Id | None = None
    status_id: Id | None = None
    responsible_user_id: Id | None = None
    catalog_id: Id | None = None
    order_code_field_id: Id | None = None
    sku_field_id: Id | None = None
    price_field_id: Id | None = None
    stages: dict[OrderState, Stage] = Field(default_factory=dict)
    ranks: dict[Stage, int] = Field(default_factory=dict)
    name: str = Field(default="Kaspi {code}", min_length=1, max_length=100)
    note: bool = True

    def name_of(self, code: str) -> str:
        """What the deal of an order is called; its number is in it whatever was typed."""
        name = self.name.replace("{code}", code)
        return name if code in name else f"{name} {code}"

    def stage_of(self, state: str | None) -> tuple[int, int] | None:
        """(pipeline, stage) for an order in this state, None where nothing is set."""
        wanted = self.stages.get(OrderState(state)) if state else None
        return split_stage(wanted) if wanted else None

    def first_stage(self, state: str | None) -> tuple[int | None, int | None]:
        """Where a deal begins: where its order is by then, if a stage is set for that."""
        return self.stage_of(state) or (self.pipeline_id, self.status_id)


def split_stage(stage: str) -> tuple[int, int]:
    """(pipeline, stage) of `pipeline:stage`."""
    pipeline, _, status = stage.partition(":")
    return int(pipeline), int(status)


def stage_text(pipeline_id: Any, status_id: Any) -> str | None:
    """`pipeline:stage`, None where either is not known."""
    text = f"{pipeline_id}:{status_id}"
    return text if re.fullmatch(r"[0-9]+:[0-9]+", text) else None


def rank_of(settings: ShopSettings, stage: str) -> float | None:
    """How far a stage is in its pipeline; the closing ones are the farthest."""
    if split_stage(stage)[1] in (WON, LOST):
        return float("inf")
    return settings.ranks.get(stage)
