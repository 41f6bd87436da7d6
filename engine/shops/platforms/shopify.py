"""Shopify."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from engine.shops.events import Reading
from engine.shops.platforms.platform import Field, Platform, Step, Webhooks
from engine.shops.signatures import require_signature


def translate(topic: str, payload: Any) -> Sequence[Reading]:
    """The readings of a payload."""
    raise ValueError(f"unknown topic {topic[:60]!r}")


PLATFORM = Platform(
    name="shopify",
    label="Shopify",
    fields=(Field("webhook_secret", "Signing secret", "", secret=True),),
    steps=lambda address: [Step("", (address,))],
    translate=translate,
    webhooks=Webhooks(
        verify=partial(require_signature, header="x-shopify-signature"),
        topic=lambda delivery: delivery.headers.get("x-shopify-topic", ""),
        id=lambda delivery: delivery.headers.get("x-shopify-id", ""),
    ),
)
