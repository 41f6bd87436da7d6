"""The canonical form of trackers and identities, and the values that never identify."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import phonenumbers
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from engine.domain.identity.blanks import trimmed, visible
from engine.domain.identity.identities import IdentityKind
from engine.errors import InvalidIdentity

MAX_LENGTH = 256
"""Characters of a tracker or external id; a longer one is a bug at the sender's."""

_WORDS = frozenset(
    {
        "null", "none", "nil", "undefined", "nan", "na", "nd", "inf", "infinity", "unknown", "anonymous",
        "anon", "guest", "visitor", "unidentified", "notset", "notavailable", "notauthenticated",
        "notprovided", "empty", "true", "false", "objectobject", "objectundefined", "objectnull",
        "undefinedundefined", "id", "uid", "guid", "uuid", "userid", "username", "customerid",
        "customernumber", "clientid", "contactid", "externalid", "distinctid", "anonymousid", "visitorid",
        "trackerid", "email", "mail", "emailaddress", "phone", "phonenumber", "mobile", "mobilephone",
    }
)  # fmt: skip
"""Words that broken senders put where an id belongs, in lower case, without spaces and punctuation."""

_QUOTES = "\"'`´‘’‚‛“”„‟«»‹›′″‵‶「」『』〝〞〟\\"  # noqa: RUF001  quotes of all kinds
_WRAPPING = _QUOTES + "()[]{}<> \t\r\n"
_SEPARATORS = str.maketrans(dict.fromkeys(_QUOTES + "!#$%&()*+,-./:;<=>?[]^_{|}~ \t\r\n"))
"""What may surround or part a placeholder's words.  (No `@`: `g@ue.st` is an address.)"""

_ZERO = re.compile(r"[-+]?(?:0x0+|[0.,\-]*0[0.,\-]*(?:e[-+]?\d+)?)")
"""Nought in any notation: `0`, `0.0`, `000`, `-0`, `0e0`, and an id of noughts alone."""

_TEMPLATE = re.compile(
    r"\{\{.*?\}\}|\$\{.*?\}|\#\{.*?\}|<%.*?%>|\{%.*?%\}|\[\[.*?\]\]|\*\|.*?\|\*|%%.*?%%", re.DOTALL
)
"""Templates that nothing has filled, which may stand within a value."""

_VARIABLE = re.compile(r"\{[a-z_$][\w.$ -]*\}|%[a-z_][\w. -]*%|<[a-z_][\w. -]*>|\[[a-z_][\w. -]*\]")
"""Templates in marks that an id may have, too: they are one only if they are the whole value."""

_GUID = re.compile(r"[{<\[][0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}[]>}]")


@lru_cache(maxsize=65_536)
def is_placeholder(value: str) -> bool:
    """Whether a value stands for none: `null`, `guest`, `0.0`, `{{user_id}}`, in any case, width or quotes.

    Such values would make one contact of many people, so they never identify.  A blank is none.
    """
    if len(value) > MAX_LENGTH:
        return False
    folded = unicodedata.normalize("NFKC", visible(value)).casefold()
    bare = folded.strip(_WRAPPING)
    if not folded:
        return False
    if bare == "-1" or _ZERO.fullmatch(bare) or _TEMPLATE.search(folded):
        return True
    word = folded.translate(_SEPARATORS)
    return not word or word in _WORDS or _is_variable(folded.strip(_QUOTES))


def _is_variable(folded: str) -> bool:
    return _VARIABLE.fullmatch(folded) is not None and _GUID.fullmatch(folded) is None


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

    Invisible characters, which copying an address brings along, are taken off.  The address as
    typed is for display and kept elsewhere.  Raises InvalidIdentity.
    """
    typed = visible(value)
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
    typed = visible(value)
    _refuse_placeholder("phone", typed)
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException as error:
        raise InvalidIdentity("phone", f"{typed[:40]!r} is no phone number: {error}") from None
    if not phonenumbers.is_possible_number(number):
        raise InvalidIdentity("phone", f"{typed[:40]!r} is no possible number in {region}; write it as +…")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


@lru_cache(maxsize=65_536)
def normalise_phone_of(value: str, *, region: str) -> str:
    """Return the number as E.164; without a country code it has to be a valid number of `region`.

    A number of digits that a file has lost the country of is thus not given to another country's person.
    Raises InvalidIdentity.
    """
    found = normalise_phone(value, region=region)
    number = phonenumbers.parse(visible(value), region, keep_raw_input=True)
    is_complete = number.country_code_source in _WITH_COUNTRY
    if not is_complete and not phonenumbers.is_valid_number(number):
        what = f"{visible(value)[:40]!r} is no valid number in {region}; write it as +…"
        raise InvalidIdentity("phone", what)
    return found


_WITH_COUNTRY = frozenset(
    {
        phonenumbers.CountryCodeSource.FROM_NUMBER_WITH_PLUS_SIGN,
        phonenumbers.CountryCodeSource.FROM_NUMBER_WITH_IDD,
    }
)


def country_code(region: str) -> int:
    """The country calling code of a region: 34 for ES; 0 for an unknown region."""
    return int(phonenumbers.country_code_for_region(region))


def _is_plain_email(typed: str) -> bool:
    found = _PLAIN_EMAIL.fullmatch(typed)
    if found is None or len(typed) > 254 or "--" in typed:
        return False
    return typed.index("@") <= 64 and found[1].lower() not in _RESERVED


def _plain(field: str, value: str) -> str:
    kept = trimmed(value)
    _refuse_placeholder(field, kept)
    if len(kept) > MAX_LENGTH:
        raise InvalidIdentity(field, f"has {len(kept)} characters; at most {MAX_LENGTH} are kept")
    if any(ord(character) < 32 for character in kept):
        raise InvalidIdentity(field, "has control characters; send plain text")
    return kept


def _refuse_placeholder(field: str, value: str) -> None:
    if not value:
        raise InvalidIdentity(field, "is blank; leave it out when there is none")
    if is_placeholder(value):
        raise InvalidIdentity(field, f"{value[:40]!r} is a placeholder and identifies nobody; leave it out")
