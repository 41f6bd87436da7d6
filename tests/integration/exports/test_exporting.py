"""Contacts and activities become a file: whole, of one moment, and one that comes back in unchanged."""

import csv
import io
import multiprocessing
import os
import signal
from datetime import date, timedelta
from decimal import Decimal

import openpyxl
import pyarrow.parquet
import pytest
from msgspec import structs

from engine.contacts.bulk.selection import Selection
from engine.contacts.contact_lookup import find_contact
from engine.contacts.listing.listing import InvalidFilter, Listing
from engine.contacts.merging import merge_service
from engine.db.connection import utc_now
from engine.domain.activities import ActivityId
from engine.errors import StoredFileNotFound
from engine.exports import activity_rows, export_job, exporting, row_reads, workbook_writer
from engine.exports.export_columns import UnknownColumn
from engine.exports.exporting import Export
from engine.exports.workbook_writer import WorkbookTooLarge
from engine.imports import import_request, preview
from engine.imports.mapping import inspection
from engine.imports.mapping.import_settings import ImportSettings
from engine.jobs import job_lease, jobs
from engine.jobs.jobs import JobState
from engine.pipeline import activity_steps
from engine.privacy import erasing
from engine.publishing import publishing
from engine.rules import versions
from tests.builders import acting, an_activity, bought, colleague, days, identified
from tests.integration.drained import drain_all, receive_and_drain, run_jobs
from tests.integration.dying import work_for_ever
from tests.integration.job_runs import run_next_job

FIELDS = """fields:
  - {id: city, label: City, type: text}
  - {id: club_points, label: Points, type: number}
  - {id: tags, label: Tags, type: list}
  - {id: news, label: Wants news, type: boolean}
  - {id: since, label: Customer since, type: date}
"""
SEGMENTS = """segments:
  - {id: fair, name: "Met at the fair, 2026", static: true}
  - {id: vip, name: VIP, static: true}
  - {id: buyers, name: Buyers, when: {contact.orders: {gte: 1}}}
"""


@pytest.fixture
def shop(db, monkeypatch):
    """A shop whose server remembers long enough how things were (see tests/conftest.py)."""
    db.client.admin.command("setParameter", 1, minSnapshotHistoryWindowInSeconds=60)
    monkeypatch.setattr(activity_steps, "APPLY_TIMEOUT", 0)  # nobody drains beside the job
    texts = publishing.completed(db, {"segments.yaml": SEGMENTS, "fields.yaml": FIELDS})
    publishing.publish(db, texts, by="ana", message="for the tests", now=utc_now())
    drain_all(db)
    yield db
    db.client.admin.command("setParameter", 1, minSnapshotHistoryWindowInSeconds=0)


def received(db, activities):
    """Activities, applied under the rules of this shop."""
    version = versions.current_number(db)
    receive_and_drain(db, [structs.replace(activity, ruleset=version) for activity in activities])


def written(db, wanted, id_="job-1"):
    """An export, done, and its file."""
    exporting.start(db, wanted, id_=id_, by="u1", by_name="Mia", now=utc_now())
    run_jobs(db)
    job = jobs.job(db, id_)
    assert (job.state, job.failure) == (JobState.DONE, None)
    made, stream = exporting.opened(db, job, now=utc_now())
    content = stream.read()
    assert made.bytes == len(content)
    return job, made, content


HOSTILE = ["=1+1", "'=1+1", "''+x", "+34600", "-2+3", "@SUM(A1)", "O'Hara", 'say "hi"', "a,b;c|d", "two\nlines",
           "cr\rlf\r\nend", "tab\there", "ñandú 名前 🎉", "null", "n/a", "#N/A", "00123", "1e5", "true", "_x0041_", "bell\x07",
           "[1,2]", "31/02/2024", "<b>&amp;</b>", "x" * 999]  # fmt: skip


@pytest.mark.parametrize("format_", ["csv", "xlsx", "parquet"])
def test_an_export_of_all_comes_back_in_as_no_change(shop, format_):
    people = [
        identified(
            days(0),
            external_id=f"'={number}" if number % 5 == 0 else f"=id{number}",
            email=f"p{number}@x.com",
            phone=f"+3460000{number:04d}",
            traits={
                "first_name": said,
                "last_name": HOSTILE[-number],
                "birth_date": "1980-02-29" if number % 2 else "1890-02-28",
                "city": said,
                "club_points": [1.234, 5, -0.5, 1e-7, 1e21, 12345678.9, 100.0][number % 7],
                "tags": [[said], ["a", "b"], ["x", said], ["plain"]][number % 4],
                "news": number % 2 == 0,
                "since": "2024-10-27",
            },
        )
        for number, said in enumerate(HOSTILE, start=1)
    ]
    acts = [
        an_activity("newsletter_subscribed", days(1), email="p1@x.com"),
        an_activity("newsletter_subscribed", days(1), email="p2@x.com"),
        an_activity("newsletter_unsubscribed", days(2), email="p2@x.com"),
        an_activity("sms_subscribed", days(2), email="p3@x.com"),
        bought("49.90", days(1), email="p4@x.com", order_id="1", currency="EUR"),
    ]
    received(shop, [*people, *acts])
    shop.contacts.update_one(
        {"email": "p5@x.com"}, {"$set": {"segments.fair": days(3), "segments.vip": days(3)}}
    )

    assert shop.contacts.find_one({"email": "p2@x.com"})["custom"] == {
        "city": HOSTILE[1], "club_points": -0.5, "tags": ["x", HOSTILE[1]], "news": True, "since": "2024-10-27",
    }  # fmt: skip

    job, made, content = written(shop, Export(format=format_))
    assert (job.total, job.done, made.rows) == (len(HOSTILE),) * 3
    opener = lambda: io.BytesIO(content)  # noqa: E731
    found = inspection.inspect(opener, versions.current(shop))
    columns = {column.heading: column.target for column in found.columns}
    readings, undecided = inspection.cell_formats(found, columns, versions.current(shop))
    assert undecided == []
    settings = ImportSettings(format=found.format, columns=columns, readings=readings)
    checked = preview.preview(shop, opener, settings, now=utc_now())
    assert [e for counted in checked.problems for e in counted.examples] == []
    import_request.start(
        shop, opener(), settings, name="b", id_="back", by="u1", by_name="Mia", now=utc_now()
    )
    run_jobs(shop)

    back = jobs.job(shop, "back")
    assert (back.done, back.created, back.changed, back.refused) == (len(HOSTILE), 0, 0, 0)
    assert {column.heading: column.target for column in found.columns if column.target} == {
        "External ID": "external_id", "Email": "email", "Mobile phone": "mobile_phone",
        "First name": "first_name", "Last name": "last_name", "Birth date": "birth_date",
        "Newsletter": "newsletter", "Newsletter subscription date": "newsletter_at",
        "Newsletter unsubscription date": "newsletter_ended_at", "SMS": "sms",
        "SMS subscription date": "sms_at", "SMS unsubscription date": "sms_ended_at",
        "City": "custom.city", "Points": "custom.club_points", "Tags": "custom.tags",
        "Wants news": "custom.news", "Customer since": "custom.since", "Static segments": "segments", "Email status": "email_status",
    }  # fmt: skip


def everybody(**where):
    return Selection(listing=Listing(where=where, sort="points"))


def rows_of(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def crowd(count):
    return [identified(days(0), external_id=str(n), traits={"first_name": f"P{n}"}) for n in range(count)]


def test_each_format_says_the_same_of_the_contacts_that_a_list_holds(shop):
    received(
        shop,
        [
            identified(
                days(0),
                email="ana@x.com",
                phone="+34600111222",
                traits={"email": "Ana@x.com", "city": "Lugo", "tags": ["a", "b"]},
            ),
            bought("49.90", days(1), email="ana@x.com", order_id="1", currency="EUR"),
            identified(days(0), email="other@x.com"),
            an_activity("page_visited", days(0), tracker="nobody"),
        ],
    )
    columns = ("email", "mobile_phone", "custom.city", "custom.tags", "spent", "orders", "points",
               "last_order_at", "custom.club_points", "dynamic_segments", "cart", "id")  # fmt: skip
    files = {
        format_: written(shop, Export("contacts", format_, columns, everybody(orders={"gte": 1})), format_)[2]
        for format_ in ("csv", "xlsx", "parquet")
    }

    [row] = rows_of(files["csv"])
    assert row == {
        "Email": "Ana@x.com", "Mobile phone": "+34600111222", "City": "Lugo", "Tags": "a|b", "Spent": "49.90",
        "Orders": "1", "Points (calculated)": row["Points (calculated)"], "Last order": "2026-03-03 13:00:00+01:00",
        "Points": "", "Dynamic segments": "Buyers", "Cart": "none",
        "Contact id": shop.contacts.find_one({"email": "ana@x.com"})["_id"],
    }  # fmt: skip
    sheet = openpyxl.load_workbook(io.BytesIO(files["xlsx"])).active
    assert [cell.value for cell in sheet[1]] == list(row)
    cells = [cell.value for cell in sheet[2]]
    assert (cells[0], cells[1], cells[4], cells[5]) == ("Ana@x.com", "+34600111222", 49.9, 1)
    assert cells[7] == days(1).replace(tzinfo=None) + timedelta(hours=1)
    assert (sheet.freeze_panes, sheet.max_row) == ("A2", 2)
    [typed] = pyarrow.parquet.read_table(io.BytesIO(files["parquet"])).to_pylist()
    assert (typed["Spent"], typed["Orders"], typed["Last order"]) == (Decimal("49.900000"), 1, days(1))
    assert (typed["Tags"], typed["Points"], typed["Dynamic segments"]) == (["a", "b"], None, ["Buyers"])


@pytest.mark.parametrize("format_", ["csv", "xlsx", "parquet"])
@pytest.mark.parametrize("what", ["contacts", "activities"])
def test_of_nobody_a_file_has_its_headings_alone(shop, what, format_):
    columns = ("email", "id" if what == "contacts" else "type")
    _, made, content = written(shop, Export(what, format_, columns, everybody(points={"gte": 1})))

    headings = ["Email", "Contact id" if what == "contacts" else "Activity type"]
    read = {
        "csv": lambda: list(csv.reader(io.StringIO(content.decode("utf-8-sig")))),
        "xlsx": lambda: [
            [cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(content)).active
        ],
        "parquet": lambda: [pyarrow.parquet.read_table(io.BytesIO(content)).column_names],
    }[format_]
    assert (made.rows, read()) == (0, [headings])


def test_the_activities_of_some_contacts_are_written_with_whose_they_are(shop):
    received(
        shop,
        [
            an_activity("page_visited", days(0), tracker="ana", id_="visit"),
            identified(days(1), tracker="ana", email="ana@x.com"),
            bought(10, days(2), email="ana@x.com", order_id="=1"),
            identified(days(3), tracker="ana", email="eva@x.com"),
            an_activity("product_visited", days(4), tracker="ana", product_id="p7", price=5),
        ],
    )
    wanted = Export("activities", "csv", selection=everybody(email="ana@x.com"))
    job, made, content = written(shop, wanted)

    rows = [
        row for row in rows_of(content) if row["Activity type"] not in ("points_changed", "segment_entered")
    ]
    assert [(row["Activity type"], row["Email"]) for row in rows] == [
        (type_, "ana@x.com") for type_ in [row["Activity type"] for row in rows]
    ]
    assert {"page_visited", "order_completed"} <= {row["Activity type"] for row in rows}
    assert "product_visited" not in {row["Activity type"] for row in rows}  # by then another used the browser
    [order] = [row for row in rows if row["Activity type"] == "order_completed"]
    assert (order["Order ID"], order["Total"], order["Activity"]) == ("'=1", "10", "Order completed")
    assert '"order_id":"=1"' in order["Properties"]
    assert (job.total, job.done, made.rows) == (1, 1, len(rows_of(content)))

    narrow = Export("activities", "csv", ("type",), everybody(), types=("page_visited", "order_completed"),
                    first=date(2026, 3, 3), last=date(2026, 3, 4))  # fmt: skip
    assert [row["Activity type"] for row in rows_of(written(shop, narrow, "job-2")[2])] == ["order_completed"]


@pytest.mark.parametrize("sorted_at_once", [10_000, 0])
def test_activities_that_were_moved_to_another_contact_are_written_as_that_ones(
    shop, monkeypatch, sorted_at_once
):
    monkeypatch.setattr(activity_rows, "SORTED_AT_ONCE", sorted_at_once)
    received(
        shop,
        [
            identified(days(0), tracker="m1", email="moved@x.com", trusted=True),
            an_activity("product_visited", days(1), id_="gift", tracker="m1"),
        ],
    )
    owner = find_contact(shop, "moved@x.com")
    merge_service.split_activities(
        acting(shop, colleague()), owner, [ActivityId("gift")], id_=ActivityId("s")
    )
    drain_all(shop)

    _, _, content = written(
        shop, Export("activities", "csv", selection=everybody(), types=("product_visited",))
    )

    [row] = rows_of(content)
    assert row["Email"] == ""


@pytest.mark.parametrize("sorted_at_once", [10_000, 3])
def test_the_activities_of_a_contact_stand_together_in_their_order(shop, monkeypatch, sorted_at_once):
    monkeypatch.setattr(activity_rows, "SORTED_AT_ONCE", sorted_at_once)
    people = {f"{name}@x.com": name for name in ("ana", "eva")}
    received(shop, [identified(days(2), tracker=name, email=email) for email, name in people.items()])
    received(
        shop, [an_activity("page_visited", days(day), tracker=name) for day in (4, 0, 3) for name in "tu"]
    )
    received(shop, [bought(9, days(day), email=email) for day in (5, 1) for email in people])

    rows = rows_of(written(shop, Export("activities", selection=everybody()))[2])

    contacts = [row["Contact ID"] for row in rows]
    assert sorted(contacts, key=contacts.index) == contacts
    times = [(contacts.index(row["Contact ID"]), row["Happened at"], row["Activity ID"]) for row in rows]
    assert sorted(times) == times
    assert len({row["Activity ID"] for row in rows}) == len(rows) == shop.activities.count_documents({})


def one_batch_of(monkeypatch, rows):
    monkeypatch.setattr(row_reads, "READ", rows)
    monkeypatch.setattr(row_reads, "READS", 1)


def test_a_file_shows_one_moment_whatever_is_written_meanwhile(shop, monkeypatch):
    one_batch_of(monkeypatch, 10)
    received(shop, crowd(100))
    shop.contacts.update_many({}, {"$set": {"custom.city": "x" * 500_000}})  # more than is on its way at once
    real = row_reads.made

    def changes_meanwhile(columns, rows):
        shop.contacts.update_many({}, {"$set": {"first_name": "Later"}})
        shop.contacts.delete_many({"external_id": {"$in": ["1", "55", "99"]}})
        return real(columns, rows)

    monkeypatch.setattr(row_reads, "made", changes_meanwhile)
    columns = ("external_id", "first_name", "custom.city")
    _, _, content = written(shop, Export("contacts", "parquet", columns, everybody()))

    found = pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist()
    rows = {row["External ID"]: row["First name"] for row in found}
    assert rows == {str(n): f"P{n}" for n in range(100)}


def test_a_worker_that_is_killed_leaves_no_half_file_and_another_writes_the_whole(shop, mongod, monkeypatch):
    one_batch_of(monkeypatch, 20)
    monkeypatch.setattr(export_job, "REPORT_EVERY", 0)
    monkeypatch.setattr(exporting, "CHUNK", 100)
    received(shop, crowd(600))
    exporting.start(shop, Export(), id_="job-1", by="u1", by_name="Mia", now=utc_now())
    context = multiprocessing.get_context("fork")
    for _ in range(3):
        shop.jobs.update_one({"_id": "job-1"}, {"$set": {"done": 0}})
        victim = context.Process(target=work_for_ever, args=(mongod.uri, shop.name))
        victim.start()
        while jobs.job(shop, "job-1").done < 100:
            pass
        os.kill(victim.pid, signal.SIGKILL)
        victim.join()
        job = jobs.job(shop, "job-1")
        assert (job.under_way, job.made, shop["exports.files"].count_documents({})) == (True, {}, 0)
        with pytest.raises(StoredFileNotFound, match="not ready"):
            exporting.opened(shop, job, now=utc_now())
        job_lease.let_go(shop, "job-1")
    run_jobs(shop)

    job = jobs.job(shop, "job-1")
    made, stream = exporting.opened(shop, job, now=utc_now())
    names = [row["External ID"] for row in rows_of(stream.read())]
    assert (job.state, job.done, made.rows, sorted(names, key=int)) == (
        JobState.DONE, 600, 600, [str(n) for n in range(600)],
    )  # fmt: skip
    exporting.sweep(shop, now=utc_now())
    assert shop["exports.files"].distinct("_id") == shop["exports.chunks"].distinct("files_id") == [made.file]


def test_a_stopped_export_leaves_nothing(shop, monkeypatch):
    one_batch_of(monkeypatch, 10)
    monkeypatch.setattr(export_job, "REPORT_EVERY", 0)
    received(shop, crowd(50))
    exporting.start(shop, Export(), id_="job-1", by="u1", by_name="Mia", now=utc_now())
    real = job_lease.reach

    def stops(db, before, done, *, now):
        jobs.stop(db, before.id, now=now)
        return real(db, before, done, now=now)

    monkeypatch.setattr(job_lease, "reach", stops)
    run_jobs(shop)

    job = jobs.job(shop, "job-1")
    assert (job.state, exporting.made_of(job)) == (JobState.STOPPED, None)
    assert shop["exports.chunks"].count_documents({}) == shop["exports.files"].count_documents({}) == 0


def test_of_two_who_write_the_same_one_file_is_offered(shop, monkeypatch):
    received(shop, crowd(5))
    exporting.start(shop, Export(), id_="job-1", by="u1", by_name="Mia", now=utc_now())
    real = export_job._Exporting._written

    def slow(work, before, as_of):
        step = real(work, before, as_of)
        monkeypatch.setattr(export_job._Exporting, "_written", real)
        job_lease.let_go(shop, "job-1")
        run_next_job(shop, clock=utc_now, stopped=lambda: False)  # another, while this one sleeps
        return step

    monkeypatch.setattr(export_job._Exporting, "_written", slow)
    run_jobs(shop)

    job = jobs.job(shop, "job-1")
    assert (job.state, job.done) == (JobState.DONE, 5)
    assert shop["exports.files"].count_documents({}) == 2
    assert exporting.sweep(shop, now=utc_now()) == 1
    assert shop["exports.files"].distinct("_id") == [exporting.made_of(job).file]


def test_files_go_after_their_days_and_with_whoever_is_erased(shop):
    received(shop, [identified(days(0), email="ana@x.com"), identified(days(0), email="eva@x.com")])
    eva = shop.contacts.find_one({"email": "eva@x.com"})["_id"]
    everybody, _, _ = written(shop, Export(), "all")
    of_eva, _, _ = written(shop, Export("activities", selection=Selection(ids=(eva,))), "eva")
    both = [everybody, of_eva]
    assert exporting.available(shop, both, now=utc_now()) == {"all", "eva"}

    later = utc_now() + exporting.KEPT_FOR + timedelta(minutes=1)
    assert exporting.available(shop, both, now=later) == set()
    with pytest.raises(StoredFileNotFound, match="was kept for 7 days"):
        exporting.opened(shop, of_eva, now=later)

    erasing.start(shop, eva, id_="erase", by="u1", by_name="Mia", now=utc_now())
    run_jobs(shop)
    assert exporting.available(shop, both, now=utc_now()) == set()
    with pytest.raises(StoredFileNotFound, match="not kept any more"):
        exporting.opened(shop, everybody, now=utc_now())

    _, _, content = written(shop, Export(), "anew")
    assert [row["Email"] for row in rows_of(content)] == ["ana@x.com"]
    assert exporting.sweep(shop, now=utc_now()) == 0
    assert exporting.sweep(shop, now=later) == 1
    assert shop["exports.chunks"].count_documents({}) == 0


def test_what_cannot_be_written_is_said_before_it_is_begun(shop, monkeypatch):
    received(shop, crowd(12))

    def start(wanted, id_="job-1"):
        exporting.start(shop, wanted, id_=id_, by="u1", by_name="Mia", now=utc_now())

    with pytest.raises(UnknownColumn, match="there is no column shoe"):
        start(Export(columns=("email", "shoe")))
    with pytest.raises(InvalidFilter):
        start(Export(selection=everybody(shoe=38)))
    monkeypatch.setattr(workbook_writer, "MAX_ROWS", 11)
    start(Export(format="xlsx"))
    run_jobs(shop)
    job = jobs.job(shop, "job-1")
    assert job.state == JobState.FAILED
    assert "an Excel sheet holds 10 rows besides its headings, and there are more: use CSV" in job.failure
    assert shop["exports.chunks"].count_documents({}) == 0
    too_many = Export(format="xlsx")
    with pytest.raises(WorkbookTooLarge, match=r"holds 1,048,575 rows .* these are 2,000,000 contacts"):
        exporting.refuse_too_large(too_many, 2_000_000, 5)
