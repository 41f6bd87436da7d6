"""The keys by which duplicates are found, as expressions of MongoDB: of emails and of phone numbers.

Emails are compared without dots and plus-tags, phone numbers by their last digits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.domain.document import Document

COMMON_PROVIDERS = (
    "gmail.com", "hotmail.com", "outlook.com", "yahoo.com", "icloud.com", "live.com", "aol.com",
    "proton.me", "protonmail.com", "gmx.de", "gmx.net", "web.de", "t-online.de", "hotmail.es", "yahoo.es",
    "hotmail.fr", "yahoo.fr", "orange.fr", "libero.it", "hotmail.it", "yahoo.co.uk", "hotmail.co.uk",
)  # fmt: skip
"""Domains of which a domain that differs in one letter is a typing error."""

SAME_PROVIDER = {"googlemail.com": "gmail.com"}
"""Domains that are other names of the same provider."""

PHONE_FIELDS = ("phone", "mobile", "mobile_phone", "telephone", "tel", "phone_number", "cell")
"""Custom fields in which shops keep a phone number that identifies nobody."""

PHONE_DIGITS = 9
"""The last digits by which phone numbers are compared: without the country and the trunk prefix."""


def typing_error_of(domain: str) -> str | None:
    """Return the common provider of which a domain is a typing error by one letter, if any."""
    if domain in COMMON_PROVIDERS or domain in SAME_PROVIDER:
        return None
    return next((provider for provider in COMMON_PROVIDERS if is_one_edit(domain, provider)), None)


def is_one_edit(one: str, other: str) -> bool:
    """Return whether two texts differ by one letter: changed, added, left out, or swapped with the next."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    start = _common(one, other)
    one, other = one[start:], other[start:]
    end = _common(one[::-1], other[::-1])
    one, other = one[: len(one) - end], other[: len(other) - end]
    return max(len(one), len(other)) == 1 or (len(one) == 2 and one == other[::-1])


def _common(one: str, other: str) -> int:
    """The number of letters with which two texts begin alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def email_key(email: object, typing_errors: Mapping[str, str]) -> Document:
    """Return the expression of an email's key; `typing_errors` maps domains to the ones that were meant."""
    parts: Document = {"$split": [email, "@"]}
    local: Document = {"$arrayElemAt": [{"$split": [{"$arrayElemAt": [parts, 0]}, "+"]}, 0]}
    domain = _replaced({"$arrayElemAt": [parts, -1]}, {**typing_errors, **SAME_PROVIDER})
    return {"$concat": [{"$replaceAll": {"input": local, "find": ".", "replacement": ""}}, "@", domain]}


def _replaced(value: object, by: Mapping[str, str]) -> Document:
    """The expression of a value, replaced if it is a key of a mapping."""
    return {
        "$let": {
            "vars": {"value": value, "place": {"$indexOfArray": [list(by), value]}},
            "in": {
                "$cond": [
                    {"$gte": ["$$place", 0]},
                    {"$arrayElemAt": [list(by.values()), "$$place"]},
                    "$$value",
                ]
            },
        }
    }


def phones() -> Document:
    """Return the expression of all phone numbers of a contact: its own, former ones, and custom fields."""
    former = {
        "$map": {
            "input": {
                "$filter": {
                    "input": {"$ifNull": ["$former", []]},
                    "cond": {"$eq": [{"$substrCP": ["$$this", 0, 2]}, "p:"]},
                }
            },
            "in": {"$substrCP": ["$$this", 2, {"$strLenCP": "$$this"}]},
        }
    }
    custom = [{"$toString": {"$ifNull": [_scalar(f"$custom.{name}"), ""]}} for name in PHONE_FIELDS]
    own = {"$ifNull": ["$mobile_phone", ""]}
    return {
        "$setUnion": [
            {"$map": {"input": [own, *custom], "in": _last_digits("$$this")}},
            {"$map": {"input": former, "in": _last_digits("$$this")}},
        ]
    }


def _scalar(path: str) -> Document:
    """A text or number; null for a list or an object."""
    return {"$cond": [{"$in": [{"$type": path}, ["string", "int", "long", "double"]]}, path, None]}


def _last_digits(text: object) -> Document:
    """The expression of the last digits of a text without its separators; empty if there are too few."""
    plain: object = text
    for separator in (" ", "-", "(", ")", ".", "/", "+"):
        plain = {"$replaceAll": {"input": plain, "find": separator, "replacement": ""}}
    size = {"$strLenCP": "$$plain"}
    return {
        "$let": {
            "vars": {"plain": plain},
            "in": {
                "$cond": [
                    {"$gte": [size, PHONE_DIGITS]},
                    {"$substrCP": ["$$plain", {"$subtract": [size, PHONE_DIGITS]}, PHONE_DIGITS]},
                    "",
                ]
            },
        }
    }


def known_errors(domains: Iterable[str], *, limit: int) -> dict[str, str]:
    """Return the domains that are typing errors with the ones that were meant, `limit` at most."""
    found: dict[str, str] = {}
    for domain in domains:
        meant = typing_error_of(domain)
        if meant is not None and len(found) < limit:
            found[domain] = meant
    return found
