"""The links that the shop's sender puts into its mails and messages.

A link in a mail works for as long as the mail may be kept.  It unsubscribes without an end; to
subscribe with it, or to see more than that, it must not be older than FULL_FOR.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from engine.domain.activities import ActivityId, ContactId
from engine.domain.preferences import Preferences
from engine.domain.signed_links import Purpose, Token, secrets_of, sign

NEWSLETTER = "newsletter"
"""The subscription that one click on a link ends where none is named."""

FULL_FOR = timedelta(days=730)
"""For how long a link can do everything; an older one can only unsubscribe."""

PATH = "preferences"
CONFIRM_PATH = "confirm"


def preference_link(
    contact: ContactId,
    preferences: Preferences,
    environment: Mapping[str, str],
    *,
    now: datetime,
    subscription: str = NEWSLETTER,
) -> str:
    """Return the address of a contact's preference page, which is also its one-click unsubscription.

    `subscription` is what one click ends: `newsletter`, `sms` or `topic_…`.  The address is the same all
    day.  Raises UnusableSecret.
    """
    day = int(now.timestamp()) // 86_400 * 86_400
    token = Token(Purpose.PREFERENCES, contact, day, subscription=subscription)
    return _address(preferences, PATH, token, environment)


def list_unsubscribe(link: str) -> dict[str, str]:
    """Return the headers by which mail programs offer to unsubscribe by one click (RFC 8058)."""
    return {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def confirmation_link(
    contact: ContactId,
    preferences: Preferences,
    environment: Mapping[str, str],
    *,
    subscription: str,
    request: ActivityId,
    address: str,
    asked_at: datetime,
    expires_at: datetime,
) -> str:
    """Return the address that confirms a subscription, sent to `address`.

    `request` is the activity that asked for it.  Raises UnusableSecret.
    """
    token = Token(
        Purpose.CONFIRM,
        contact,
        int(asked_at.timestamp()),
        int(expires_at.timestamp()),
        subscription,
        (request, address_mark(address)),
    )
    return _address(preferences, CONFIRM_PATH, token, environment)


def address_mark(address: str) -> str:
    """Return a mark by which an address is recognised, and which does not tell it."""
    return hashlib.blake2b(address.encode(), digest_size=6).hexdigest()


def _address(preferences: Preferences, path: str, token: Token, environment: Mapping[str, str]) -> str:
    return f"{preferences.url}/{path}/{sign(token, secrets_of(preferences.secrets, environment))}"
