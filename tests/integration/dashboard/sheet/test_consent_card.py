"""The card "Consent" of a sheet, with topics."""

import pytest

from engine.db.connection import utc_now
from engine.publishing import publishing
from tests.builders import an_activity, days, transitions_with
from tests.integration.dashboard.test_pages import shown
from tests.integration.drained import drain_all, receive_and_drain, the_id


@pytest.fixture
def ana(shop):
    texts = publishing.completed(shop, {"transitions.yaml": transitions_with()})
    publishing.publish(shop, texts, by="ana", message="topics", now=utc_now())
    drain_all(shop)
    receive_and_drain(
        shop,
        [
            an_activity(
                "newsletter_subscribed", days(1), email="ana@x.com", trusted=True, source="Footer <b>",
                text="Yes, send me news", text_version="2026-01", ip="203.0.113.7",
            ),
            an_activity("newsletter_unsubscribed", days(3), email="ana@x.com"),
        ],
    )  # fmt: skip
    return the_id(shop, "ana@x.com")


def opened(app):
    app.session_state["sheet.consent"] = True
    return app.run()


def downloads(app):
    return [button.proto.label for button in app.get("download_button")]


def test_it_lists_the_acts_with_their_evidence(ana, open_as):
    app = opened(open_as("marketer", contact=ana))

    text = shown(app)

    for words in (
        "Newsletter: subscribed → unsubscribed",
        "Footer &lt;b&gt;",
        "text version 2026-01",
        "“Yes, send me news”",
        "Offers and sales",
    ):
        assert words in text
    assert downloads(app) == ["Download CSV"]


def test_a_day_shows_the_state_of_then(ana, open_as):
    app = opened(open_as("marketer", contact=ana))

    app.date_input(key="sheet.consent.day").set_value(days(2).date()).run()

    assert "Newsletter: subscribed → unsubscribed" not in shown(app)
    assert "Newsletter: not subscribed → subscribed" in shown(app)


def test_a_viewer_cannot_download(ana, open_as):
    assert downloads(opened(open_as("viewer", contact=ana))) == []


def test_topics_are_on_the_sheet_in_the_form_and_in_stop_sending(ana, open_as):
    app = open_as("marketer", contact=ana)
    text = shown(app)
    assert text.count("Offers and sales") >= 2
    assert text.count("Deals of the day") >= 2

    app.button(key="sheet.edit").click().run()
    assert any(box.label == "Offers and sales" for box in app.selectbox)
