"""Builders: an event and its sender, translated under the rules that we ship."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from engine.domain.activities import Activity
from engine.domain.rulebook import Ruleset
from engine.rules.ruleset import VersionMetadata, compile_ruleset, read_folder
from engine.settings import CONFIG_DIR
from engine.tracking.translate import Sender, translate

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BROWSER = Sender(key="key-1", trusted=False)

Translated = Callable[..., Activity]


@pytest.fixture(scope="session")
def ruleset() -> Ruleset:
    return compile_ruleset(read_folder(CONFIG_DIR), VersionMetadata(version=7))


@pytest.fixture
def translated(ruleset: Ruleset) -> Translated:
    """Translate a track call of tracker `t-1`, changed by what is given, received at noon."""

    def build(sender: Sender = BROWSER, *, sent_at: datetime | None = None, **changes: Any) -> Activity:
        event = {
            "type": "track",
            "event": "Product Viewed",
            "anonymousId": "t-1",
            "messageId": "m-1",
            **changes,
        }
        given = {name: value for name, value in event.items() if value is not ...}
        return partial(translate, received_at=NOON, sent_at=sent_at)(given, sender, ruleset)

    return build
