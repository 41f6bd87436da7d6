"""Consent categories as tag managers stamp them on events: who agrees to none is not recorded.

`context.consent.categoryPreferences` of analytics-next (each category, and whether it is allowed), and
`context.consentManagement` of RudderStack (the ids that are allowed and denied).  They count in events of
browsers alone: the shop's server decides for itself what it may report.
"""

from __future__ import annotations

from typing import Any

from engine.domain.activities import Activity

REFUSALS = frozenset(
    {"newsletter_unsubscribed", "sms_unsubscribed", "topic_unsubscribed", "push_unsubscribed"}
)
"""Kept without any consent: a no is never lost."""


def is_withheld(activity: Activity) -> bool:
    """Whether a browser reports it of a visitor who allows no category."""
    if activity.trusted or activity.type in REFUSALS:
        return False
    return _denies_all(activity.context.get("consent")) or _allows_none(
        activity.context.get("consentManagement")
    )


def _denies_all(consent: Any) -> bool:
    preferences = consent.get("categoryPreferences") if isinstance(consent, dict) else None
    if not isinstance(preferences, dict) or not preferences:
        return False
    return all(allowed is False for allowed in preferences.values())


def _allows_none(consent: Any) -> bool:
    if not isinstance(consent, dict):
        return False
    return bool(consent.get("deniedConsentIds")) and consent.get("allowedConsentIds") == []
