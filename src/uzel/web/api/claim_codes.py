"""Codes of refusals about claims: one status each, for ever."""

from uzel.web.partner.codes import Code

CLAIM_CODES: dict[str, Code] = {
    "claim_invalid": Code(
        422,
        "Not valid",
        "`field` says of what, `reason` why; where a bank's name fits several, `candidates` has "
        "them with their numbers, any of which can be given in its place.",
    ),
    "claim_incomplete": Code(
        409, "Not filled in", "The fields in `missing` are needed before it can be submitted."
    ),
    "claim_state": Code(409, "Not in this state", "`state` says where the claim is."),
    "claim_changed": Code(
        409,
        "Changed meanwhile",
        "It was changed since you looked at it: look again. `version` is the one there is.",
    ),
    "external_id_reused": Code(
        409, "Number used", "Another claim has this external_id, or was asked for otherwise."
    ),
    "card_needed": Code(
        409,
        "Card needed",
        "The number of the card was destroyed. It has to be entered again, which makes another "
        "version of the claim.",
    ),
    "claimant_blocked": Code(
        409, "Blocked", "Nothing is taken from this claimant, and nothing of theirs approved."
    ),
    "already_approved": Code(
        409, "Approved already", "The same person has approved this version; another one has to."
    ),
    "same_person": Code(
        403, "Own claim", "Nobody decides on what they asked for, or have ever changed."
    ),
    "no_approver": Code(
        403,
        "No approver",
        "The person the token is bound to is neither an approver nor an administrator, or may not "
        "sign in any more.",
    ),
    "token_without_person": Code(
        403,
        "Nobody's token",
        "Deciding takes a token that speaks for a person: "
        "uzel token add NAME --scope claims:decide --person LOGIN",
    ),
    "not_yours": Code(403, "Not yours", "It belongs to somebody else."),
    "reason_needed": Code(422, "Text needed", "There is nothing in it that could be read."),
    "too_many_files": Code(409, "Too many files", "A claim has at most 20 files."),
    "file_too_large": Code(413, "File too large", "A file has at most 10 MiB."),
    "file_type": Code(
        415,
        "No such files",
        "Pictures (JPEG, PNG, WebP) and PDF are taken, known by how they begin, whatever they are "
        "said to be.",
    ),
    "payouts_off": Code(
        409, "Nothing to pay through", "There is no connection of konsol.pro, or none so called."
    ),
    "connection_needed": Code(
        422, "Which connection", "There are several to pay through: give `connection_id`."
    ),
}
# Of ClaimRefused, where the word is another one here.
OTHERWISE = {
    "unknown": "not_found",
    "state": "claim_state",
    "incomplete": "claim_incomplete",
    "changed": "claim_changed",
    "voted": "already_approved",
    "reason": "reason_needed",
    "blocked": "claimant_blocked",
    "owner": "not_yours",
    "too_many": "too_many_files",
    "too_large": "file_too_large",
}
