"""The key of a request, out of its header."""

from __future__ import annotations

import base64

import pytest

from workers.collector.auth import token_of


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("header", "token"),
    [
        (basic("wk_1:"), "wk_1"),
        (basic("wk_1"), "wk_1"),
        (basic("wk_1:ignored:password"), "wk_1"),
        (basic("wk_1:").replace("Basic", "basic"), "wk_1"),
        ("Bearer sk_1", "sk_1"),
        (basic(":"), None),
        ("", None),
        ("Basic", None),
        ("Basic %%%", None),
        ("Basic " + base64.b64encode(b"\xff\xfe").decode(), None),
        ("Digest abc", None),
    ],
)
def test_the_user_of_basic_authentication_is_the_key(header: str, token: str | None) -> None:
    assert token_of(header) == token
