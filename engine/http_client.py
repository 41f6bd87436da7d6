"""Requests to servers of others: shops' APIs, and receivers of webhooks.

The addresses come from users, so each request is guarded:

- Only http and https.  Loopback, private, link-local and other addresses that are not of the public
  internet are refused unless the operator allows them.  The resolved address that was checked is the one
  that is connected to, so a name cannot lead elsewhere in between; TLS still verifies the name.
- One deadline for the whole exchange, so that a server that drips holds nothing up; a body of bounded size.
- A redirect is followed for GET alone, and only to the same host; any other is the caller's to judge.

It is made of `http.client`: the libraries around it bound single reads and hide the socket that is connected.
"""

from __future__ import annotations

import http.client
import io
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urljoin, urlsplit

from engine.errors import Invalid, LimitExceeded, Unavailable
from engine.http_addresses import AddressNotAllowed, is_public, resolved

DEADLINE = 10.0
"""Seconds for a whole exchange: resolving, connecting, sending and reading."""

MAX_BODY = 10_000_000
"""Bytes of a response's body."""

MAX_REDIRECTS = 3
"""Redirects within one host that are followed for one request."""

CHUNK = 65_536

_REDIRECTS = frozenset({301, 302, 303, 307, 308})

_UNSAFE = re.compile(r"[\x00-\x20\x7f]")

Resolve = Callable[[str, int, float], Sequence[str]]
"""The addresses of a host and port, resolved within so many seconds."""


class NoResponse(Unavailable):
    """A server that cannot be reached, breaks the connection off, takes too long, or does not speak HTTP."""

    def __init__(self, host: str, reason: str) -> None:
        self.host = host
        self.reason = reason
        super().__init__(f"{host}: {reason}")


class InvalidAddress(Invalid):
    """A web address that no request can be made to."""

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        super().__init__(f"{url[:200]!r} {reason}")


class ResponseTooLarge(LimitExceeded):
    """A response with a body over the limit."""


@dataclass(frozen=True)
class Response:
    """A response, read whole; the names of `headers` are in lower case."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx: a redirect that was not followed has done nothing."""
        return 200 <= self.status < 300


@dataclass(frozen=True, kw_only=True)
class HttpClient:
    """Makes guarded requests; holds no state, so threads may share it.

    Parameters:
      allow_private: Whether addresses outside of the public internet may be connected to.
      deadline: Seconds for a whole exchange.
      max_body: Bytes of a response's body.
      resolve: Resolves a host.
      tls: What certificates are verified with; unset: the system's authorities.
    """

    allow_private: bool = False
    deadline: float = DEADLINE
    max_body: int = MAX_BODY
    resolve: Resolve = resolved
    tls: ssl.SSLContext | None = field(default=None, compare=False)

    def get(self, url: str, headers: Mapping[str, str] = {}) -> Response:
        """GET, with redirects followed within the host.  Raises as `request`."""
        deadline = Deadline(self.deadline)
        for _ in range(MAX_REDIRECTS + 1):
            response = self._exchange("GET", _checked(url), headers, None, deadline)
            target = urljoin(url, response.headers.get("location", ""))
            if response.status not in _REDIRECTS or not _is_within(target, url):
                return response
            url = target
        raise NoResponse(_host(_checked(url)), f"more than {MAX_REDIRECTS} redirects")

    def post(self, url: str, body: bytes, headers: Mapping[str, str] = {}) -> Response:
        """POST; redirects are returned.

        Raises InvalidAddress, AddressNotAllowed, NoResponse and ResponseTooLarge.
        """
        return self._exchange("POST", _checked(url), headers, body, Deadline(self.deadline))

    def deliver(self, url: str, body: bytes, headers: Mapping[str, str] = {}) -> Response:
        """POST what needs no response but its status: the body of that is not read.  Raises as `post`."""
        return self._exchange("POST", _checked(url), headers, body, Deadline(self.deadline), read=_head)

    def _exchange(
        self,
        method: str,
        at: SplitResult,
        headers: Mapping[str, str],
        body: bytes | None,
        deadline: Deadline,
        *,
        read: Callable[[http.client.HTTPResponse], Response] | None = None,
    ) -> Response:
        host = _host(at)
        connection = self._connection(at, deadline)
        try:
            connection.request(method, _target(at), body, {"Connection": "close", **headers})
            response = connection.getresponse()
            return self._read(response, host) if read is None else read(response)
        except ssl.SSLCertVerificationError as error:
            raise NoResponse(host, f"its certificate is not valid: {error.verify_message}") from None
        except TimeoutError:
            raise NoResponse(host, f"did not respond within {self.deadline:g} seconds") from None
        except http.client.RemoteDisconnected:
            raise NoResponse(host, "closed the connection without a response") from None
        except http.client.HTTPException as error:
            raise NoResponse(host, f"its response is not valid HTTP ({_words(error)})") from None
        except ValueError as error:  # what `http.client` refuses to send
            raise InvalidAddress(at.geturl(), f"cannot be sent: {error}") from None
        except OSError as error:
            raise NoResponse(host, f"the connection failed ({_words(error)})") from None
        finally:
            connection.close()

    def _connection(self, at: SplitResult, deadline: Deadline) -> http.client.HTTPConnection:
        host, port = _host(at), at.port or (443 if at.scheme == "https" else 80)
        tls = self._tls() if at.scheme == "https" else None

        def connect() -> socket.socket:
            found = self.resolve(host, port, deadline.left())
            allowed = [address for address in found if self.allow_private or is_public(address)]
            if not allowed:
                raise AddressNotAllowed(host, found)
            connected = _connected(allowed, port, deadline)
            connected.settimeout(deadline.left())
            return connected if tls is None else tls.wrap_socket(connected, server_hostname=host)

        return _Connection(host, port, connect, deadline, shown_port=at.port)

    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context() if self.tls is None else self.tls

    def _read(self, response: http.client.HTTPResponse, host: str) -> Response:
        body = response.read(self.max_body + 1)
        if len(body) > self.max_body:
            raise ResponseTooLarge(f"{host}: the response has more than {self.max_body:,} bytes")
        if response.length:
            raise NoResponse(host, f"the connection broke {response.length} bytes before the end")
        return _head(response, body)


def _head(response: http.client.HTTPResponse, body: bytes = b"") -> Response:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Response(response.status, response.reason, headers, body)


class Deadline:
    """The end of an exchange.

    Parameters:
      seconds(float): From now.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """The seconds that are left, never nought.  Raises TimeoutError."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        return left


class _Connection(http.client.HTTPConnection):
    """A connection whose socket `open_` makes and whose every read and write ends by the deadline."""

    def __init__(
        self,
        host: str,
        port: int,
        open_: Callable[[], socket.socket],
        deadline: Deadline,
        *,
        shown_port: int | None,
    ) -> None:
        super().__init__(host, port)
        self._open, self._deadline = open_, deadline
        if shown_port is None:
            self.default_port = port  # of https: then `Host` has no port

    def connect(self) -> None:
        self.sock = _Paced(self._open(), self._deadline)


class _Paced:
    """What `http.client` uses of a socket, each call bounded by the time that is left."""

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket, self._deadline = connected, deadline

    def sendall(self, data: bytes) -> None:
        for start in range(0, len(data), CHUNK):
            self._socket.settimeout(self._deadline.left())
            self._socket.sendall(data[start : start + CHUNK])

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_PacedReader(self._socket, self._deadline))

    def close(self) -> None:
        self._socket.close()


class _PacedReader(io.RawIOBase):
    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        super().__init__()
        self._socket, self._deadline = connected, deadline
        self._raw = connected.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, into: memoryview, /) -> int | None:  # type: ignore[override]
        self._socket.settimeout(self._deadline.left())
        return self._raw.readinto(into)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _connected(addresses: Sequence[str], port: int, deadline: Deadline) -> socket.socket:
    """Connect to the first address that accepts, each with its share of the time.  Raises OSError."""
    for position, address in enumerate(addresses, 1):
        share = deadline.left() / (len(addresses) - position + 1)
        try:
            return socket.create_connection((address, port), timeout=share)
        except OSError:
            if position == len(addresses):
                raise
    raise OSError("there is no address")


def _checked(url: str) -> SplitResult:
    """The parts of an address.  Raises InvalidAddress."""
    if _UNSAFE.search(url):
        raise InvalidAddress(url, "has a space or a control character in it")
    try:
        at = urlsplit(url)
        host, _port = at.hostname, at.port
    except ValueError as error:
        raise InvalidAddress(url, f"is no web address: {error}") from None
    if at.scheme not in ("http", "https") or not host:
        raise InvalidAddress(url, "must begin with https:// (or http:// for a server of your own)")
    if at.username is not None or at.password is not None:
        raise InvalidAddress(host, "must have no user name and no password in the address")
    return at


def _host(at: SplitResult) -> str:
    """The host in ASCII.  Raises InvalidAddress."""
    host = at.hostname or ""
    try:
        return host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        raise InvalidAddress(at.geturl(), "has a host name that does not exist") from None


def _target(at: SplitResult) -> str:
    return (at.path or "/") + (f"?{at.query}" if at.query else "")


def _is_within(target: str, url: str) -> bool:
    """Whether a redirect stays with the host, and does not leave TLS."""
    to, of = urlsplit(target), urlsplit(url)
    if to.hostname != of.hostname:
        return False
    if (of.scheme, to.scheme) == ("http", "https"):
        return True
    return (to.scheme, to.port) == (of.scheme, of.port)


def _words(error: Exception) -> str:
    reason = getattr(error, "strerror", None) or str(error)
    return str(reason or type(error).__name__)[:200]
