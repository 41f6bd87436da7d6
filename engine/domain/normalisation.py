"""The canonical form of trackers and identities, and the values that never identify."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from engine.domain.identities import IdentityKind
from engine.errors import InvalidIdentity

MAX_LENGTH = 256
"""Characters of a tracker or external id; a longer one is a bug at the sender's."""

PLACEHOLDERS = frozenset(
    {
        "null", "none", "nil", "undefined", "nan", "0", "-1", "unknown", "anonymous", "anon", "guest",
        "[object object]", "n/a", "na", "(null)", "(none)", "true", "false", "id", "userid",
        "user_id", "distinct_id", "anonymousid", "anonymous_id", "email", "not set", "(not set)",
        "00000000-0000-0000-0000-000000000000", "-", "_", "''", '""', "{}", "[]",
    }
)  # fmt: skip
"""Words that broken senders put where an id belongs, in lower case.  They would make
one contact of many people, so they never identify."""


def normalise(kind: IdentityKind, value: str, *, region: str) -> str:
    """Return the form in which values of a kind are compared; `region` reads national numbers.

    Raises InvalidIdentity.
    """
    match kind:
        case IdentityKind.EMAIL:
            return normalise_email(value)
        case IdentityKind.PHONE:
            return normalise_phone(value, region=region)
        case IdentityKind.EXTERNAL_ID | IdentityKind.TRACKER:
            return _plain(kind.event_field, value)


def normalise_tracker(value: str) -> str:
    """Return the tracker as given, trimmed; raise InvalidIdentity if it cannot be one."""
    return _plain("tracker", value)


def normalise_external_id(value: str) -> str:
    """Return the external id as given, trimmed; raise InvalidIdentity if it cannot be one."""
    return _plain("external_id", value)


_PLAIN_EMAIL = re.compile(
    r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+([A-Za-z]{2,63})"
)
"""Addresses that are valid without further validation: nearly all."""

_RESERVED = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)


@lru_cache(maxsize=65_536)
def normalise_email(value: str) -> str:
    """Return the form in which addresses are compared: trimmed, IDNA domain, lower case.

    The address as typed is for display and kept elsewhere.  Raises InvalidIdentity.
    """
    typed = value.strip()
    _refuse_placeholder("email", typed)
    if _is_plain_email(typed):  # ten times as fast, with the same answer
        return typed.lower()
    try:
        checked = validate_email(typed, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise InvalidIdentity("email", f"{typed[:80]!r} is no email address: {error}") from None
    return f"{checked.local_part}@{checked.ascii_domain}".lower()


@lru_cache(maxsize=65_536)
def normalise_phone(value: str, *, region: str) -> str:
    """Return the number as E.164 (`+34600123456`); `region` reads national numbers.

    Raises InvalidIdentity for what is no possible number.
    """
    typed = value.strip()
    _refuse_placeholder("phone", typed)
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException as error:
        raise InvalidIdentity("phone", f"{typed[:40]!r} is no phone number: {error}") from None
    if not phonenumbers.is_possible_number(number):
        raise InvalidIdentity("phone", f"{typed[:40]!r} is no possible number in {region}; write it as +…")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def country_code(region: str) -> int:
    """The country calling code of a region: 34 for ES; 0 for an unknown region."""
    return int(phonenumbers.country_code_for_region(region))


def _is_plain_email(typed: str) -> bool:
    found = _PLAIN_EMAIL.fullmatch(typed)
    if found is None or len(typed) > 254 or "--" in typed:
        return False
    return typed.index("@") <= 64 and found[1].lower() not in _RESERVED


def _plain(field: str, value: str) -> str:
    trimmed = value.strip()
    _refuse_placeholder(field, trimmed)
    if len(trimmed) > MAX_LENGTH:
        raise InvalidIdentity(field, f"has {len(trimmed)} characters; at most {MAX_LENGTH} are kept")
    if any(ord(character) < 32 for character in trimmed):
        raise InvalidIdentity(field, "has control characters; send plain text")
    return trimmed


def _refuse_placeholder(field: str, value: str) -> None:
    if not value:
        raise InvalidIdentity(field, "is blank; leave it out when there is none")
    if value.lower() in PLACEHOLDERS or not value.strip("0"):
        raise InvalidIdentity(field, f"{value[:40]!r} is a placeholder and identifies nobody; leave it out")
