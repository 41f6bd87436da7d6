"""A file becomes the orders of contacts: each once, whatever is known of them and whoever is killed."""

import io
import multiprocessing
import os
import signal
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from engine.db.connection import utc_now
from engine.imports import (
    expiry,
    import_job,
    import_request,
    preview,
    refused_rows,
)
from engine.imports.history import history_rows
from engine.imports.mapping import dates, inspection
from engine.imports.mapping.import_settings import ImportSettings
from engine.jobs import job_lease, jobs
from engine.jobs.jobs import JobState
from engine.pipeline import activity_steps, inbox, inline_apply, lanes
from engine.pipeline.commit import Writes
from engine.pipeline.inline_apply import Folded
from engine.rules import versions
from tests.builders import an_activity, identified
from tests.integration.drained import drain_all, receive_and_drain, run_jobs
from tests.integration.dying import dying, run_to_the_end, work_for_ever
from tests.integration.job_runs import run_next_job
from tests.order_exports import ORDER_EXPORTS

HEAD = "order number,order date,customer id,email,total,currency,status,refunded amount\n"


@pytest.fixture
def shop(db, monkeypatch):
    """A shop where imports take four orders a step, and nobody drains beside the job."""
    monkeypatch.setattr(history_rows, "STEP", 4)
    monkeypatch.setattr(activity_steps, "APPLY_TIMEOUT", 0)
    drain_all(db)
    return db


def opener(content):
    return lambda: io.BytesIO(content.encode())


def settled(db, content, **more):
    found = inspection.inspect(opener(content), versions.current(db))
    mapping = {column.heading: column.target for column in found.columns}
    readings, undecided = inspection.cell_formats(found, mapping, versions.current(db))
    assert undecided == []
    return ImportSettings(found.format, mapping, readings, kind=found.kind, **more)


def started(db, content, id_="job-1", **more):
    stream = io.BytesIO(content.encode())
    wanted = settled(db, content, **more)
    return import_request.start(
        db, stream, wanted, name="orders.csv", id_=id_, by="u1", by_name="Mia", now=utc_now()
    )


def imported(db, content, id_="job-1", **more):
    started(db, content, id_, **more)
    run_jobs(db)
    return counts(db, id_)


def undone(db, id_="job-1"):
    import_request.undo(db, id_, by="u1", by_name="Mia", now=utc_now())
    run_jobs(db)


def counts(db, id_="job-1"):
    job = jobs.job(db, id_)
    assert job.failure is None, job.failure
    numbers = {
        "created": job.created,
        "updated": job.changed - job.created,
        "unchanged": job.unchanged,
        "refused": job.refused,
    }
    return {name: number for name, number in numbers.items() if number}


def commerce(db, email):
    row = db.contacts.find_one({"email": email, "deleted": {"$ne": True}})
    return None if row is None else row["commerce"]


def totals(db, email):
    """Orders, spent and refunded of a contact; unset if there is none."""
    found = commerce(db, email)
    if found is None:
        return None
    money = (found.get(name, Decimal(0)) for name in ("spent", "refunded"))
    return found.get("orders", 0), *(Decimal(str(amount)).normalize() + 0 for amount in money)


def many(count, customers=7):
    """Orders of some customers, the newest first, as shops export them."""
    rows = (
        f"{n},2026-01-{n % 28 + 1:02d} 10:{n % 60:02d},,c{n % customers}@x.com,{n}.50,EUR,paid,\n"
        for n in range(count, 0, -1)
    )
    return HEAD + "".join(rows)


def expected(count, customers=7):
    return {
        f"c{c}@x.com": (
            len(theirs := [n for n in range(1, count + 1) if n % customers == c]),
            sum((Decimal(n) + Decimal("0.5") for n in theirs), Decimal(0)).normalize() + 0,
            Decimal(0),
        )
        for c in range(customers)
    }


def all_totals(db):
    emails = [row["email"] for row in db.contacts.find({"email": {"$exists": True}})]
    return {email: totals(db, email) for email in emails}


def a_live_order(order, at, total, email="ana@x.com", type_="order_completed", **more):
    more = {"trusted": True, **more}
    return an_activity(type_, at, email=email, order_id=order, total=total, currency="EUR", **more)


AT = datetime(2026, 1, 5, 11, tzinfo=UTC)
"""12:00 in the account's time zone."""


@pytest.mark.parametrize("tool", ORDER_EXPORTS)
def test_an_export_of_a_shop_makes_contacts_with_their_orders(shop, tool):
    export = ORDER_EXPORTS[tool]
    found = preview.preview(shop, opener(export.text), settled(shop, export.text), now=utc_now())
    assert shop.activities.count_documents({"source": "import"}) == 0

    orders = sum(map(len, export.orders.values()))
    assert imported(shop, export.text) == {"created": orders} | (
        {"refused": len(export.refused)} if export.refused else {}
    )
    assert (found.outcomes["created"], found.refused) == (orders, len(export.refused))
    for email, theirs in export.orders.items():
        book = {order["id"]: order for order in commerce(shop, email)["book"]}
        assert {number: Decimal(str(order["amount"])) for number, order in book.items()} == {
            number: Decimal(total) for number, total, _ in theirs
        }
        assert [n for n, order in book.items() if order.get("cancelled")] == [
            n for n in book if n in export.cancelled
        ]
        refunds = {n: Decimal(str(o["refunded"])) for n, o in book.items() if o.get("refunded")}
        assert refunds == {n: Decimal(export.refunded[n]) for n in book if n in export.refunded}
    assert shop.contacts.find_one({"email": "ana@example.com"})["first_name"] == "Ana"


def test_orders_newest_first_are_folded_once_for_each_customer(shop):
    assert imported(shop, many(60)) == {"created": 60}

    assert all_totals(shop) == expected(60)
    job = jobs.job(shop, "job-1")
    assert (job.state, job.total, job.done, job.title) == (
        JobState.DONE, 60, 60, "Import of orders from orders.csv",
    )  # fmt: skip
    assert shop.import_steps.count_documents({}) < 60 / 4 + 1


def test_what_fell_due_since_the_orders_of_a_file_is_written_with_them(shop):
    started(shop, many(20))
    run_next_job(shop, clock=utc_now, stopped=lambda: False)

    assert not lanes.any_due(shop, utc_now())
    assert "drifting-away" in shop.contacts.find_one({"email": "c1@x.com"})["segments"]


def test_time_passes_for_a_customer_of_several_steps_after_the_last_of_them(shop):
    rows = (f"{n},2026-01-01 10:{n:02d},,ana@x.com,{n}.50,EUR,paid,\n" for n in range(20))
    started(shop, HEAD + "".join(rows))
    run_next_job(shop, clock=utc_now, stopped=lambda: False)

    assert shop.activities.count_documents({"state": "received"}) == 0, "none was late"
    assert not lanes.any_due(shop, utc_now())


def test_importing_the_same_again_changes_nothing_whatever_the_file_is_called(shop):
    imported(shop, many(30))
    before = list(shop.contacts.find().sort("_id", 1))

    assert imported(shop, many(30), "job-2") == {"unchanged": 30}
    assert list(shop.contacts.find().sort("_id", 1)) == before
    assert shop.activities.count_documents({"source": "import"}) == 30


def test_a_later_file_corrects_what_has_changed(shop):
    imported(shop, f"{HEAD}1,2026-01-05 12:00,,ana@x.com,10,EUR,paid,\n2,2026-01-06,,ana@x.com,5,EUR,paid,\n")
    later = (
        f"{HEAD}1,2026-01-05 12:00,,ana@x.com,12,EUR,paid,2\n2,2026-01-06,,ana@x.com,5,EUR,cancelled,\n"
        "3,2026-01-07,,ana@x.com,7,EUR,paid,\n"
    )

    assert imported(shop, later, "job-2") == {"created": 1, "updated": 2}
    assert totals(shop, "ana@x.com") == (2, Decimal(17), Decimal(2))

    undone(shop, "job-2")
    assert totals(shop, "ana@x.com") == (2, Decimal(15), Decimal(0))


LIVE = [
    a_live_order("1", AT, "10"),
    a_live_order("1", AT + timedelta(days=1), "12", type_="order_updated"),
    a_live_order("2", AT, "20"),
    a_live_order("2", AT + timedelta(days=2), "5", type_="order_refunded", refund_id="r1"),
    a_live_order("3", AT, "30"),
]
FILE = (
    f"{HEAD}1,2026-01-05 12:00,,ana@x.com,10,EUR,paid,\n"
    "2,2026-01-05 12:00,,ana@x.com,20,EUR,partially_refunded,5\n"
    "3,2026-01-05 12:00,,ana@x.com,30,EUR,cancelled,\n"
    "4,2025-01-05 12:00,,ana@x.com,40,EUR,paid,\n"
)
TOGETHER = (3, Decimal(67), Decimal(5))
"""Order 1 as it was updated, 2 less one refund, 3 cancelled as the file says, and 4 of before."""


def test_a_file_after_live_events_adds_what_it_knows_better_and_counts_nothing_twice(shop):
    receive_and_drain(shop, LIVE)

    assert imported(shop, FILE) == {"created": 1, "updated": 3}
    assert totals(shop, "ana@x.com") == TOGETHER
    assert imported(shop, FILE, "job-2") == {"unchanged": 4}


def test_a_file_before_live_events_comes_to_the_same(shop):
    imported(shop, FILE)
    receive_and_drain(shop, LIVE)

    assert totals(shop, "ana@x.com") == TOGETHER


def test_undoing_a_file_after_live_events_leaves_these(shop):
    receive_and_drain(shop, LIVE)
    before = totals(shop, "ana@x.com")
    imported(shop, FILE)
    undone(shop)

    assert totals(shop, "ana@x.com") == before == (3, Decimal(57), Decimal(5))


def test_a_shops_number_and_the_id_behind_it_are_one_order(shop):
    shopify = ORDER_EXPORTS["Shopify"].text
    receive_and_drain(
        shop,
        [
            a_live_order("5001", AT, "50", "ana@example.com"),
            a_live_order("1003", datetime(2026, 2, 2, 9, tzinfo=UTC), "85", "ana@example.com"),
        ],
    )
    imported(shop, shopify)

    assert len(commerce(shop, "ana@example.com")["book"]) == 2


def test_an_order_that_only_a_browser_reported_counts_as_the_file_has_it(shop):
    browser = a_live_order("1", AT, "999", trusted=False)
    receive_and_drain(shop, [identified(AT, email="ana@x.com"), browser])
    imported(shop, f"{HEAD}1,2026-01-05 12:00,,ana@x.com,10,EUR,paid,\n")

    assert totals(shop, "ana@x.com") == (1, Decimal(10), Decimal(0))
    undone(shop)
    assert totals(shop, "ana@x.com") == (1, Decimal(999), Decimal(0))


def test_taking_an_import_back_takes_its_orders_and_the_contacts_that_only_it_made(shop):
    receive_and_drain(shop, [identified(AT, email="c1@x.com"), a_live_order("live", AT, "3", "c1@x.com")])
    imported(shop, many(30))
    undone(shop)

    living = [row["email"] for row in shop.contacts.find({"deleted": {"$ne": True}})]
    assert living == ["c1@x.com"]
    assert totals(shop, "c1@x.com") == (1, Decimal(3), Decimal(0))
    assert jobs.job(shop, "job-1:undo").done == 30

    assert imported(shop, many(30), "again") == {"created": 30}
    assert totals(shop, "c2@x.com") == expected(30)["c2@x.com"]


def test_undoing_one_of_two_imports_of_a_file_leaves_what_the_other_stored(shop):
    imported(shop, many(10))
    imported(shop, many(20), "job-2")
    undone(shop, "job-2")

    assert {email: found for email, found in all_totals(shop).items() if found} == expected(10)
    undone(shop, "job-1")
    assert shop.contacts.count_documents({"deleted": {"$ne": True}}) == 0


@pytest.mark.parametrize(
    ("mode", "outcome"), [("create", {"created": 2, "refused": 1}), ("update", {"created": 1, "refused": 2})]
)
def test_only_the_orders_of_new_or_of_known_contacts_are_taken_if_that_is_wanted(shop, mode, outcome):
    receive_and_drain(shop, [identified(AT, email="known@x.com")])
    content = (
        f"{HEAD}1,2026-01-05,,known@x.com,1,EUR,,\n2,2026-01-05,,new@x.com,1,EUR,,\n"
        "3,2026-01-06,,new@x.com,1,EUR,,\n"
    )

    assert imported(shop, content, mode=mode) == outcome


def test_refused_rows_come_back_with_line_and_reason_and_every_row_of_the_order(shop):
    content = (
        f"{HEAD}1,2026-01-05,,a@x.com,1,EUR,,\n2,2026-01-05,,b@x.com,1,EUR,,\n1,2026-01-05,,a@x.com,2,EUR,,\n"
        "3,2026-01-05,7,b@x.com,1,EUR,,\n"
    )
    receive_and_drain(shop, [identified(AT, external_id="7"), identified(AT, email="b@x.com")])

    assert imported(shop, content) == {"created": 1, "refused": 2}
    reasons = {line: reason for line, reason, _ in refused_rows.rows_of(shop, "job-1")}
    assert list(reasons) == [2, 4, 5]
    assert "has '1' in line 2 and '2' in line 4" in reasons[2]
    assert "of the same order as line 2" in reasons[4]
    assert "external id 7 is one contact's and email b@x.com another contact's" in reasons[5]


def test_two_customers_of_a_file_who_share_an_email_stay_two_with_their_own_orders(shop):
    content = f"{HEAD}1,2026-01-05,c1,a@x.com,1,EUR,,\n2,2026-01-06,c2,a@x.com,2,EUR,,\n"

    assert imported(shop, content) == {"created": 2}
    spent = {row["external_id"]: row["commerce"]["spent"] for row in shop.contacts.find()}
    assert spent == {"c1": 1, "c2": 2}
    assert imported(shop, content, "job-2") == {"unchanged": 2}


@pytest.mark.parametrize("deadly", ["receive", "hold", "write", "advance", "store"])
def test_whoever_dies_at_whatever_point_each_order_goes_in_once(shop, monkeypatch, deadly):
    started(shop, many(25) + "26,soon,,x@x.com,1,EUR,,\n")
    if deadly == "receive":  # as what a lane has to settle
        monkeypatch.setattr(inline_apply, "fold", lambda _db, all_, **_: Folded(Writes(), list(all_)))
    module = {
        "receive": inbox, "hold": job_lease, "write": inline_apply, "advance": job_lease, "store": refused_rows,
    }[deadly]  # fmt: skip
    real = getattr(module, deadly)
    some = {"receive": lambda db, activities: real(db, activities[:3])}.get(deadly)
    monkeypatch.setattr(module, deadly, dying(real, some))
    run_to_the_end(shop, "job-1")

    assert jobs.job(shop, "job-1").state == JobState.DONE
    assert counts(shop) == {"created": 25, "refused": 1}
    assert all_totals(shop) == expected(25)
    assert shop.activities.count_documents({"source": "import"}) == 25
    assert [line for line, _, _ in refused_rows.rows_of(shop, "job-1")] == [27]
    assert shop.conflicts.count_documents({}) == 0


def test_a_worker_that_is_killed_for_real_leaves_the_file_for_another(shop, mongod):
    started(shop, many(200))
    context = multiprocessing.get_context("fork")
    for _ in range(3):
        victim = context.Process(target=work_for_ever, args=(mongod.uri, shop.name))
        victim.start()
        before = jobs.job(shop, "job-1").done
        while victim.is_alive() and (job := jobs.job(shop, "job-1")).done == before and job.under_way:
            pass
        os.kill(victim.pid, signal.SIGKILL)
        victim.join()
        job_lease.let_go(shop, "job-1")
    run_jobs(shop)

    assert counts(shop) == {"created": 200}
    assert all_totals(shop) == expected(200)


def test_a_stopped_import_sorts_no_file(shop, monkeypatch):
    monkeypatch.setattr(import_job, "HEARTBEAT", 0)
    started(shop, many(25))
    real = job_lease.keep

    def stops(db, id_, *, now):
        jobs.stop(db, id_, now=now)
        return real(db, id_, now=now)

    monkeypatch.setattr(job_lease, "keep", stops)
    run_jobs(shop)

    assert jobs.job(shop, "job-1").state == JobState.STOPPED
    assert shop.activities.count_documents({"source": "import"}) == 0


def test_a_file_of_activities_goes_in_once_and_out_again(shop):
    content = (
        "event,date,email,Product name,points\n"
        "Product Viewed,2026-01-05 12:00,ana@x.com,Shirt,500\n"
        "Call with sales,2026-01-06 12:00,ana@x.com,,\n"
        "Call with sales,2026-01-06 12:00,ana@x.com,,\n"
    )
    assert imported(shop, content) == {"created": 2, "unchanged": 1}

    row = shop.contacts.find_one({"email": "ana@x.com"})
    assert row["activities"] == 2
    assert row["points"]["total"] < 500
    assert imported(shop, content, "job-2") == {"unchanged": 3}
    undone(shop)
    assert shop.contacts.count_documents({"deleted": {"$ne": True}}) == 0


def test_what_an_import_keeps_for_its_undo_goes_after_a_while(shop):
    imported(shop, many(5))
    expiry.expire(shop, now=utc_now() + jobs.UNDO_FOR + timedelta(days=1))

    assert shop.import_steps.count_documents({}) == 0


def without_fractions(monkeypatch):
    """Read times as versions before 0.2 did, which cut fractions of a second off."""
    of_now = dates._moment
    monkeypatch.setattr(dates, "_moment", lambda *cell: of_now(*cell).replace(microsecond=0))


def test_an_order_that_an_older_version_imported_without_its_fraction_of_a_second_is_the_same(
    shop, monkeypatch
):
    file = f"{HEAD}1,2026-01-05 12:00:00.250,,ana@x.com,10,EUR,paid,\n"
    with monkeypatch.context() as older:
        without_fractions(older)
        assert imported(shop, file) == {"created": 1}

    assert imported(shop, file, "job-2") == {"unchanged": 1}
    assert imported(shop, file.replace(",10,", ",12,"), "job-3") == {"updated": 1}
    assert totals(shop, "ana@x.com") == (1, Decimal(12), 0)


def test_an_activity_that_an_older_version_imported_without_its_fraction_is_not_stored_twice(
    shop, monkeypatch
):
    head = "Event,Date,Email,Term\n"
    whole = "Products Searched,2026-01-05 12:00:00,ana@x.com,hat\n"
    fraction = whole.replace("00,ana", "00.600,ana")
    with monkeypatch.context() as older:
        without_fractions(older)
        assert imported(shop, head + fraction) == {"created": 1}

    assert imported(shop, head + fraction, "job-2") == {"unchanged": 1}
    assert shop.activities.count_documents({"type": "searched"}) == 1
    undone(shop)
    assert imported(shop, head + fraction, "job-3") == {"created": 1}


def test_two_activities_within_a_second_are_two(shop):
    head = "Event,Date,Email,Term\n"
    whole = "Products Searched,2026-01-05 12:00:00,ana@x.com,hat\n"
    imported(shop, head + whole)

    both = head + whole + whole.replace("00,ana", "00.600,ana")
    assert imported(shop, both, "job-2") == {"created": 1, "unchanged": 1}
    assert imported(shop, both, "job-3") == {"unchanged": 2}
