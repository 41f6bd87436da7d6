"""The secrets of webhooks: what signs, and what signs nothing and why."""

from __future__ import annotations

import base64

import pytest

from engine.domain.rulebook import Webhook
from engine.domain.webhook_secrets import UnusableSecret, signing_key, unusable, variables

ENCODED = "whsec_" + base64.b64encode(b"key").decode()


def a_webhook(secret: str | None, name: str = "crm") -> Webhook:
    return Webhook(name, "https://crm.example.com", secret)


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        (None, None),
        ("plain text", b"plain text"),
        (ENCODED, b"key"),
        ("$CRM", b"word"),
        ("$ENCODED", b"key"),
    ],
)
def test_a_secret_is_text_or_base64_or_a_variable(secret: str | None, key: bytes | None) -> None:
    assert signing_key(a_webhook(secret), {"CRM": "word", "ENCODED": f"{ENCODED}\n"}) == key


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("$CRM", "the secret $CRM is not set in the workers' environment"),
        ("$EMPTY", "the secret $EMPTY is not set in the workers' environment"),
        ("$BROKEN", "the workers' secret $BROKEN has no valid base64 after whsec_"),
        ("whsec_", "no valid base64 after whsec_"),
        ("whsec_%", "no valid base64 after whsec_"),
        ("$", "names no environment variable"),
        ("$a-b", "names no environment variable"),
        ("", "`secret` is empty"),
    ],
)
def test_what_would_sign_with_an_empty_key_signs_nothing(secret: str, why: str) -> None:
    with pytest.raises(UnusableSecret) as refused:
        signing_key(a_webhook(secret), {"EMPTY": "", "BROKEN": "whsec_="})

    assert why in str(refused.value)


def test_the_webhooks_that_cannot_be_signed_are_named_with_the_reason() -> None:
    webhooks = [a_webhook("$A", "a"), a_webhook("$B", "b"), a_webhook(None, "c")]

    assert list(unusable(webhooks, {"B": "x"})) == ["a"]
    assert variables(webhooks) == {"A", "B"}
