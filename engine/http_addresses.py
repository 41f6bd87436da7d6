"""Network addresses: those of a host, and which of them are of the public internet."""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
from collections.abc import Sequence

from engine.errors import Misconfigured

_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""IPv4 addresses as IPv6 ones (RFC 6052)."""

_SPECIAL = tuple(map(ipaddress.ip_network, ("fec0::/10", "3fff::/20", "192.0.0.0/24", "192.88.99.0/24")))
"""Networks that Python takes for global, and that the IANA does not: site-local, documentation, relays."""


class AddressNotAllowed(Misconfigured):
    """A host whose addresses are not of the public internet, and may not be connected to."""

    def __init__(self, host: str, addresses: Sequence[str]) -> None:
        self.host = host
        self.addresses = tuple(addresses)
        super().__init__(
            f"{host} is at {', '.join(addresses) or 'no address'}, which is not an address of the public "
            "internet; if it is a server of your own, set SHEETS_ALLOW_PRIVATE_ADDRESSES=true"
        )


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet.

    Not public are loopback, private, link-local (cloud metadata), shared, multicast and reserved ones, also
    where an IPv6 address stands for one of them.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = _inner(ip)
        if inner is not None:
            return is_public(str(inner))
    special = any(ip in network for network in _SPECIAL)
    return ip.is_global and not special and not ip.is_multicast and not ip.is_reserved


def _inner(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address leads to."""
    if ip in _TRANSLATED:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    teredo = ip.teredo
    return ip.ipv4_mapped or ip.sixtofour or (teredo[1] if teredo else None)


def resolved(host: str, port: int, within: float) -> list[str]:
    """The addresses of a host, in the system's order.

    Raises OSError if there are none, and TimeoutError: the system's resolver has no deadline, so it is
    asked in a thread of its own.
    """
    answer: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.put(list(dict.fromkeys(str(row[4][0]) for row in found)))
        except OSError as error:
            answer.put(error)
        except UnicodeError:
            answer.put(OSError("the host name is not valid"))

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    try:
        result = answer.get(timeout=within)
    except queue.Empty:
        raise TimeoutError(f"{host} was not resolved in time") from None
    if isinstance(result, OSError):
        raise result
    return result
