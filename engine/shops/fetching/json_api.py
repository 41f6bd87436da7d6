"""JSON of a shop's API, and what its refusals mean."""

from __future__ import annotations

import base64
import codecs
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from engine.db.connection import utc_now
from engine.domain.json_values import exact_number
from engine.http_addresses import AddressNotAllowed
from engine.http_client import HttpClient, InvalidAddress, NoResponse, Response, ResponseTooLarge
from engine.shops.fetching.problems import ProblemKind, ShopRefuses, ShopUnavailable

DEADLINE = 60.0
"""Seconds for one page: shops on small servers take long for a hundred orders."""

MAX_PAGE = 30_000_000
"""Bytes of one page."""

MAX_WAIT = 600.0
"""Seconds that a shop may ask us to wait at most."""

Query = Mapping[str, str | int]

_JSON: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=exact_number)


@dataclass(frozen=True)
class Answer:
    """A response with its JSON read; the names of `headers` are in lower case."""

    content: Any
    headers: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class JsonApi:
    """The API of one shop.

    Parameters:
      base: The address before the paths, without a slash at its end.
      headers: With the credentials.
      client: Makes the requests.
      key_hint: Where in the shop's administration its credentials are made.
      route_hint: Why the API may be missing.
    """

    base: str
    headers: Mapping[str, str]
    client: HttpClient
    key_hint: str
    route_hint: str

    def get(self, path: str, query: Query = MappingProxyType({})) -> Answer:
        """GET a path below the base.  Raises ShopRefuses and ShopUnavailable."""
        url = f"{self.base}/{path}" + (f"?{urlencode(query)}" if query else "")
        return self._answer(lambda: self.client.get(url, self._sent()), path)

    def post(self, path: str, content: Any) -> Answer:
        """POST JSON.  Raises ShopRefuses and ShopUnavailable."""
        body, headers = json.dumps(content).encode(), {**self._sent(), "Content-Type": "application/json"}
        return self._answer(lambda: self.client.post(f"{self.base}/{path}", body, headers), path)

    def _sent(self) -> Mapping[str, str]:
        return {"Accept": "application/json", "User-Agent": "ContactSheets", **self.headers}

    def _answer(self, ask: Callable[[], Response], path: str) -> Answer:
        try:
            response = ask()
        except NoResponse as error:
            raise ShopUnavailable(ProblemKind.CONNECTION, f"the shop cannot be reached: {error}") from None
        except (InvalidAddress, AddressNotAllowed) as error:
            raise ShopRefuses(ProblemKind.ADDRESS, f"the shop's address cannot be used: {error}") from None
        except ResponseTooLarge as error:
            raise ShopRefuses(ProblemKind.CONTENT, f"{path}: {error}") from None
        self._check(response, path)
        try:
            return Answer(_JSON.decode(response.body.removeprefix(codecs.BOM_UTF8)), response.headers)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise self._not_json(response, path) from None

    def _check(self, response: Response, path: str) -> None:
        """Raise what a status other than success means."""
        status, words = response.status, message_of(response.body)
        if response.is_success:
            return
        if status == 401:
            raise ShopRefuses(ProblemKind.KEY, f"the shop does not accept the key{words}: {self.key_hint}")
        if status in (403, 405):  # PrestaShop's word for it is 405
            reason = f"the key may not read {path}{words}: give it the permission, {self.key_hint}"
            raise ShopRefuses(ProblemKind.PERMISSION, reason)
        if status == 429:
            wait = wait_of(response.headers)
            raise ShopUnavailable(ProblemKind.LIMIT, "the shop limits requests: it is asked later", wait=wait)
        if status >= 500 or status == 408:
            reason = f"the shop answered {path} with {status} {response.reason}{words}"
            raise ShopUnavailable(ProblemKind.SERVER, reason, wait=wait_of(response.headers))
        raise ShopRefuses(ProblemKind.ROUTE, f"{self._where(response, path)}{words}: {self.route_hint}")

    def _where(self, response: Response, path: str) -> str:
        to = response.headers.get("location", "")
        if 300 <= response.status < 400 and to:
            return f"the shop redirects to {to[:200]}; enter that address if it is the shop's"
        host = urlsplit(self.base).hostname
        return f"{host} answered {path} with {response.status} {response.reason}"

    def _not_json(self, response: Response, path: str) -> ShopRefuses | ShopUnavailable:
        """What a success means whose content is no JSON: a page for people, or a broken answer."""
        beginning = response.body[:200].lstrip().lower()
        if beginning.startswith((b"<!doctype html", b"<html")):
            reason = f"{path} is a web page and not the shop's API: {self.route_hint}"
            return ShopRefuses(ProblemKind.ROUTE, reason)
        return ShopUnavailable(ProblemKind.CONTENT, f"the shop's answer to {path} is not valid JSON")


def basic(user: str, password: str = "") -> dict[str, str]:
    """The header of basic authentication."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def address_of(entered: str) -> str:
    """A shop's address as a base: with https unless it says otherwise, and no slash at its end."""
    plain = entered.strip().rstrip("/")
    return plain if "://" in plain else f"https://{plain}"


def wait_of(headers: Mapping[str, str], *, now: Callable[[], datetime] = utc_now) -> float | None:
    """The seconds of `Retry-After`, as a number or a date; unset without a readable one."""
    value = headers.get("retry-after", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - now()).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0.0), MAX_WAIT) if seconds == seconds else None


def message_of(body: bytes) -> str:
    """The words of a refusal in the usual forms of the platforms, in brackets; empty for none."""
    try:
        content = json.loads(body[:20_000].decode("utf-8-sig"))
    except ValueError:
        return ""
    if not isinstance(content, dict):
        return ""
    found = content.get("message") or content.get("errors") or content.get("error")
    while isinstance(found, list) and found:
        found = found[0]
    if isinstance(found, dict):
        found = found.get("message")
    if not isinstance(found, str) or not found:
        return ""
    parameters = content.get("parameters")
    for name, value in parameters.items() if isinstance(parameters, dict) else ():  # of Magento
        found = found.replace(f"%{name}", str(value))
    return f" (“{found[:200]}”)"
