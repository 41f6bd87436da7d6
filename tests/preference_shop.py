"""An instance of a shop with a preference page, and a contact that subscribed."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.rules.ruleset import read_folder
from engine.settings import CONFIG_DIR
from tests.running import Running, running

ANA = "ana.prueba@example.com"

TOPICS = """topics:
  offers: {label: Offers and sales, about: "Discounts, about twice a month."}
  restock: {label: Back in stock, about: When a product that you looked at is back., channel: sms}
"""


@contextmanager
def preference_shop(folder: Path) -> Iterator[Running]:
    """Start the shop; its links lead to its collector."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINKS_SECRET", "a secret that is long enough")
        with running(folder / "data", "--no-dashboard") as instance:
            declare(instance, folder / "rules")
            subscribe(instance)
            yield instance


def declare(instance: Running, folder: Path, *, name: str = "Zapatos Ana", colour: str = "#7a1fa2") -> None:
    """Publish rules with a preference page and two topics."""
    texts = read_folder(CONFIG_DIR)
    texts["settings.yaml"] = texts["settings.yaml"].replace("name: My shop", f"name: {json.dumps(name)}") + (
        f"preferences: {{url: '{instance.collector}', secret: $LINKS_SECRET, colour: '{colour}', "
        "contact: help@zapatos.example, privacy: 'https://zapatos.example/privacy'}\n"
    )
    texts["transitions.yaml"] = texts["transitions.yaml"].replace("topics:\n", TOPICS, 1)
    folder.mkdir(exist_ok=True)
    for file, text in texts.items():
        (folder / file).write_text(text)
    instance.sheets("rules", "publish", str(folder), "--message", "preferences")


def subscribe(instance: Running, user: str = "ana", email: str = ANA) -> None:
    """Let the shop's server report a contact with a phone who subscribed to the newsletter."""
    token = instance.key()
    traits = {"email": email, "phone": "+34600000000" if user == "ana" else None}
    events = [
        {"type": "identify", "userId": user, "traits": traits},
        {"type": "track", "userId": user, "event": "newsletter_subscribed", "properties": {"email": email}},
    ]
    body = json.dumps({"writeKey": token, "batch": events}).encode()
    with urllib.request.urlopen(f"{instance.collector}/v1/batch", body) as answer:
        assert json.load(answer) == {"success": True}
    instance.sheets("wait", "--timeout", "60")
