"""Headers of every response of the dashboard, trusted proxies, closed routes."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboard.http_guard import BehindProxies, GuardResponses, is_own_page


def client_of(*, proxies=0, peer="203.0.113.7"):
    async def seen(request):
        return JSONResponse({"address": request.client.host, "scheme": request.url.scheme})

    async def own(_request):
        return PlainTextResponse("", headers={"Content-Security-Policy": "default-src 'none'"})

    app = Starlette(
        routes=[Route("/own", own), Route("/{path:path}", seen, methods=["GET", "PUT"])],
        middleware=[Middleware(BehindProxies, proxies=proxies), Middleware(GuardResponses)],
    )
    return TestClient(app, client=(peer, 40_000))


def test_pages_cannot_be_framed_and_run_no_script_of_others():
    headers = client_of().get("/").headers

    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["frame-ancestors"] == policy["object-src"] == "'none'"
    assert "unsafe" not in policy["script-src"] and "sha256-" in policy["script-src"]
    assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "DENY")
    assert "strict-transport-security" not in headers


def test_a_response_keeps_the_policy_of_its_own():
    assert client_of().get("/own").headers["content-security-policy"] == "default-src 'none'"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "proto", "address", "scheme"),
    [
        (0, "198.51.100.1", "https", "203.0.113.7", "http"),
        (1, "198.51.100.1", "https", "198.51.100.1", "https"),
        (1, "10.9.8.7", "http", "10.9.8.7", "http"),
        (1, "192.0.2.66, 198.51.100.1:4711", "https", "198.51.100.1", "https"),
        (2, "192.0.2.66, 198.51.100.1, 10.0.0.2", "https", "198.51.100.1", "https"),
        (1, "[2001:db8::1]:443", "https,http", "2001:db8::1", "https"),
        (1, "", "", "203.0.113.7", "http"),
    ],
)
def test_only_our_own_proxies_are_believed(proxies, forwarded, proto, address, scheme):
    sent = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": proto}
    sent = {name: value for name, value in sent.items() if value}

    answer = client_of(proxies=proxies).get("/", headers=sent)

    assert answer.json() == {"address": address, "scheme": scheme}
    assert ("strict-transport-security" in answer.headers) is (scheme == "https")


@pytest.mark.parametrize(
    ("origin", "own"),
    [
        (None, True),
        ("https://sheets.example:8443", True),
        ("https://sheets.example", False),
        ("http://127.0.0.1:9999", False),
        ("http://localhost:8501", False),
        ("null", False),
        ("https://evil.example", False),
    ],
)
def test_a_websocket_opens_for_pages_of_this_very_host_alone(origin, own):
    headers = [(b"host", b"sheets.example:8443")] + ([(b"origin", origin.encode())] if origin else [])

    assert is_own_page({"type": "websocket", "headers": headers}) is own


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/upload_file/a/b",
        "/page/_stcore/upload_file/a/b",
        "/page//_stcore//upload_file/a/b",
        "/_stcore/metrics",
        "/_stcore/agent/interact",
    ],
)
def test_doors_of_streamlit_that_no_page_uses_are_shut(path):
    answer = client_of().put(path, content=b"x")

    assert answer.status_code == 404
    assert answer.headers["x-content-type-options"] == "nosniff"
