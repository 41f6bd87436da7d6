"""Secrets of shops, sealed: what a copy of the database shows is of no use without the key.

The key is SHEETS_SECRETS_KEY, or with the embedded servers a file of the data folder.  Several keys, with
commas between them, are one that seals and others that still open: so a key is replaced.
"""

from __future__ import annotations

import base64
import os
import secrets
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from engine.errors import Misconfigured
from engine.settings import SHORTEST_KEY, Instance, Settings, variable

FILE = "secrets.key"
"""The key of an embedded installation, in its data folder: only its user can read it."""

_VARIABLE = variable("secrets_key")

_NOT_SET = (
    f"{_VARIABLE} is not set: set it, the same for all processes, to {SHORTEST_KEY} random characters "
    "or more: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
)


class Sealer:
    """Seals texts and opens them.

    Parameters:
      keys(str): One key, or several with commas between them; the first seals.
    """

    def __init__(self, keys: str) -> None:
        self._sealing = MultiFernet([Fernet(_derived(key)) for key in keys.split(",") if key.strip()])

    def seal(self, text: str) -> str:
        """The text, encrypted and authenticated."""
        return self._sealing.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """The text that was sealed.  Raises Misconfigured if it was with another key."""
        try:
            return self._sealing.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise Misconfigured(
                f"a secret of a shop was sealed with another key: set {_VARIABLE} to that one, or to both "
                "(NEW,OLD), or enter the secret again under Settings, Shops"
            ) from None


def no_key() -> Sealer:
    """The sealer of an installation without a key.  Raises Misconfigured."""
    raise Misconfigured(_NOT_SET)


def sealer_of(settings: Settings, instance: Instance) -> Sealer:
    """The sealer of an installation; the key file of embedded servers is made if there is none.

    Raises Misconfigured where neither a key is set nor the servers are embedded.
    """
    if settings.secrets_key:
        return Sealer(settings.secrets_key)
    own = bool(settings.mongodb_uri) and settings.mongodb_uri == instance.mongodb_uri
    if own or instance.data_dir is None:
        raise Misconfigured(_NOT_SET)
    return Sealer(_key_in(instance.data_dir / FILE))


def _key_in(file: Path) -> str:
    """The key in a file; whole from the moment it is there, whatever other processes begin or die."""
    if not file.exists():
        own = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.write(secrets.token_urlsafe(32))
            opened.flush()
            os.fsync(opened.fileno())
        try:
            with suppress(FileExistsError):  # another process was first: its key counts
                os.link(own, file)
        finally:
            own.unlink()
    key = file.read_text().strip()
    if not key:
        raise Misconfigured(
            f"{file} is empty: restore it from a backup, or delete it and enter secrets again"
        )
    return key


def _derived(key: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"contact-sheets shop secrets")
    return base64.urlsafe_b64encode(derived.derive(key.strip().encode()))
