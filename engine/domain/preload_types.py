"""Types that msgspec converts rows into, inspected before threads can race over them."""

from __future__ import annotations

import msgspec


def preload(*types: type) -> None:
    """Make msgspec inspect types and the types of their fields now.

    By default it does so at the first conversion, without a lock: two threads that start
    with the same type at the same moment crash the process (msgspec 0.22).
    """
    for type_ in types:
        msgspec.msgpack.Decoder(type_)
