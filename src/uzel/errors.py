"""Errors, named by what to do next.

    UzelError
    ├── ConfigError         stop; show what to fix
    ├── SignatureInvalid    401; counted
    ├── PayloadInvalid      kept raw, parked, replayable
    ├── LedgerError         a money rule says no
    └── CallFailed          an outward call did not end well
        ├── Unavailable     it did not happen: back off with jitter, try again
        │   └── AddressRefused   nor was it tried: our own settings keep us from that address
        ├── RateLimited     it did not happen: wait exactly until `retry_at`
        ├── AuthFailed      refresh once, then pause the connection
        ├── Rejected        a business answer: never tried again
        ├── OutcomeUnknown  it may have happened: look it up, else ask a person
        └── ContractBroken  their answer differs from their documentation: stop, show it

`uzel.calls.outcome` holds the one table that turns a class into a decision.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any


class UzelError(Exception):
    """Root of everything Uzel raises on purpose."""


class ConfigError(UzelError):
    """Something is set up wrongly. The message says what to change and where."""


class SignatureInvalid(UzelError):
    """An incoming request could not prove who sent it."""


class PayloadInvalid(UzelError):
    """An incoming body cannot be understood as a whole."""


class LedgerError(UzelError):
    """A rule about money forbids the posting."""


class CallFailed(UzelError):
    """An outward call failed.

    `code` is the provider's own code as text; `detail` is safe to show to an operator (no secrets,
    no personal data); `http_status` is None where no answer arrived; `about` is what else a refusal
    named for programs: `uzel.konsol_client` alone fills it.
    """

    def __init__(
        self, detail: str, *, code: str | None = None, http_status: int | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code
        self.http_status = http_status
        self.about: Mapping[str, Any] = {}


class Unavailable(CallFailed):
    """The effect certainly did not happen and the provider may do better later."""


class AddressRefused(Unavailable):
    """Our own settings keep this process from the address: nothing was tried. It says nothing of
    the provider, nor need it be so for another process.
    """


class RateLimited(CallFailed):
    """The effect certainly did not happen: too many requests. `retry_at` is aware UTC.

    `everyone`: the account's limit, so nothing else may go out before either; False: this
    recipient's alone.
    """

    def __init__(
        self,
        detail: str,
        *,
        retry_at: datetime,
        everyone: bool = True,
        code: str | None = None,
        http_status: int | None = None,
    ) -> None:
        super().__init__(detail, code=code, http_status=http_status)
        self.retry_at = retry_at
        self.everyone = everyone


class AuthFailed(CallFailed):
    """The provider does not accept our credentials, or the account may not do this at all."""


class Rejected(CallFailed):
    """The provider understood and said no. Sending the same again changes nothing.

    `suppress`: the recipient is on a stop-list and must not be tried by other ways either.
    `unreachable`: this recipient cannot be reached by this channel at all; another one may.
    `final`: no other channel may carry the message either: an earlier copy was accepted.
    """

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        http_status: int | None = None,
        suppress: bool = False,
        unreachable: bool = False,
        final: bool = False,
    ) -> None:
        super().__init__(detail, code=code, http_status=http_status)
        self.suppress = suppress
        self.unreachable = unreachable
        self.final = final


class OutcomeUnknown(CallFailed):
    """The request may have had its effect: the answer was lost, late or unreadable."""


class ContractBroken(CallFailed):
    """The answer arrived but is not what the provider documents."""
