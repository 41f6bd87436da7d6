"""Sendings that failed as a whole, on the page of the workers: what is told, and the two decisions."""

from hashlib import blake2b

import pytest

from engine.accounts.current_user import CurrentUser
from engine.db.connection import utc_now
from engine.errors import NotAllowed
from engine.operations import operating
from engine.pipeline import outages
from tests.builders import acting
from tests.integration.dashboard.test_pages import shown

HOSTILE = '<img src=x onerror="hacked()">**[x](javascript:alert(1))**'


def a_suspected_outage(db, name, channel="email"):
    """A sending that was doubted just now; returns its id."""
    id_ = f"{channel}:{name}"
    outages._record(
        db, outages.SuspectedOutage(id_, channel, name, attempts=120, failed=84, noticed_at=utc_now())
    )
    return id_


def key(act, id_):
    return f"sendings.{act}.{blake2b(id_.encode(), digest_size=8).hexdigest()}"


@pytest.fixture
def page(open_as):
    return lambda role="admin": open_as(role, page="settings", section="workers")


def test_without_any_the_page_says_so(page):
    assert "No suspected outages" in shown(page())


def test_it_says_what_failed_and_how_much_and_an_admin_decides_and_thinks_again(db, page):
    spring, summer = a_suspected_outage(db, "spring"), a_suspected_outage(db, "summer", "sms")
    app = page()
    text = shown(app)
    assert "Email: spring" in text and "SMS: summer" in text
    assert "84 of 120 attempts failed (70" in text
    assert "Suspected outages (2)" in [tab.label for tab in app.tabs]

    app.button(key=key("leave", spring)).click().run()
    assert "ignored by Eva" in shown(app)
    assert "Bounces are ignored" in app.success[0].value
    app.button(key=key("count", spring)).click().run()
    app.button(key=key("count", summer)).click().run()

    assert "Suspected outages (0)" in [tab.label for tab in app.tabs]
    assert shown(app).count("counted by Eva") == 2
    assert [(row["act"], row["subject"]["id"]) for row in db.audit.find().sort("at", 1)] == [
        ("ignored the bounces of a sending", spring),
        ("counted the bounces of a sending", spring),
        ("counted the bounces of a sending", summer),
    ]


def test_a_campaign_is_text_and_nothing_else(db, page):
    a_suspected_outage(db, HOSTILE)

    text = shown(page())

    assert "<img" not in text
    assert "&lt;img" in text


@pytest.mark.parametrize("act", [operating.count_sending, operating.leave_sending])
@pytest.mark.parametrize("role", ["viewer", "marketer"])
def test_others_do_not_decide(db, act, role):
    id_ = a_suspected_outage(db, "spring")

    with pytest.raises(NotAllowed):
        act(acting(db, CurrentUser("u2", "max@x.com", "Max", role)), id_)

    assert len(outages.undecided(db)) == 1
