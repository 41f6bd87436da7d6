"""An outage does not silence a list, and an admin has the last word."""

import re
from datetime import timedelta

import pytest

from engine.db.connection import utc_now
from engine.pipeline import inbox, outages
from tests.builders import an_activity
from tests.integration.drained import drain_all, receive_and_drain

PEOPLE = 20


def mail(type_, person, message, ago, **more):
    said = {"message_id": f"{message}-{person}", "campaign": message, **more}
    email = f"person{person}@example.com"
    return an_activity(f"email_{type_}", utc_now() - ago, email=email, trusted=True, **said)


def bounced(person, message, ago, **more):
    return mail("bounced", person, message, ago, bounce="permanent", code="5.0.0", **more)


@pytest.fixture
def outage(db):
    """Twenty people, each with two bounces of long ago, to whom one sending fails for all."""
    first = [bounced(n, f"alone-{n}-{i}", timedelta(days=30 + i)) for n in range(PEOPLE) for i in range(2)]
    spring = [mail("sent", n, "spring", timedelta(minutes=9)) for n in range(PEOPLE)]
    failed = [bounced(n, "spring", timedelta(minutes=5)) for n in range(PEOPLE)]
    receive_and_drain(db, [*first, *spring, *failed])
    return db


def states(db):
    return sorted(row["statuses"]["email_status"]["state"] for row in db.contacts.find())


def look(db):
    found = outages.detect(db, now=utc_now())
    drain_all(db)
    return found


def test_bounces_of_a_sending_that_fails_as_a_whole_do_not_count(outage, monkeypatch):
    monkeypatch.setattr(outages, "MIN_FAILED", 10)
    assert states(outage) == ["bounced"] * PEOPLE, "until somebody looks"

    [doubt] = look(outage)

    assert (doubt.id, doubt.attempts, doubt.failed) == ("email:spring", PEOPLE, PEOPLE)
    assert states(outage) == ["active"] * PEOPLE
    assert outage.activities.count_documents({"type": "status_changed"}) == 0, "as if it had never been"
    assert outage.activities.count_documents({"type": "email_bounced"}) == 3 * PEOPLE, "each is kept"


def test_the_specifications_name_of_an_attempt_names_it_too(db, monkeypatch):
    monkeypatch.setattr(outages, "MIN_FAILED", 10)

    def of_segment(type_, person, **more):
        said = {"email_id": f"m{person}", "campaign": "spring", **more}
        email = f"p{person}@x.example"
        return an_activity(f"email_{type_}", utc_now(), email=email, trusted=True, **said)

    sent = [of_segment("sent", n) for n in range(PEOPLE)]
    failed = [of_segment("bounced", n, code="5.1.1", n=i) for n in range(12) for i in range(3)]
    receive_and_drain(db, [*sent, *failed])

    [doubt] = look(db)

    assert (doubt.attempts, doubt.failed) == (PEOPLE, 12), "three notices of one attempt are one"
    assert db.activities.count_documents({"discounted": True}) == 36


def test_bounces_that_name_no_sending_are_no_outage_as_long_as_nobody_reports_what_was_sent(db, monkeypatch):
    monkeypatch.setattr(outages, "MIN_FAILED", 10)
    returned = [
        an_activity("email_bounced", utc_now(), email=f"p{n}@x.example", trusted=True, message_id=f"m{n}")
        for n in range(12)
    ]
    receive_and_drain(db, returned)
    assert look(db) == []

    sent = [
        an_activity("email_sent", utc_now(), email=f"p{n}@x.example", trusted=True, message_id=f"m{n}")
        for n in range(12)
    ]
    receive_and_drain(db, sent)

    assert [doubt.failed for doubt in look(db)] == [12]


def test_what_bounces_after_the_doubt_does_not_count_either_and_it_is_told_once(outage, monkeypatch):
    monkeypatch.setattr(outages, "MIN_FAILED", 10)
    look(outage)
    late = [bounced(0, f"x{i}", timedelta(minutes=1), campaign="spring") for i in range(3)]
    inbox.receive(outage, late)
    drain_all(outage)

    assert look(outage) == []

    assert states(outage) == ["active"] * PEOPLE


def test_an_admin_lets_them_count_after_all(outage, monkeypatch):
    monkeypatch.setattr(outages, "MIN_FAILED", 10)
    look(outage)

    outages.count_bounces(outage, "email:spring", by="ana")
    drain_all(outage)

    assert states(outage) == ["bounced"] * PEOPLE
    assert look(outage) == []
    assert states(outage) == ["bounced"] * PEOPLE
    assert (outages.undecided(outage), outages.suspected(outage)[0].counted_by) == ([], "ana")
    with pytest.raises(outages.OutageNotFound, match="autumn"):
        outages.count_bounces(outage, "email:autumn", by="ana")


def test_an_admin_leaves_them_uncounted_and_may_think_again(outage, monkeypatch):
    monkeypatch.setattr(outages, "MIN_FAILED", 10)
    look(outage)

    outages.discount_bounces(outage, "email:spring", by="ana")
    receive_and_drain(outage, [bounced(0, f"x{i}", timedelta(0), campaign="spring") for i in range(3)])

    assert look(outage) == []
    assert (outages.undecided(outage), outages.suspected(outage)[0].left_by) == ([], "ana")
    assert states(outage) == ["active"] * PEOPLE, "what comes later does not count either"
    outages.count_bounces(outage, "email:spring", by="eva")
    drain_all(outage)
    assert states(outage) == ["bounced"] * PEOPLE
    outages.discount_bounces(outage, "email:spring", by="ana")
    drain_all(outage)
    assert states(outage) == ["active"] * PEOPLE


def test_who_is_killed_while_letting_them_count_is_followed_by_the_next_look(outage, monkeypatch):
    monkeypatch.setattr(outages, "MIN_FAILED", 10)
    look(outage)
    monkeypatch.setattr(outages, "_mark", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        outages.count_bounces(outage, "email:spring", by="ana")
    monkeypatch.undo()
    monkeypatch.setattr(outages, "MIN_FAILED", 10)

    look(outage)

    assert states(outage) == ["bounced"] * PEOPLE


def test_a_usual_share_of_dead_addresses_is_no_outage(outage, monkeypatch):
    monkeypatch.setattr(outages, "MIN_FAILED", 10)
    fine = [mail("delivered", n, "spring", timedelta(minutes=4)) for n in range(100, 160)]
    receive_and_drain(outage, fine)

    assert look(outage) == []
    assert states(outage).count("bounced") == PEOPLE


def test_a_few_failures_say_nothing(outage):
    assert look(outage) == []
    assert states(outage) == ["bounced"] * PEOPLE


def test_without_a_campaign_it_is_what_a_provider_carried_that_day(db, monkeypatch):
    monkeypatch.setattr(outages, "MIN_FAILED", 10)
    now = utc_now()
    said = {"bounce": "temporary", "provider": "post"}
    failed = [
        an_activity("sms_bounced", now, phone=f"+3460000{n:04}", trusted=True, message_id=f"m{n}", **said)
        for n in range(12)
    ]
    receive_and_drain(db, failed)

    [doubt] = look(db)

    assert doubt.id == f"sms:post on {now:%Y-%m-%d}"


def test_the_look_reads_an_index(outage):
    asked = outages._bounces("email", {"received_at": {"$gt": utc_now()}})

    plan = outage.command("explain", {"find": "activities", "filter": asked}, verbosity="queryPlanner")

    stages = re.findall(r"[A-Z]+SCAN", str(plan["queryPlanner"]["winningPlan"]))
    assert stages == ["IXSCAN", "IXSCAN"], "an index for each name of an attempt"
