"""Codes of errors of the partner API, at both its addresses: one status each, for ever."""

from typing import NamedTuple


class Code(NamedTuple):
    """What a code means, for whoever programs against it."""

    status: int
    title: str
    meaning: str


CODES: dict[str, Code] = {
    "unauthorized": Code(
        401, "Not signed in", "The token is missing, unknown, expired or revoked."
    ),
    "insufficient_funds": Code(
        402,
        "Insufficient funds",
        "What is available on the balance does not suffice. Nothing was taken. The answer to this "
        "Idempotency-Key stays what it is: after a top-up, ask again under another one.",
    ),
    "address_not_allowed": Code(
        403, "Address not allowed", "The token is good, but not from this network address."
    ),
    "scope_missing": Code(403, "Scope missing", "The token is good but lacks the scope for this."),
    "token_in_url": Code(
        403,
        "Token in the address",
        "This partner's tokens are not taken from the query of an address, where they get into "
        "logs: send the header Authorization.",
    ),
    "not_found": Code(404, "Not found", "There is no such thing among what is yours."),
    "quote_not_found": Code(404, "No such quote", "There is no quote of yours under this id."),
    "closed": Code(
        403, "Closed", "This address is for robots with a token, and there is no such robot yet."
    ),
    "method_not_allowed": Code(405, "Method not allowed", "The header Allow says which are."),
    "request_in_progress": Code(
        409,
        "In progress",
        "The same key, number or quote is being worked on at this moment. Ask again after the "
        "seconds in Retry-After: the answer will be that of the first request.",
    ),
    "external_id_used": Code(
        409,
        "Number used",
        "There is a payment under this number of yours, made long ago or in another way. Nothing "
        "was taken now.",
    ),
    "quote_expired": Code(409, "Quote expired", "Ask for a new quote. Nothing was taken."),
    "quote_used": Code(
        409, "Quote used", "Another payment was made by this quote. Nothing was taken now."
    ),
    "body_too_large": Code(413, "Body too large", "A request has at most 1 MiB."),
    "idempotency_key_reused": Code(
        422,
        "Key reused",
        "Another request was made under this Idempotency-Key, or this number of yours. Nothing was "
        "taken now.",
    ),
    "idempotency_key_invalid": Code(
        400,
        "Not a key",
        "Idempotency-Key has 1 to 255 printable ASCII characters.",
    ),
    "invalid_action": Code(400, "No such action", "There is no action of this name."),
    "invalid_json": Code(400, "Not readable", "The body could not be read as what it says it is."),
    "invalid_parameters": Code(400, "Invalid parameters", "The message says which and why."),
    "rate_not_found": Code(
        400,
        "No exchange rate",
        "There is no rate from this currency to that of the balance. The same request will do once "
        "somebody has entered one.",
    ),
    "rate_too_old": Code(
        400,
        "Rate too old",
        "The rate is older than agreed. The same request will do once it is new.",
    ),
    "rate_limited": Code(
        429, "Too many requests", "Ask again after the seconds in the header Retry-After."
    ),
    "unavailable": Code(
        503,
        "Not available now",
        "The database does not answer, or too much waits. Ask again after the seconds in "
        "Retry-After, under the same Idempotency-Key.",
    ),
    "internal_error": Code(
        500, "An error of ours", "The log has the details under the id in X-Request-Id."
    ),
}
