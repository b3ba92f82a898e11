"""How people and projects become deals."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

MODULES = ("Contacts", "Project")
Kept = Literal["Contacts", "Project"]


class MirrorSettings(BaseModel):
    """Unset ids leave the choice to the CRM.

    deals         the modules whose records become deals; people are contacts in any case
    price_fields  of a project, in this order: the first that is filled is the deal's price
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    pipeline_id: int | None = None
    status_id: int | None = None
    responsible_user_id: int | None = None
    deals: tuple[Kept, ...] = Field(default=("Contacts", "Project"), min_length=1)
    price_fields: tuple[str, ...] = ("cf_project_agrprice", "targetbudget", "cf_project_loss")
