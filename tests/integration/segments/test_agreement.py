"""Every night MongoDB computes the segments anew and says where the fold differs."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from engine.db.connection import utc_now
from engine.segments import agreement
from tests.chaos.workload import workload
from tests.integration.drained import receive_and_drain


def test_the_fold_and_mongodb_agree_and_a_difference_is_named(db):
    receive_and_drain(db, workload(activities=600, contacts=40, seed=2).activities)
    assert agreement.differences(db, now=utc_now()) == {}

    wrong = db.contacts.find_one({"commerce.orders": {"$gte": 1}})["_id"]
    db.contacts.update_one({"_id": wrong}, {"$unset": {"segments.customers": ""}})

    assert agreement.differences(db, now=utc_now())["customers"] == [wrong]


def test_it_is_looked_once_a_night(db):
    three = datetime(2026, 6, 1, 3, 0, tzinfo=ZoneInfo("Europe/Madrid"))

    assert agreement.check_nightly(db, now=three - timedelta(hours=1)) is not None, "never before"
    assert agreement.check_nightly(db, now=three - timedelta(minutes=1)) is None
    assert agreement.check_nightly(db, now=three) is not None
    assert agreement.check_nightly(db, now=three + timedelta(hours=20)) is None
    assert agreement.report(db)["differences"] == {}
