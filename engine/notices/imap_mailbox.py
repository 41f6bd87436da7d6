"""A folder of an IMAP server: read by UIDs, which say from where to go on."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from engine.domain.bounce_messages import MAX_BYTES
from engine.domain.rulebook import BounceMailbox
from engine.domain.webhook_secrets import is_set
from engine.notices.mailboxes import Message, OpenMailbox, State, UnreadableMailbox

TIMEOUT = 30.0
"""Seconds without an answer after which a server counts as away."""


@contextmanager
def open_imap(mailbox: BounceMailbox, state: State, environment: Mapping[str, str]) -> Iterator[OpenMailbox]:
    """The folder of an account.  Raises UnreadableMailbox."""
    if not is_set(mailbox.password, environment):
        raise UnreadableMailbox(
            f"${mailbox.password}, its password, is not set in the scheduler's environment"
        )
    server: imaplib.IMAP4 | None = None
    try:
        server = _connected(mailbox)
        server.login(mailbox.user, environment[mailbox.password])
        yield _Folder.selected(server, mailbox, state)
    except imaplib.IMAP4.error as error:
        raise UnreadableMailbox(f"{mailbox.host}: {_words(error)}") from None
    except OSError as error:
        raise UnreadableMailbox(f"{mailbox.host}:{mailbox.port}: {error.strerror or error}") from None
    finally:
        if server is not None:
            with suppress(imaplib.IMAP4.error, OSError):
                server.logout()


def _connected(mailbox: BounceMailbox) -> imaplib.IMAP4:
    context = ssl.create_default_context()
    if mailbox.security == "tls":
        return imaplib.IMAP4_SSL(mailbox.host, mailbox.port, ssl_context=context, timeout=TIMEOUT)
    server = imaplib.IMAP4(mailbox.host, mailbox.port, timeout=TIMEOUT)
    if mailbox.security == "starttls":
        server.starttls(context)
    return server


@dataclass
class _Folder:
    """The messages after the last UID that was read; with another UIDVALIDITY all are read anew."""

    server: imaplib.IMAP4
    mailbox: BounceMailbox
    validity: str
    last: int
    _made: bool = field(default=False, init=False)

    @classmethod
    def selected(cls, server: imaplib.IMAP4, mailbox: BounceMailbox, state: State) -> _Folder:
        _done(server.select(_quoted(mailbox.folder)))
        _, answer = server.response("UIDVALIDITY")
        validity = (answer[0] or b"").decode() if answer else ""
        last = state.get("uid", 0) if validity and state.get("validity") == validity else 0
        return cls(server, mailbox, validity, last)

    def unread(self) -> Iterator[Message]:
        answer = _done(self.server.uid("SEARCH", "UID", f"{self.last + 1}:*"))
        uids = sorted(int(uid) for uid in (answer[0] or b"").split())
        for uid in uids:
            if uid <= self.last:  # `n:*` is the last message at least, however old
                continue
            raw = _body(_done(self.server.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{MAX_BYTES}>)")))
            if raw is not None:  # deleted meanwhile
                yield Message(uid, raw)

    def settle(self, messages: Sequence[Message]) -> State:
        uids = ",".join(str(message.ref) for message in messages)
        if self.mailbox.move_to:
            self._move(uids)
        else:
            _done(self.server.uid("STORE", uids, "+FLAGS.SILENT", r"(\Seen)"))
        return {"validity": self.validity, "uid": messages[-1].ref}

    def _move(self, uids: str) -> None:
        target = _quoted(self.mailbox.move_to)
        if not self._made:
            self.server.create(target)  # answers NO if it is there
            self._made = True
        if "MOVE" in self.server.capabilities:
            _done(self.server.uid("MOVE", uids, target))
            return
        _done(self.server.uid("COPY", uids, target))
        _done(self.server.uid("STORE", uids, "+FLAGS.SILENT", r"(\Seen \Deleted)"))
        if "UIDPLUS" in self.server.capabilities:
            _done(self.server.uid("EXPUNGE", uids))


def _body(answer: list[Any]) -> bytes | None:
    return next((part[1] for part in answer if isinstance(part, tuple) and len(part) > 1), None)


def _done(answer: tuple[str, list[Any]]) -> list[Any]:
    """The data of an answer.  Raises IMAP4.error if the server refuses."""
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(data[0] if data else status)
    return data


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _words(error: Exception) -> str:
    """What a server answered, as text."""
    first = error.args[0] if error.args else ""
    text = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
    return re.sub(r"^b['\"](.*)['\"]$", r"\1", text)[:300] or type(error).__name__
