"""A small IMAP server for tests: the commands that a watched mailbox uses, over real sockets."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Folder:
    """Messages by UID, with their flags."""

    validity: int = 1
    messages: dict[int, bytes] = field(default_factory=dict)
    flags: dict[int, set[str]] = field(default_factory=dict)
    next_uid: int = 1

    def add(self, raw: bytes) -> int:
        uid, self.next_uid = self.next_uid, self.next_uid + 1
        self.messages[uid], self.flags[uid] = raw, set()
        return uid

    def renumber(self) -> None:
        """As after a restore from a backup: other UIDs under another UIDVALIDITY."""
        kept, self.messages, self.flags = list(self.messages.values()), {}, {}
        self.validity += 1
        for raw in kept:
            self.add(raw)


@dataclass
class ImapServer:
    """An account; `refuse` names commands that are answered NO, `break_at` one that ends the connection."""

    port: int
    password: str = "open sesame"
    folders: dict[str, Folder] = field(default_factory=lambda: {"INBOX": Folder()})
    capabilities: str = "IMAP4rev1 UIDPLUS MOVE"
    refuse: set[str] = field(default_factory=set)
    break_at: set[str] = field(default_factory=set)
    log: list[str] = field(default_factory=list)

    @property
    def inbox(self) -> Folder:
        return self.folders["INBOX"]


@contextmanager
def imap_server() -> Iterator[ImapServer]:
    """A server that listens on a free port of this machine."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            _Session(account, self).run()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        account = ImapServer(server.server_address[1])
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield account
        server.shutdown()


class _Session:
    """One connection."""

    def __init__(self, account: ImapServer, stream: Any) -> None:
        self.account, self.stream, self.folder = account, stream, Folder()

    def run(self) -> None:
        self.send("* OK ready")
        for line in iter(self.stream.rfile.readline, b""):
            tag, _, rest = line.decode().strip().partition(" ")
            words = re.findall(r'"(?:[^"\\]|\\.)*"|\([^)]*\)|\S+', rest)
            name = " ".join(words[:2]).upper() if words[0].upper() == "UID" else words[0].upper()
            self.account.log.append(name)
            if name in self.account.break_at:
                return
            if name in self.account.refuse:
                self.send(f"{tag} NO {name} is refused here")
                continue
            answer = getattr(self, "_" + name.lower().replace(" ", "_"))(*words[len(name.split()) :])
            self.send(f"{tag} {answer or 'OK done'}")
            if name == "LOGOUT":
                return

    def send(self, line: str | bytes) -> None:
        self.stream.wfile.write((line.encode() if isinstance(line, str) else line) + b"\r\n")

    def _capability(self) -> None:
        self.send(f"* CAPABILITY {self.account.capabilities}")

    def _login(self, _user: str, password: str) -> str | None:
        return None if password.strip('"') == self.account.password else "NO wrong user or password"

    def _select(self, name: str) -> str | None:
        if name.strip('"') not in self.account.folders:
            return "NO no such folder"
        self.folder = self.account.folders[name.strip('"')]
        self.send(f"* {len(self.folder.messages)} EXISTS")
        self.send(f"* OK [UIDVALIDITY {self.folder.validity}]")
        return None

    def _create(self, name: str) -> str | None:
        if name.strip('"') in self.account.folders:
            return "NO it is there"
        self.account.folders[name.strip('"')] = Folder()
        return None

    def _uid_search(self, _uid: str, span: str) -> None:
        least = int(span.partition(":")[0])
        found = [uid for uid in self.folder.messages if uid >= least] or list(self.folder.messages)[-1:]
        self.send("* SEARCH " + " ".join(map(str, found)))

    def _uid_fetch(self, uid: str, _what: str) -> None:
        raw = self.folder.messages.get(int(uid))
        if raw is not None:
            self.send(b"* 1 FETCH (UID %d BODY[]<0> {%d}\r\n%s)" % (int(uid), len(raw), raw))

    def _uid_store(self, uids: str, _how: str, flags: str) -> None:
        for uid in map(int, uids.split(",")):
            self.folder.flags[uid] |= set(flags.strip("()").split())

    def _uid_copy(self, uids: str, name: str) -> None:
        for uid in map(int, uids.split(",")):
            self.account.folders[name.strip('"')].add(self.folder.messages[uid])

    def _uid_expunge(self, uids: str) -> None:
        for uid in map(int, uids.split(",")):
            if r"\Deleted" in self.folder.flags[uid]:
                del self.folder.messages[uid]

    def _uid_move(self, uids: str, name: str) -> None:
        self._uid_copy(uids, name)
        for uid in map(int, uids.split(",")):
            del self.folder.messages[uid]

    def _noop(self) -> None:
        return None

    def _logout(self) -> None:
        self.send("* BYE")
