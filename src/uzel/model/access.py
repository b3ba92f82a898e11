"""Access to an account at a provider: what somebody grants us, or a session that we open."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

# Of a token that was never told when it ends: it has ended.
ENDED: Final = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a provider's OAuth server gave.

    refresh     None: this token cannot be renewed
    expires_at  aware UTC, by our clock; None: not told
    """

    access: str
    refresh: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OAuth:
    """How access is granted and renewed, in place of a token that somebody types in.

    grant      name of the field (SecretStr) of `config` that the access token of the moment fills
    ready      `ready(config) -> bool`: whether the settings ask for this way at all
    authorize  `authorize(config, redirect_uri, state) -> str`: the address where the owner of the
               account agrees
    exchange   `exchange(http, config, redirect_uri, code) -> Tokens`
    renew      `renew(http, config, redirect_uri, refresh) -> Tokens`; `refresh` is used up by it.
               Both raise AuthFailed where access has to be granted anew, else a CallFailed
    adopt      `adopt(config) -> Tokens | None`: tokens that the settings bring for a start
    early      no call begins with a token so near its end: none may outlast it
    locate     `locate(http, config, access, refresh) -> str`: the `base_url` of the account today,
               asked where a renewal is refused: accounts get other names. None: they do not
    """

    grant: str
    ready: Callable[[Any], bool]
    authorize: Callable[[Any, str, str], str]
    exchange: Callable[..., Awaitable[Tokens]]
    renew: Callable[..., Awaitable[Tokens]]
    adopt: Callable[[Any], Tokens | None]
    locate: Callable[..., Awaitable[str]] | None = None
    early: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SignIn:
    """How a session is opened with what the settings hold. Nobody grants anything: one that ended,
    or was refused, is followed by the next.

    grant    name of the field (SecretStr) of `config` that the session of the moment fills
    log_in   `log_in(http, config) -> Tokens`, with a time after which no call begins; changes
             nothing that a second one could spoil. Raises AuthFailed where the settings are wrong,
             else a CallFailed
    """

    grant: str
    log_in: Callable[..., Awaitable[Tokens]]
    early: timedelta = timedelta(0)
    locate: None = None

    def ready(self, config: Any) -> bool:
        """There is no other way in."""
        return True

    def adopt(self, config: Any) -> Tokens:
        """Nothing to start with: a session is due at once."""
        return Tokens("", "", ENDED)

    async def renew(self, http: Any, config: Any, redirect_uri: str, refresh: str) -> Tokens:
        """The next session."""
        tokens = await self.log_in(http, config)
        return Tokens(tokens.access, "", tokens.expires_at)


Access = OAuth | SignIn
