"""Types that msgspec reads rows into, learned before threads can meet over them."""

from __future__ import annotations

import msgspec


def learn(*types: type) -> None:
    """Let msgspec look at types, and at all that they hold, now.

    Left alone it does so when it first reads one, and holds no lock meanwhile: two threads
    that begin with the same type at the same moment crash the process (msgspec 0.22).
    """
    for type_ in types:
        msgspec.msgpack.Decoder(type_)
