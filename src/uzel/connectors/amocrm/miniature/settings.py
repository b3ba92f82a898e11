"""How this amoCRM behaves."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

DAY_S = 86400


class Settings(BaseModel):
    """A body of `POST /_settings` names only what it changes.

    Limits
      limit_per_s     requests an integration may make in any second (amoCRM allows 7), then HTML
                      429; None: any number
      block_after     429s within a minute after which the address is blocked: HTML 403 to
                      everything for `block_s`; None: never
      blocked         the address is blocked until this is taken back
      unpaid          402 to everything
      tired_above     entities in one body above which the gateway answers 504, the work being done

    Answers
      latency_s       pause before each answer
      filters         whether the paid option of filters is on; without it `filter` is ignored for
                      leads, contacts and companies
      search_lag_s    how long `query` does not find what has just been made
      relink          whether an element that is linked again has its quantity set, or added
      invent_guests   a lead that nobody made is there when it is asked for, won, with a contact of
                      its own: for hooks that somebody posts by hand

    Access
      redirect_uri    where /oauth sends the browser if neither integration nor query says it
      code_s, access_s, refresh_s   how long a code, an access and a refresh token live
      reused_refresh  status for a refresh token that was used already; amoCRM gave both

    Hooks
      retry_scale     how long a pause of theirs takes here: 1/300 makes five minutes a second
    """

    model_config = ConfigDict(extra="forbid")

    limit_per_s: int | None = Field(default=None, ge=1)
    block_after: int | None = Field(default=20, ge=1)
    block_s: float = Field(default=60.0, gt=0, le=DAY_S)
    blocked: bool = False
    unpaid: bool = False
    tired_above: int | None = Field(default=None, ge=1)
    latency_s: float = Field(default=0.0, ge=0, le=60)
    filters: bool = False
    search_lag_s: float = Field(default=0.0, ge=0, le=3600)
    relink: Literal["set", "add"] = "set"
    invent_guests: bool = False
    redirect_uri: str | None = Field(default=None, pattern=r"^https?://[^\s?#]+$")
    code_s: float = Field(default=1200.0, ge=0, le=DAY_S)
    access_s: int = Field(default=DAY_S, ge=0, le=DAY_S)
    refresh_s: float = Field(default=90.0 * DAY_S, ge=0, le=90 * DAY_S)
    reused_refresh: Literal[400, 401] = 401
    retry_scale: float = Field(default=1 / 300, ge=0, le=1)
