"""What is calculated each night, and at once after the first orders were imported."""

from datetime import UTC, datetime, timedelta

from engine.contacts.valuation import nightly, rfm_runs
from tests.builders import NOON, bought
from tests.integration.drained import receive_and_drain
from tests.integration.job_runs import run_next_job

BEFORE = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
"""Half past midnight in Madrid."""


def starts(db, now):
    found = nightly.start_due(db, now=now)
    while run_next_job(db, clock=lambda: now, stopped=lambda: False):
        pass
    return found


def test_the_calculations_start_once_a_night_at_the_hour_of_the_account(db):
    assert starts(db, BEFORE) == []
    assert starts(db, BEFORE + timedelta(minutes=29)) == []
    assert starts(db, BEFORE + timedelta(minutes=31)) == ["rfm:2026-03-02", "lifetime:2026-03-02"]
    assert starts(db, BEFORE + timedelta(hours=3)) == []
    assert starts(db, BEFORE + timedelta(days=1, minutes=31))[0] == "rfm:2026-03-03"


def test_after_the_first_orders_a_run_does_not_wait_for_the_night(db):
    assert starts(db, NOON) == []
    receive_and_drain(db, [bought("9.00", NOON, email="a@x.com", order_id="1", trusted=True)])

    assert starts(db, NOON + timedelta(minutes=1)) == ["rfm:2026-03-02T12"]

    assert rfm_runs.latest(db).customers == 1
    assert starts(db, NOON + timedelta(minutes=2)) == []
