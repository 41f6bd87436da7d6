"""What the browser libraries of Segment and RudderStack ask for at their start: the host alone changes.

analytics-next reads its settings by the key in the path, RudderStack's SDK its source by Basic
authentication or `?writeKey=`.  Both get what lets them send here, and no destination besides.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from engine.accounts.keys import KeyRecord
from engine.accounts.origins import is_allowed
from workers.collector.auth import KeyRing, token_of
from workers.collector.errors import OriginNotAllowed, SecretKeyInBrowser, UnknownWriteKey

MAX_AGE = 300
"""Seconds for which a browser keeps them."""

UNKNOWN = "is missing, unknown or revoked; the write keys in force are in the settings, under API keys"


class LibraryDoor:
    """Answers the libraries at their start.

    Parameters:
      keys(KeyRing): The keys in force.
    """

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    async def settings(self, request: Request) -> Response:
        """`GET /v1/projects/{key}/settings`.

        Raises UnknownWriteKey, SecretKeyInBrowser, OriginNotAllowed and PyMongoError.
        """
        token = str(request.path_params["key"])
        await self._key(request, token)
        return _kept(settings_of(token, host=_host(request), protocol=_protocol(request)))

    async def source(self, request: Request) -> Response:
        """`GET /sourceConfig/`.  Raises as `settings` does."""
        token = token_of(request.headers.get("authorization", "")) or request.query_params.get("writeKey")
        key = await self._key(request, token)
        return _kept(source_of(key, token or ""))

    async def metrics(self, _request: Request) -> Response:
        """`POST /v1/m`: what analytics-next reports of itself, which is kept nowhere."""
        return JSONResponse({"success": True})

    async def _key(self, request: Request, token: str | None) -> KeyRecord:
        key = await self._keys.find(token) if token else None
        if key is None:
            raise UnknownWriteKey(UNKNOWN)
        if key.trusted:
            raise SecretKeyInBrowser
        origin = request.headers.get("origin")
        if origin is not None and key.limits.origins and not is_allowed(origin, key.limits.origins):
            raise OriginNotAllowed(origin)
        return key


def settings_of(token: str, *, host: str, protocol: str) -> dict[str, Any]:
    """The settings that analytics-next reads; a single integration, and no metrics of its own."""
    segment = {
        "apiKey": token,
        "apiHost": f"{host}/v1",
        "protocol": protocol,
        "unbundledIntegrations": [],
        "addBundledMetadata": False,
        "maybeBundledConfigIds": {},
        "versionSettings": {"version": "4.4.7", "componentTypes": ["browser"]},
        "retryQueue": True,
    }
    return {
        "integrations": {"Segment.io": segment},
        "plan": {},  # with one, a build of the library fetches another part of itself
        "edgeFunction": {},
        "analyticsNextEnabled": True,
        "middlewareSettings": {},
        "enabledMiddleware": {},
        "metrics": {"sampleRate": 0, "host": f"{host}/v1", "protocol": protocol},
        "legacyVideoPluginsEnabled": False,
        "remotePlugins": [],
    }


def source_of(key: KeyRecord, token: str) -> dict[str, Any]:
    """The source that RudderStack's SDK reads: enabled, without destinations, reporting nothing of itself."""
    off = {"enabled": False}
    return {
        "source": {
            "id": key.id,
            "name": key.label,
            "writeKey": token,
            "workspaceId": "contact-sheets",
            "enabled": True,
            "config": {"statsCollection": {"errors": off, "metrics": off}},
            "connections": [],
            "destinations": [],
            "dataplanes": {},
        }
    }


def _kept(content: dict[str, Any]) -> Response:
    # For the browser alone: it names the host by which this request came.
    return JSONResponse(content, headers={"Cache-Control": f"private, max-age={MAX_AGE}"})


def _host(request: Request) -> str:
    """The host by which the browser reaches this collector."""
    forwarded = request.headers.get("x-forwarded-host", "").rpartition(",")[2].strip()
    return forwarded or request.headers.get("host", "") or request.url.netloc


def _protocol(request: Request) -> str:
    """`http` only if nothing says https: a page by https may not send by http."""
    headers = request.headers
    schemes = (request.url.scheme, headers.get("x-forwarded-proto", ""), headers.get("origin", ""))
    return "https" if any("https" in value for value in schemes) else "http"
