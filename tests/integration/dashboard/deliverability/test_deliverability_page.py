"""The page of deliverability: empty, full, by channel, and for a viewer."""

from datetime import timedelta

from engine.db.connection import utc_now
from engine.insights import daily
from engine.notices import notice_service
from engine.notices.not_understood import keep, payload, run_again
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


def not_understood(db):
    raw = b'[{"event": "purple", "email": "ana@x.com"}]'
    found = payload(
        raw, source="webhook:sendgrid", reason="unknown event 'purple'", received_at=utc_now(),
        media="application/json",
    )  # fmt: skip
    keep(db, [found])


def test_an_admin_sees_what_was_not_understood_and_has_it_read_again(db, open_as, monkeypatch):
    def at_once(db, id_, *, now, wait):
        return run_again(db, id_, now=now, wait=wait / 50)

    monkeypatch.setattr(notice_service.not_understood, "run_again", at_once)
    not_understood(db)

    app = open_as("admin", page="deliverability")
    assert "unknown event &#39;purple&#39;" in shown(app) and "show content" in shown(app)
    next(button for button in app.button if button.label == "Run again").click().run()

    assert "The collector has not taken it yet" in app.info[0].value
    assert "waiting" in shown(app)


def test_a_marketer_sees_no_payloads(db, open_as):
    not_understood(db)

    assert "purple" not in shown(open_as("marketer", page="deliverability"))


def test_a_mailbox_that_cannot_be_read_is_shown_with_the_reason(db, open_as):
    db.mailboxes.insert_one(
        {"_id": "hosted", "error": "the password was refused", "failing_since": utc_now(), "messages": 3}
    )

    text = shown(open_as("admin", page="deliverability"))

    assert "cannot be read" in text and "the password was refused" in text and "not read yet" in text
