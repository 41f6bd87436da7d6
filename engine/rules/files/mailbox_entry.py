"""A mailbox of settings.yaml that is watched for mail that came back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.domain.rulebook import BounceMailbox
from engine.domain.webhook_secrets import variable_of
from engine.rules.language.entries import TEXT, Entry, Key, choice, identifier, text
from engine.rules.language.nodes import Node

if TYPE_CHECKING:
    from engine.rules.files.settings_file import SettingsFile

PORTS: Mapping[str, int] = {"tls": 993, "starttls": 143, "none": 143}
"""How the connection is encrypted, and the port for it."""

_OF_IMAP = ("port", "security", "user", "password", "folder")


def _port(node: Node, key: str) -> int:
    value = node.raw(key)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 < value < 65_536):
        return int(value or 0)
    node.fail(f"`{key}` must be a number from 1 to 65535", key)
    return 0


def _variable(node: Node, key: str) -> str:
    written = node.text(key, default="")
    name = variable_of(written)
    if written and name is None:
        node.fail(f"`{key}` must be $ and the name of an environment variable, such as $IMAP_PASSWORD", key)
    return name or ""


def _folder(default: str, about: str) -> Key[str]:
    def read(node: Node, key: str) -> str:
        name = node.text(key, default=default)
        if not (name.isascii() and name.isprintable()):
            node.fail(f"`{key}` must be the folder's name as the server writes it, in plain ASCII", key)
        return name

    return Key(about, read, TEXT)


class MailboxEntry(Entry):
    id = identifier("What pages and commands call it.")
    path = text("A Maildir or an mbox file on the scheduler's machine.", default="")
    host = text("An IMAP server.", default="")
    port = Key("Its port; without it, 993, or 143 without TLS.", _port, {"type": "integer"})
    security = choice(
        "How the connection to it is encrypted: `none` only within a network of your own.",
        tuple(PORTS),
        default="tls",
    )
    user = text("The user of the mailbox there.", default="")
    password = Key("The environment variable with the password, as $NAME.", _variable, TEXT)
    folder = _folder("INBOX", "The folder that is read; without it, INBOX.")
    move_to = _folder(
        "", "The folder for what was read; without it, `processed` of a Maildir, and IMAP marks it as read."
    )


def read_mailboxes(file: SettingsFile) -> tuple[BounceMailbox, ...]:
    """The mailboxes that are watched."""
    found: dict[str, BounceMailbox] = {}
    for entry in file.bounce_mailboxes:
        _check(entry)
        if entry.id in found:
            entry.node.fail(f"another mailbox has the id {entry.id!r}", "id")
        found[entry.id] = BounceMailbox(
            id=entry.id,
            path=entry.path,
            host=entry.host,
            port=entry.port or PORTS.get(entry.security, 0),
            security=entry.security,
            user=entry.user,
            password=entry.password,
            folder=entry.folder,
            move_to=entry.move_to,
        )
    return tuple(found.values())


def _check(entry: MailboxEntry) -> None:
    """Report a mailbox that is neither a path nor a complete account."""
    if bool(entry.path) == bool(entry.host):
        entry.node.fail("write either `path`, of a Maildir or mbox file, or `host`, of an IMAP server")
    elif entry.path and "/" in entry.move_to:
        entry.node.fail("`move_to` must be the name of a subfolder of the Maildir, without `/`", "move_to")
    elif entry.path:
        for key in _OF_IMAP:
            if key in entry.node:
                entry.node.fail(f"`{key}` belongs to an IMAP server: with `path` leave it out", key)
    elif not (entry.user and entry.password):
        entry.node.fail("an IMAP mailbox needs `user`, and `password` as $NAME")
