"""Origins of web pages: those that a write key names, and that of a browser's request."""

from __future__ import annotations

import re
from collections.abc import Iterable

import idna

from engine.errors import Invalid

ANY_SUBDOMAIN = "*."
"""Before a host: all of its subdomains, and not the host itself."""

_PORTS = {"http": "80", "https": "443"}
"""The schemes, with the port that a browser leaves out."""

_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#@:\[\]]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?", re.I)


class InvalidOrigin(Invalid):
    """A text that is no origin; the message says what to write instead."""

    def __init__(self, text: str, reason: str) -> None:
        self.text = text
        super().__init__(f"“{text[:80]}” is no origin: {reason}")


def parse_origin(text: str) -> str:
    """Return an origin as a browser writes it, its host perhaps beginning with `*.`.

    A slash at its end, upper case, and the port that its scheme implies are dropped; letters beyond
    ASCII become punycode.  Raises InvalidOrigin.
    """
    typed = text.strip()
    if typed.lower() == "null":
        raise InvalidOrigin(typed, "browsers send it for files and sandboxed frames, which anybody can make")
    if "://" not in typed:
        raise InvalidOrigin(typed, f"write it with its scheme: https://{typed or 'shop.example'}")
    found = _ORIGIN.fullmatch(typed.removesuffix("/"))
    if found is None:
        raise InvalidOrigin(typed, "write scheme, host and port alone, without a path: https://shop.example")
    scheme, host, port = found[1].lower(), found[2], found[3]
    if scheme not in _PORTS:
        raise InvalidOrigin(typed, "its scheme must be https or http")
    if port is not None and not 0 < int(port) < 65_536:
        raise InvalidOrigin(typed, "a port is a number from 1 to 65535")
    named = "" if port is None or port == _PORTS[scheme] else f":{int(port)}"
    return f"{scheme}://{_host(host, typed)}{named}"


def is_allowed(origin: str, allowed: Iterable[str]) -> bool:
    """Whether a browser's `Origin` is one of those that `parse_origin` returned."""
    return any(_matches(origin.lower(), pattern) for pattern in allowed)


def _matches(origin: str, pattern: str) -> bool:
    scheme, wildcard, rest = pattern.partition(f"://{ANY_SUBDOMAIN}")
    if not wildcard:
        return origin == pattern
    return origin.startswith(f"{scheme}://") and origin.endswith(f".{rest}")


def _host(host: str, typed: str) -> str:
    if host.startswith("["):
        return host.lower()
    subdomains = ANY_SUBDOMAIN if host.startswith(ANY_SUBDOMAIN) else ""
    name = host.removeprefix(ANY_SUBDOMAIN)
    if "*" in name or (subdomains and "." not in name):
        raise InvalidOrigin(typed, "* stands for the subdomains of a domain alone: https://*.shop.example")
    try:
        return subdomains + idna.encode(name, uts46=True).decode().lower()
    except idna.IDNAError as error:
        raise InvalidOrigin(typed, f"its host is invalid: {error}") from None
