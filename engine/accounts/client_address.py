"""The address of a request's client, behind any number of our own proxies."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address, ip_network

NETWORK = 64
"""Leading bits of an IPv6 address that count: the holder of one address has its whole network."""

_WITH_PORT = re.compile(r"\[(.+)\](?::\d+)?|([\d.]+):\d+")


def client_address(peer: str, forwarded: Iterable[str], *, proxies: int) -> str | None:
    """Return the public address that `proxies` of our own stand before; unset for a private one.

    `peer` is the connection's, `forwarded` are the values of X-Forwarded-For.  Each of our proxies
    adds the one that it is connected with at the end; what stands before these anybody may have
    written, and it is ignored.  A private address is no visitor of a shop but a proxy or a machine
    of ours.
    """
    return _public(behind_proxies(peer, forwarded, proxies=proxies))


def behind_proxies(peer: str, forwarded: Iterable[str], *, proxies: int) -> str:
    """Return the address, without its port, that `proxies` of our own stand before, private or not."""
    chain = [part for value in forwarded for part in value.split(",")] if proxies else []
    chain.append(peer)
    text = chain[max(0, len(chain) - 1 - proxies)].strip()
    found = _WITH_PORT.fullmatch(text)
    return (found[1] or found[2]) if found else text


def _public(text: str) -> str | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    if not address.is_global:
        return None
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address), NETWORK), strict=False))
    return str(address)
