"""The page of deliverability: empty, full, by channel, and for a viewer."""

from datetime import timedelta

from engine.db.connection import utc_now
from engine.insights import daily
from engine.publishing import publishing
from tests.builders import an_activity
from tests.integration.dashboard.test_pages import shown
from tests.integration.drained import receive_and_drain


def failed(db, *, email="ana@gone.example", times=2, **properties):
    now = utc_now()
    sent = [
        an_activity(
            "email_bounced", now - timedelta(minutes=number + 1), email=email, trusted=True,
            message_id=f"{email}-{number}", **{"code": "5.1.1", "provider": "sendgrid", **properties},
        )
        for number in range(times)
    ]  # fmt: skip
    receive_and_drain(db, sent)
    while daily.refresh(db, clock=utc_now):
        pass


def test_without_failures_the_page_says_what_to_do(db, open_as):
    text = shown(open_as("viewer", page="deliverability"))

    assert "Nothing came back in these days" in text and "webhook" in text
    assert "None: no address has failed so often in a row." in text


def test_failures_are_shown_by_reason_domain_and_service_with_who_is_next(db, open_as):
    failed(db)

    text = shown(open_as("marketer", page="deliverability"))

    assert "No such address" in text and "gone.example" in text and "sendgrid" in text
    assert "2 attempts in a row failed" in text and "ana@gone.example" in text
    assert "%40gone.example" in text  # the domain leads to its contacts


def test_a_viewer_sees_no_address_where_they_are_masked(db, open_as):
    settings = publishing.completed(db, {})["settings.yaml"]
    masked = {"settings.yaml": settings.replace("mask_for_viewers: false", "mask_for_viewers: true")}
    publishing.publish(db, publishing.completed(db, masked), by="Eva", message="mask", now=utc_now())
    failed(db)

    text = shown(open_as("viewer", page="deliverability"))

    assert "gone.example" in text  # of the figures
    assert "ana@gone.example" not in text and "%40gone.example" not in text


def test_the_channel_is_in_the_address(db, open_as):
    failed(db)

    text = shown(open_as("marketer", page="deliverability", channel="sms"))

    assert "Nothing came back in these days" in text and "Complaints" not in text
