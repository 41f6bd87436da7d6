"""Figures by day, on the real server: each counted once, whoever dies, in the account's days."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from engine.db.connection import utc_now
from engine.db.installation import lane_count
from engine.domain.daily_figures import COUNTED_TYPES, hour_of
from engine.domain.folding import component
from engine.domain.identity.identities import IdentityKind, lane_of, make_key
from engine.errors import FoldFailed
from engine.insights import claims, daily, daily_failures
from engine.insights.daily import Sales
from engine.pipeline import batch, inbox, lanes
from engine.publishing import publishing
from engine.rules import versions
from tests.builders import NOON, an_activity, bought, days, identified, minutes
from tests.integration.drained import drain_all, receive_and_drain

MONDAY = date(2026, 3, 2)


def counted(db, day=MONDAY):
    while daily.refresh(db, clock=utc_now):
        pass
    return daily.stored_days(db, day, day).days[0]


def in_zone(db, zone):
    text = publishing.completed(db, {})["settings.yaml"].replace("Europe/Madrid", zone)
    texts = publishing.completed(db, {"settings.yaml": text})
    publishing.publish(db, texts, by="test", message=zone, now=utc_now())


def a_morning(email="ana@x.com"):
    return [
        identified(minutes(0), email=email),
        an_activity("newsletter_subscribed", minutes(1), email=email),
        bought("10.10", minutes(2), email=email, order_id="A-1", currency="EUR"),
        bought("0.20", minutes(3), email=email, order_id="A-2", currency="EUR"),
        an_activity(
            "email_bounced", minutes(4), email=email, message_id="m1", bounce="permanent", trusted=True
        ),
    ]


def test_a_day_has_its_orders_its_moves_and_its_bounces(db):
    receive_and_drain(db, a_morning())

    day = counted(db)

    assert day.sales == [Sales("EUR", 2, Decimal("10.30"), Decimal(0), 0)]
    assert day.counted == {("email_bounced", "permanent"): 1}
    assert day.moved[("newsletter", "subscribed")] == 1
    assert day.left[("newsletter", "not_subscribed")] == 1


def test_the_kind_of_a_bounce_is_that_by_which_it_counts(db):
    said = [
        {"code": "5.1.1"},
        {"bounce": "hard"},
        {"bounce": "permanent", "code": "550 5.7.1"},
        {"code": "421"},
    ]
    receive_and_drain(
        db,
        [
            an_activity(
                "email_bounced", minutes(n), email="ana@x.com", message_id=f"m{n}", trusted=True, **more
            )
            for n, more in enumerate(said)
        ],
    )

    assert counted(db).counted == {
        ("email_bounced", "permanent"): 2,
        ("email_bounced", "inconclusive"): 1,
        ("email_bounced", "temporary"): 1,
    }


def test_what_comes_late_is_in_the_day_in_which_it_happened(db):
    receive_and_drain(db, a_morning())
    counted(db)
    receive_and_drain(
        db,
        [
            bought("5.00", days(-1), email="ana@x.com", order_id="A-0", currency="EUR"),
            an_activity(
                "order_refunded", days(2), email="ana@x.com", order_id="A-1", total="4.10", trusted=True
            ),
            an_activity("order_cancelled", days(3), email="ana@x.com", order_id="A-2", trusted=True),
        ],
    )

    assert counted(db).sales == [Sales("EUR", 1, Decimal("6.00"), Decimal("4.10"), 1)]
    assert counted(db, MONDAY - timedelta(days=1)).sales == [Sales("EUR", 1, Decimal("5.00"), Decimal(0), 0)]


def test_an_order_that_is_told_twice_counts_once_and_a_merge_counts_nothing_again(db):
    receive_and_drain(db, a_morning())
    receive_and_drain(db, [bought("10.10", minutes(2), email="ana@x.com", order_id="A-1", currency="EUR")])
    receive_and_drain(
        db,
        [
            bought("1.00", minutes(5), tracker="laptop", order_id="B-1", currency="EUR"),
            identified(minutes(6), tracker="laptop", email="ana@x.com"),
        ],
    )

    assert counted(db).sales == [Sales("EUR", 3, Decimal("11.30"), Decimal(0), 0)]


def test_a_currency_without_a_rate_is_apart_and_no_currency_is_the_accounts(db):
    receive_and_drain(
        db,
        [
            bought("3", minutes(1), email="ana@x.com", order_id="1", currency="USD"),
            bought("4", minutes(2), email="ana@x.com", order_id="2"),
        ],
    )

    sales = {sale.currency: sale.amount for sale in counted(db).sales}

    assert sales == {"USD": Decimal(3), None: Decimal(4)}


def test_a_refund_of_more_than_was_paid_gives_nothing_less_than_nothing(db):
    receive_and_drain(
        db,
        [
            bought("3", minutes(1), email="ana@x.com", order_id="1", currency="EUR"),
            an_activity(
                "order_refunded", minutes(2), email="ana@x.com", order_id="1", total="9", trusted=True
            ),
        ],
    )

    assert counted(db).sales == [Sales("EUR", 1, Decimal(0), Decimal(3), 0)]


@pytest.mark.parametrize(
    ("zone", "day"),
    [("Europe/Madrid", 3), ("America/New_York", 2), ("Asia/Kathmandu", 3), ("Pacific/Kiritimati", 3)],
)
def test_a_day_is_that_of_the_account(db, zone, day):
    if zone != "Europe/Madrid":
        in_zone(db, zone)
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    receive_and_drain(db, [bought("1", late, email="ana@x.com", order_id="1", currency="EUR")])

    assert counted(db, date(2026, 3, day)).sales[0].orders == 1
    assert not counted(db, date(2026, 3, 5 - day)).sales


def test_after_a_change_of_the_time_zone_all_days_are_counted_again(db):
    receive_and_drain(
        db, [bought("1", datetime(2026, 3, 2, 23, 30, tzinfo=UTC), email="ana@x.com", order_id="1")]
    )
    assert counted(db, date(2026, 3, 3)).sales
    in_zone(db, "America/New_York")

    assert daily.stored_days(db, MONDAY, MONDAY).at is None
    assert counted(db, MONDAY).sales[0].orders == 1
    assert not counted(db, date(2026, 3, 3)).sales


def test_what_was_there_before_figures_were_kept_is_counted_too(db):
    receive_and_drain(db, a_morning())
    db.stale_hours.delete_many({})

    assert counted(db).sales[0].orders == 2


class Killed(BaseException):
    """What a process dies of."""


@pytest.mark.parametrize("after", range(10))
def test_whoever_is_killed_in_the_middle_the_figures_are_the_same(db, monkeypatch, after):
    receive_and_drain(db, a_morning())
    receive_and_drain(
        db, [bought("1", days(-n * 40), email="ana@x.com", order_id=f"o{n}") for n in range(1, 6)]
    )
    steps, write = iter(range(after)), claims.write

    def die_after(*args):
        if next(steps, None) is None:
            raise Killed
        write(*args)

    monkeypatch.setattr(claims, "write", die_after)
    with pytest.raises(Killed):
        daily.refresh(db, clock=utc_now)
    monkeypatch.setattr(claims, "write", write)
    later = utc_now() + claims.CLAIM
    while daily.refresh(db, clock=lambda: later):
        pass

    found = daily.stored_days(db, MONDAY - timedelta(days=365), MONDAY)
    assert sum(sale.orders for day in found.days for sale in day.sales) == 7
    assert sum(sale.amount for day in found.days for sale in day.sales) == Decimal("15.30")
    assert not found.stale
    failed = daily_failures.failures(db, MONDAY, MONDAY, channel="email", zone=ZoneInfo("Europe/Madrid"))
    assert failed.counted() == 1


def test_one_that_was_thought_dead_writes_over_nothing(db, monkeypatch):
    receive_and_drain(db, a_morning())
    compute, overtaken = daily._compute, []

    def slow(db_, first, last, **more):
        if not overtaken:
            overtaken.append(True)
            later = utc_now() + claims.CLAIM
            receive_and_drain(
                db, [bought("1", minutes(9), email="ana@x.com", order_id="A-9", currency="EUR")]
            )
            daily.refresh(db, clock=lambda: later)
            db.contacts.update_many({}, {"$set": {"commerce.book": []}})  # what it read is long past
        compute(db_, first, last, **more)

    monkeypatch.setattr(daily, "_compute", slow)
    daily.refresh(db, clock=utc_now)

    assert daily.stored_days(db, MONDAY, MONDAY).days[0].sales[0].orders == 3


def test_a_mark_that_comes_while_a_day_is_computed_stays(db, monkeypatch):
    receive_and_drain(db, a_morning())
    counted(db)
    receive_and_drain(db, [bought("1", minutes(9), email="ana@x.com", order_id="A-8", currency="EUR")])
    compute = daily._compute

    def interrupted(db_, first, last, **more):
        compute(db_, first, last, **more)
        monkeypatch.setattr(daily, "_compute", compute)
        receive_and_drain(db, [bought("1", minutes(10), email="ana@x.com", order_id="A-9", currency="EUR")])

    monkeypatch.setattr(daily, "_compute", interrupted)
    daily.refresh(db, clock=utc_now)
    assert daily.stored_days(db, MONDAY, MONDAY).stale == {MONDAY}

    assert counted(db).sales[0].orders == 4


def test_a_senders_own_status_changed_is_not_ours(db):
    receive_and_drain(db, [an_activity("status_changed", machine="newsletter", to="subscribed")])

    assert counted(db).moved == {}


def test_no_collection_is_scanned(db):
    receive_and_drain(db, a_morning())
    begins, ends = daily.bounds(MONDAY, MONDAY, NOON.tzinfo)
    plans = [
        db.command(
            "explain", {"aggregate": name, "pipeline": pipeline, "cursor": {}}, verbosity="queryPlanner"
        )
        for name, pipeline in (
            ("contacts", daily._sales(begins, ends, "UTC")),
            ("activities", daily._happenings(begins, ends, "UTC")),
        )
    ]

    for plan in plans:
        assert "COLLSCAN" not in str(plan)
        assert "IXSCAN" in str(plan)
    assert "happened_at_1_type_1" in str(plans[1])
    assert {row["type"] for row in db.activities.find({"type": {"$in": list(COUNTED_TYPES)}})}


def test_batches_that_count_nothing_leave_no_mark(db):
    receive_and_drain(db, [an_activity("page_visited", tracker="t1")])

    assert db.stale_hours.count_documents({}) == 0
    drain_all(db)


def a_bounce(at, email, **more):
    return an_activity("email_bounced", at, email=email, bounce="permanent", trusted=True, **more)


def stale(db):
    return sorted(hour for mark in db.stale_hours.find() for hour in mark["hours"])


def test_activities_that_wait_for_the_next_batch_make_no_day_stale_before(db, monkeypatch):
    monkeypatch.setattr(batch, "PAST", 1)
    emails = [
        e
        for e in (f"{n}@x.com" for n in range(999))
        if lane_of(make_key(IdentityKind.EMAIL, e), lane_count(db)) == 0
    ][:3]
    receive_and_drain(db, [identified(minutes(0), email=email) for email in emails])
    db.stale_hours.delete_many({})
    inbox.receive(db, [a_bounce(days(-n - 1), e, message_id=e) for n, e in enumerate(emails)])

    lease = lanes.take(db, 0, "one", now=utc_now())
    done = batch.apply(db, lease, batch.next_activities(db, 0), versions.rulebook(db), clock=utc_now)

    assert (done.applied, done.left) == (1, 2)
    [applied] = db.activities.find({"type": "email_bounced", "state": "applied"})
    assert stale(db) == [hour_of(applied["happened_at"])]


def test_a_day_whose_bounce_can_no_longer_be_folded_is_computed_again(db, monkeypatch):
    receive_and_drain(db, [identified(days(-2), email="a@x.com"), a_bounce(NOON, "a@x.com", message_id="m1")])
    assert counted(db).counted == {("email_bounced", "permanent"): 1}
    bounce = db.activities.find_one({"type": "email_bounced"})["_id"]
    refold = component.refold

    def failing(activities, *args, **kwargs):
        if any(activity.id == bounce for activity in activities):
            raise FoldFailed(bounce, "for the test")
        return refold(activities, *args, **kwargs)

    monkeypatch.setattr(component, "refold", failing)
    receive_and_drain(db, [an_activity("page_visited", days(-1), email="a@x.com")])

    assert db.activities.find_one({"_id": bounce})["state"] == "failed"
    assert counted(db).counted == {}
