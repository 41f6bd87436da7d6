"""Bounces and complaints by day, on the real server: by kind, domain, service and reason."""

from collections import Counter
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.db.connection import utc_now
from engine.insights import daily, daily_failures, deliverability_service
from engine.insights.overview import Period
from engine.operations.preparation import prepare
from engine.settings import CONFIG_DIR
from tests.builders import acting, an_activity, colleague, days, minutes
from tests.integration.drained import receive_and_drain

MONDAY = date(2026, 3, 2)
MADRID = ZoneInfo("Europe/Madrid")


def bounced(at, email="ana@x.com", **properties):
    return an_activity("email_bounced", at, email=email, trusted=True, **properties)


def failures(db, first=MONDAY, last=MONDAY, channel="email"):
    while daily.refresh(db, clock=utc_now):
        pass
    return daily_failures.failures(db, first, last, channel=channel, zone=MADRID)


def of_group(found, dimension):
    return {group.name: dict(group.kinds) for group in found.groups[dimension]}


def test_failures_are_counted_by_kind_reason_domain_and_service(db):
    receive_and_drain(
        db,
        [
            bounced(minutes(0), bounce="hard", code="5.1.1", provider="ses", message_id="1"),
            bounced(minutes(1), reason="550 5.1.1 user unknown", provider="ses", message_id="2"),
            bounced(minutes(2), "b@y.com", code="4.2.2", reason="mailbox full", message_id="3"),
            bounced(minutes(3), "b@y.com", code="550 5.7.1", reason="spam content detected", message_id="4"),
            an_activity("email_complained", minutes(4), email="b@y.com", trusted=True, provider="ses"),
            an_activity("sms_bounced", minutes(5), email="b@y.com", trusted=True, message_id="5"),
        ],
    )

    found = failures(db)

    assert [found.counted(kind) for kind in daily_failures.KINDS] == [2, 1, 1, 1]
    assert of_group(found, "provider") == {
        "ses": {"permanent": 2, "complaint": 1},
        "": {"temporary": 1, "inconclusive": 1},
    }
    assert of_group(found, "domain") == {
        "x.com": {"permanent": 2},
        "y.com": {"temporary": 1, "inconclusive": 1, "complaint": 1},
    }
    assert of_group(found, "reason") == {
        "no_such_address": {"permanent": 2},
        "mailbox_full": {"temporary": 1},
        "spam": {"inconclusive": 1},
        "complaint": {"complaint": 1},
    }
    assert failures(db, channel="sms").counted() == 1


def test_what_a_browser_reports_is_no_bounce(db):
    receive_and_drain(db, [an_activity("email_bounced", minutes(0), email="ana@x.com", tracker="t")])

    assert failures(db).counted() == 0


def test_a_late_failure_is_in_its_day_and_days_without_any_are_there(db):
    receive_and_drain(db, [bounced(days(2), message_id="1")])
    failures(db)
    receive_and_drain(db, [bounced(days(1), message_id="2"), bounced(days(1), message_id="3")])

    by_day = failures(db, MONDAY, MONDAY + timedelta(days=3)).by_day

    assert list(by_day["permanent"] + by_day["temporary"]) == [0, 2, 1, 0]


def test_a_day_keeps_the_domains_with_the_most_failures_and_every_kind(db, monkeypatch):
    monkeypatch.setattr(daily_failures, "MOST", 3)
    counted = Counter({("email", "domain", f"d{number}.com", "permanent"): number for number in range(9)})
    counted[("email", "", "", "permanent")] = 1

    rows = list(daily_failures._rows(counted))

    assert {row["name"] for row in rows if row["of"]} == {"d8.com", "d7.com", "d6.com"}
    assert [row["n"] for row in rows if not row["of"]] == [1]


@pytest.fixture
def failing(db):
    """Contacts with one, two and three failed attempts in a row, and one that was opened since."""
    activities = [
        bounced(minutes(attempt), f"f{failed}@x.com", bounce="hard", message_id=f"{failed}-{attempt}")
        for failed in (1, 2, 3)
        for attempt in range(failed)
    ]
    for attempt in range(2):
        activities.append(bounced(minutes(attempt), "alive@x.com", bounce="hard", message_id=f"a{attempt}"))
    activities.append(
        an_activity("email_opened", minutes(9), email="alive@x.com", trusted=True, message_id="a2")
    )
    receive_and_drain(db, activities)
    return db


def nearly(db):
    admin = acting(db, colleague(role="admin"), at=utc_now())
    found = deliverability_service.report(admin, Period(MONDAY, MONDAY), "email").nearly
    return found.failures, [row.email for row in found.page.rows]


def test_who_is_one_failure_away_from_bounced(failing):
    assert nearly(failing) == (2, ["f2@x.com"])


def test_the_failures_are_found_by_an_index(failing):
    query = {"facets.email_failures": 2, "facets.statuses.email_status": "active"}

    plan = failing.contacts.find(query).explain()["queryPlanner"]["winningPlan"]

    assert "COLLSCAN" not in str(plan) and "found_by" in str(plan)


def test_contacts_of_an_older_version_are_found_by_their_failures(failing):
    unset = {"facets.email_failures": "", "facets.mobile_failures": ""}
    failing.contacts.update_many({}, {"$unset": unset})
    failing.installation.delete_one({"_id": "failures"})
    assert nearly(failing) == (2, [])

    prepare(failing, config_dir=CONFIG_DIR, now=utc_now())

    assert nearly(failing) == (2, ["f2@x.com"])
