"""What Meta tells about templates, the number and the account: for people, nothing follows by
itself (Meta, webhook reference of each field, 2026-05).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from uzel.connector import Element
from uzel.kit.body import at, label_of

TEMPLATE, NUMBER, ACCOUNT = "template.updated", "number.updated", "account.updated"

# field → our type, and what of its value people want to read: a path, or two around a `>` for what
# was and what is.
FIELDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "message_template_status_update": (TEMPLATE, ("event", "reason", "rejection_info.reason")),
    "message_template_quality_update": (
        TEMPLATE,
        ("previous_quality_score>new_quality_score",),
    ),
    "message_template_components_update": (TEMPLATE, ()),
    # A category decides the price.
    "template_category_update": (TEMPLATE, ("previous_category>new_category", "correct_category")),
    "phone_number_quality_update": (NUMBER, ("event", "old_limit>current_limit")),
    "phone_number_name_update": (NUMBER, ("decision", "requested_verified_name")),
    "security": (NUMBER, ("event",)),
    "account_update": (
        ACCOUNT,
        (
            *("event", "violation_info.violation_type", "ban_info.waba_ban_state"),
            "disconnection_info.reason",
        ),
    ),
    "account_review_update": (ACCOUNT, ("decision",)),
    "account_alerts": (ACCOUNT, ("alert_info.alert_type", "alert_info.alert_severity")),
    "business_capability_update": (ACCOUNT, ("max_daily_conversations_per_business",)),
}
SAYS_NOTHING = frozenset({"NONE", "UNKNOWN"})


def notice(field: str, value: Mapping[str, Any], occurred_at: datetime | None) -> Element:
    """An element whose subject says it all: `шаблон otzyv (ru): PAUSED`."""
    kind, wanted = FIELDS[field]
    words = ", ".join(filter(None, (said(value, paths) for paths in wanted)))
    whom = about(kind, value)
    return Element(kind, subject=f"{whom}: {words}" if words else whom, occurred_at=occurred_at)


def said(value: Mapping[str, Any], paths: str) -> str:
    """`GREEN → YELLOW` for two paths, what is missing or says nothing left out."""
    labels = [label_of(at(value, *path.split("."))) for path in paths.split(">")]
    return " → ".join(label for label in labels if label and label not in SAYS_NOTHING)


def about(kind: str, value: Mapping[str, Any]) -> str:
    if kind == TEMPLATE:
        name = label_of(value.get("message_template_name")) or "без имени"
        language = label_of(value.get("message_template_language"))
        return f"шаблон {name} ({language})" if language else f"шаблон {name}"
    number = label_of(value.get("display_phone_number")) if kind == NUMBER else None
    if number:
        return f"номер {number}"
    return "номер" if kind == NUMBER else "аккаунт"
