"""Calls that wait for a secret of the workers, as the page of the workers shows them."""

from __future__ import annotations

from engine.db import Db
from engine.db.connection import utc_now
from engine.operations import pulses
from engine.pipeline import outbox
from tests.integration.dashboard.conftest import OpenAs
from tests.integration.dashboard.test_pages import shown

REASON = "the secret $CRM_SECRET is not set in the workers' environment"


def test_held_calls_are_shown_with_their_reason(db: Db, open_as: OpenAs) -> None:
    db.outbox.insert_many(
        {
            "_id": id_, "webhook": "crm", "rule": "r", "contact": "0" * 24, "happened_at": utc_now(),
            "activity": {}, "state": "waiting", "due_at": utc_now(), "attempts": 0,
        }
        for id_ in ("c1", "c2")
    )  # fmt: skip
    outbox.hold(db, {"crm": REASON}, now=utc_now())

    app = open_as("admin", page="settings", section="workers")
    text = shown(app)

    assert "2 held" in text
    assert text.count("the secret $CRM_SECRET is not set in the workers&#39; environment") == 3, (
        "once for all, once each"
    )
    assert "next at" not in text
    assert not [button for button in app.button if str(button.key).startswith("workers.call")]


def test_a_worker_that_lacks_a_secret_is_named(db: Db, open_as: OpenAs) -> None:
    pulses.beat(db, "worker", now=utc_now(), unset=["CRM_SECRET"])

    text = shown(open_as("admin", page="settings", section="workers"))

    assert "a secret is not set" in text
    assert "lacks $CRM_SECRET: webhooks with it are not called" in text


def test_a_worker_that_lacks_none_is_not(db: Db, open_as: OpenAs) -> None:
    pulses.beat(db, "worker", now=utc_now(), unset=[])

    assert "a secret is not set" not in shown(open_as("admin", page="settings", section="workers"))
