"""A small OpenID Connect provider: discovery, code flow with PKCE, RS256 tokens, keys, ending a session.

Real enough that any client signs in by it; it refuses what a provider has to refuse, and
`spoil` makes it sign what a client has to refuse.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from workers.embedded.ports import free_port

Claims = dict[str, Any]


@dataclass
class OpenIdProvider:
    """People by subject with their claims, and one client."""

    address: str
    client_id: str = "contact-sheets"
    client_secret: str = "a secret of the client"
    redirect_uri: str = ""
    people: dict[str, Claims] = field(default_factory=dict)
    spoil: Callable[[Claims], Claims] = lambda claims: claims
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    signs_with: RSAKey | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)

    @property
    def metadata_url(self) -> str:
        return f"{self.address}/.well-known/openid-configuration"

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.describe),
                Route("/keys", self.keys),
                Route("/authorize", self.ask, methods=["GET"]),
                Route("/authorize", self.agree, methods=["POST"]),
                Route("/token", self.give, methods=["POST"]),
                Route("/end", self.end),
            ]
        )

    async def describe(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.address,
                "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{self.address}/token",
                "jwks_uri": f"{self.address}/keys",
                "end_session_endpoint": f"{self.address}/end",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            }
        )

    async def keys(self, _request: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def ask(self, request: Request) -> Response:
        """Show who there is, after a look at what the client asks."""
        asked = dict(request.query_params)
        if asked.get("client_id") != self.client_id or asked.get("redirect_uri") != self.redirect_uri:
            return JSONResponse({"error": "unauthorized_client"}, status_code=400)
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            return JSONResponse({"error": "invalid_request", "missing": "PKCE"}, status_code=400)
        buttons = "".join(f"<button name='sub' value='{sub}'>{sub}</button>" for sub in self.people)
        query = urlencode(asked)
        return HTMLResponse(
            f"<h1>The company</h1><form method='post' action='/authorize?{query}'>{buttons}</form>"
        )

    async def agree(self, request: Request) -> Response:
        asked = dict(request.query_params)
        sub = (await request.body()).decode().removeprefix("sub=")
        code = secrets.token_urlsafe(16)
        self.codes[code] = {**asked, "sub": sub}
        back = urlencode({"code": code, "state": asked["state"]})
        return RedirectResponse(f"{self.redirect_uri}?{back}", status_code=303)

    async def give(self, request: Request) -> Response:
        """A token for a code, once, for the client that knows its secret and the verifier."""
        form = dict(await request.form())
        basic = request.headers.get("authorization", "").removeprefix("Basic ")
        said = (
            base64.b64decode(basic).decode()
            if basic
            else f"{form.get('client_id')}:{form.get('client_secret')}"
        )
        grant = self.codes.pop(str(form.get("code")), None)
        if (
            said != urlencode({self.client_id: self.client_secret}).replace("=", ":")
            and said != f"{self.client_id}:{self.client_secret}"
        ):
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        if grant is None or grant["code_challenge"] != _challenge(str(form.get("code_verifier", ""))):
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        now = int(time.time())
        claims = {
            "iss": self.address, "sub": grant["sub"], "aud": self.client_id, "iat": now, "exp": now + 300,
            "nonce": grant.get("nonce"), **self.people[grant["sub"]],
        }  # fmt: skip
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, self.spoil(claims), self.signs_with or self.key)
        return JSONResponse(
            {"access_token": secrets.token_urlsafe(8), "token_type": "Bearer", "id_token": signed}
        )

    async def end(self, request: Request) -> Response:
        """End the session here, too, and go back where the client wants."""
        self.ended.append(request.query_params.get("id_token_hint", ""))
        return RedirectResponse(request.query_params["post_logout_redirect_uri"], status_code=303)


@contextmanager
def providing() -> Iterator[OpenIdProvider]:
    """A provider on a real port, as long as the block lasts."""
    port = free_port()
    provider = OpenIdProvider(f"http://127.0.0.1:{port}")
    server = uvicorn.Server(uvicorn.Config(provider.app(), port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield provider
    finally:
        server.should_exit = True
        thread.join()


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
