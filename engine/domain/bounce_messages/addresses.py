"""Addresses as notices write them."""

from __future__ import annotations

import re

ADDRESS = re.compile(
    r"""[\w!#$%&'*+/=?^`{|}~.-]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}(?:[^\W\d_]{2,24}|xn--[\w-]{2,30})\b"""
)
"""An email address in a text: what may stand before the @, and a domain with at least one dot."""

_HEX = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_XTEXT = re.compile(r"\+([0-9A-F]{2})")


def address_in(field: str) -> str:
    """The address of a field of a delivery status: `rfc822; <a@b.example>`; empty if it has none.

    Decodes `utf-8` addresses (RFC 6533) and xtext (RFC 3461).
    """
    kind, semicolon, value = field.partition(";")
    value = value if semicolon else kind
    if kind.strip().lower() == "utf-8":
        value = _HEX.sub(_character, value)
    found = _address(value)
    if not found and _XTEXT.search(value):
        found = _address(_XTEXT.sub(lambda code: chr(int(code[1], 16)), value))
    return found


def addresses_in(text: str) -> list[str]:
    """All addresses of a text, each once, in their order."""
    found = (
        re.sub(r"(?i)^(?:smtp|rfc822)=", "", address).strip("'`.*=") for address in ADDRESS.findall(text)
    )
    return list(dict.fromkeys(address for address in found if address.split("@")[0]))


def _address(value: str) -> str:
    quoted = re.search(r'"[^"\r\n]{1,64}"@[\w.-]{1,255}', value)
    if quoted:
        return quoted[0]
    return next(iter(addresses_in(re.sub(r"(?i)^\W{0,3}(?:smtp|mailto|rfc822):", "", value.strip()))), "")


def _character(code: re.Match[str]) -> str:
    number = int(code[1], 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else ""
