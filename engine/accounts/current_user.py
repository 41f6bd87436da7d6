"""The user at work: who they are, and the roles that there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NewType

Role = Literal["viewer", "marketer", "admin"]
SessionId = NewType("SessionId", str)

ROLES: dict[Role, str] = {
    "viewer": "can view contacts, segments and rules",
    "marketer": "can edit and merge contacts, edit segments, import and export",
    "admin": "can do everything, including rules, fields, API keys, users and erasure",
}
"""The roles, each with what it may in a few words, from the least to the most."""

COMMAND_LINE = "command line"
"""The user id of commands: the command line has no account."""

NOT_SIGNED_IN = "not signed in"
"""The user id of a refused attempt to sign in."""


@dataclass(frozen=True)
class CurrentUser:
    """The signed-in user; `session` is unset for the command line and for API keys.

    `permissions` are all that an API key may do, whatever its role allows; unset for people.
    """

    id: str
    email: str
    name: str
    role: Role
    session: SessionId | None = None
    permissions: frozenset[str] | None = None
