"""The names of our cookies: under https a browser ties those with `__Host-` to this very host."""

from __future__ import annotations

from collections.abc import Mapping

SESSION = "sheets_session"
KNOWN = "sheets_browser"
"""The cookie of a browser that was signed in before."""

FORM = "sheets_form"
"""The cookie whose token a form carries, too."""

_HOST = "__Host-"


def name_of(cookie: str, *, secure: bool) -> str:
    """Return the name that a cookie has on the wire.

    `__Host-` cookies are of this host, of all its paths and of https alone: no other host of the same
    domain can set one (RFC 6265bis, 4.1.3.2).
    """
    return f"{_HOST}{cookie}" if secure else cookie


def value_of(cookies: Mapping[str, str], cookie: str, *, secure: bool) -> str | None:
    """Return the value of a cookie of a request; unset if it has none."""
    return cookies.get(name_of(cookie, secure=secure))
