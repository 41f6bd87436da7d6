"""A file becomes contacts: each row once, whoever is killed; and it can be taken back whole."""

import gzip
import io
import multiprocessing
import os
import signal
from datetime import date

import pytest

from engine.contacts import contact_lookup
from engine.contacts.editing import edit_service
from engine.contacts.editing.edit import Edit
from engine.contacts.sheet import sheets
from engine.db.connection import utc_now
from engine.imports import drafts, import_job, import_request, import_service, preview, refused_rows
from engine.imports.mapping import inspection
from engine.imports.mapping.consents import Statement
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.reading import table
from engine.imports.reading.formats import Format
from engine.jobs import job_lease, jobs
from engine.jobs.errors import CannotUndo, JobNotFound
from engine.jobs.jobs import JobState
from engine.pipeline import activity_steps, inbox, inline_apply
from engine.pipeline.commit import Writes
from engine.pipeline.inline_apply import Folded
from engine.publishing import publishing
from engine.rules import versions
from tests.builders import acting, an_activity, colleague, days, identified
from tests.integration.drained import drain_all, receive_and_drain, run_jobs
from tests.integration.dying import dying, run_to_the_end, work_for_ever

SEGMENTS = "segments:\n  - {id: fair, name: Met at the fair, static: true}\n"


@pytest.fixture
def shop(db, monkeypatch):
    """A shop with a static segment, where imports take ten rows a step."""
    monkeypatch.setattr(import_job, "STEP", 10)
    monkeypatch.setattr(activity_steps, "APPLY_TIMEOUT", 0)  # nobody drains beside the job
    texts = publishing.completed(db, {"segments.yaml": SEGMENTS})
    publishing.publish(db, texts, by="ana", message="for the tests", now=utc_now())
    drain_all(db)
    return db


def settled(db, content, **more):
    """A file's settings, as it is guessed."""
    found = inspection.inspect(lambda: io.BytesIO(content), versions.current(db))
    columns = {column.heading: column.target for column in found.columns}
    readings, undecided = inspection.cell_formats(found, columns, versions.current(db))
    assert undecided == []
    return ImportSettings(format=found.format, columns=columns, readings=readings, **more)


def opener(content):
    return lambda: io.BytesIO(content)


def started(db, content, id_="job-1", **more):
    wanted = settled(db, content, **more)
    return import_request.start(
        db, io.BytesIO(content), wanted, name="people.csv", id_=id_, by="u1", by_name="Mia", now=utc_now()
    )


def counts(db, id_="job-1"):
    job = jobs.job(db, id_)
    return {
        "created": job.created,
        "updated": job.changed - job.created,
        "unchanged": job.unchanged,
        "refused": job.refused,
    }


def people(count, city="Roma"):
    return "".join(
        ["id cliente;email;nombre;ciudad\n", *(f"{n};p{n}@x.com;P{n};{city}\n" for n in range(1, count + 1))]
    ).encode()


def test_a_file_makes_contacts_changes_known_ones_and_gives_back_what_it_cannot(shop):
    receive_and_drain(
        shop,
        [
            identified(
                days(0), external_id="1", email="old@x.com", traits={"first_name": "Ana", "city": "Roma"}
            ),
            identified(days(0), email="same@x.com", traits={"first_name": "Sam"}),
            identified(days(0), external_id="5"),
            identified(days(0), email="other@x.com"),
            identified(days(0), phone="+34600000009", traits={"first_name": "Pia"}),
            an_activity("newsletter_subscribed", days(1), email="gone@x.com"),
            an_activity("newsletter_unsubscribed", days(2), email="gone@x.com"),
        ],
    )
    rows = [
        "Customer ID,Email,Mobile,First name,City,Newsletter,Consent date,Segments",
        "1,new@x.com,,Ana,,,,",
        ",Same@X.com,,Sam,,,,",
        ",,600 000 009,Pia,Lugo,,,fair",
        ",gone@x.com,,,,yes,,",
        ",back@x.com,,Bea,,yes,2026-01-31,Met at the fair",
        "5,other@x.com,,Who,,,,",
        ",bad,,Bad,,,,",
        ",,3.46E+10,Rounded,,,,",
        ",BACK@x.com,,Twice,,,,",
        ",,,Nobody,,,,",
        ',c@x.com,,"Open,,,,',
    ]
    content = "\n".join(rows).encode()
    foretold = preview.preview(shop, lambda: io.BytesIO(content), settled(shop, content), now=utc_now())
    assert shop.activities.count_documents({"source": "import"}) == 0
    started(shop, content)
    run_jobs(shop)

    job = jobs.job(shop, "job-1")
    assert (job.state, job.total, job.done) == (JobState.DONE, 11, 11)
    assert counts(shop) == {"created": 1, "updated": 2, "unchanged": 2, "refused": 6}
    assert (foretold.rows, foretold.refused, dict(foretold.outcomes)) == (
        11,
        6,
        {"created": 1, "updated": 2, "unchanged": 2},
    )
    assert {found.kind: found.examples[0].line for found in foretold.problems} == {
        "two_contacts": 7, "email": 8, "phone": 9, "repeated": 10, "identity": 11, "quote": 12,
    }  # fmt: skip
    assert foretold.preview[0].values == {"external_id": "1", "email": "new@x.com", "first_name": "Ana"}
    assert shop.activities.count_documents({"source": "import"}) == 4

    ana, pia = (
        sheets.sheet(shop, contact_lookup.find_contact(shop, key), now=utc_now())
        for key in ("new@x.com", "+34600000009")
    )
    assert (ana.email, ana.custom) == ("new@x.com", {"city": "Roma"})
    assert pia.custom == {"city": "Lugo"}
    row = shop.contacts.find_one({"email": "back@x.com"})
    assert (row["first_name"], row["statuses"]["newsletter"]["state"], list(row["segments"])) == (
        "Bea",
        "subscribed",
        ["fair"],
    )
    assert (
        shop.contacts.find_one({"email": "gone@x.com"})["statuses"]["newsletter"]["state"] == "unsubscribed"
    )
    refused = {line: reason for line, reason, _ in refused_rows.rows_of(shop, "job-1")}
    assert list(refused) == [7, 8, 9, 10, 11, 12]
    assert "external id 5 is one contact's and email other@x.com another contact's" in refused[7]
    assert "line 6 has the same email, phone or external ID" in refused[10]


HALF_READ = (
    b"email,movil,cumpleanos,nombre\n"
    b"ana@x.com,600 123 456,1990-04-03,Ana\n"
    b"bea@x.com,112345678,1991-02-31,Bea\n"
    b",112345678,,Cai\n"
)


def test_cells_that_cannot_be_read_are_left_out_listed_and_given_back_and_the_people_go_in(shop):
    foretold = preview.preview(shop, opener(HALF_READ), settled(shop, HALF_READ), now=utc_now())
    started(shop, HALF_READ)
    run_jobs(shop)

    assert (foretold.left_out, foretold.refused) == (1, 1)
    assert {(one.kind, one.refuses, one.count) for one in foretold.problems} == {
        ("phone", False, 1), ("value", False, 1), ("phone", True, 1),
    }  # fmt: skip
    assert counts(shop) == {"created": 2, "updated": 0, "unchanged": 0, "refused": 1}
    assert shop.contacts.find_one({"email": "bea@x.com"})["first_name"] == "Bea"
    assert [line for line, _, _ in refused_rows.rows_of(shop, "job-1")] == [4]
    [(line, reason, cells)] = refused_rows.rows_of(shop, "job-1", of=refused_rows.LEFT_OUT)
    assert (line, cells) == (3, ["bea@x.com", "112345678", "1991-02-31", "Bea"])
    assert "movil: '112345678'" in reason
    assert "cumpleanos: '1991-02-31': there is no such day" in reason
    actor = acting(shop, colleague())
    total, [first] = import_service.left_out(actor, "job-1", limit=1)
    assert (total, first.line) == (1, 3)
    name, lines = import_service.refused_file(actor, "job-1", of=refused_rows.LEFT_OUT)
    header, row = "".join(lines).removeprefix("\ufeff").splitlines()
    assert name == "people-left-out.csv"
    assert header == "email,movil,cumpleanos,nombre,Line in the file,What was left out"
    assert row.startswith("bea@x.com,112345678,1991-02-31,Bea,3,")
    refused_rows.delete(shop, "job-1")
    assert shop.import_refusals.count_documents({}) == 0


def test_an_opt_in_of_everyone_is_previewed_on_its_day_in_the_accounts_time_zone(shop):
    content = b"email\nana@x.com\n"
    stated = settled(shop, content, statements=(Statement("newsletter", date(2026, 1, 31), "the fair"),))

    foretold = preview.preview(shop, opener(content), stated, now=utc_now())

    assert foretold.preview[0].values["newsletter"] == "subscribed on 2026-01-31"


def test_rows_with_cells_that_cannot_be_read_are_refused_if_the_user_wants_that(shop):
    started(shop, HALF_READ, bad_cells="refuse")
    run_jobs(shop)

    assert counts(shop) == {"created": 1, "updated": 0, "unchanged": 0, "refused": 2}
    assert refused_rows.count(shop, "job-1", of=refused_rows.LEFT_OUT) == 0


def test_importing_the_same_again_changes_nothing(shop):
    for id_ in ("job-1", "job-1", "job-2"):
        started(shop, people(25), id_=id_)
    run_jobs(shop)

    assert counts(shop) == {"created": 25, "updated": 0, "unchanged": 0, "refused": 0}
    assert counts(shop, "job-2") == {"created": 0, "updated": 0, "unchanged": 25, "refused": 0}
    assert shop.activities.count_documents({"source": "import"}) == 25


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("create", {"created": 15, "refused": 10}), ("update", {"updated": 10, "refused": 15})],
)
def test_only_new_or_only_known_contacts_are_touched_if_that_is_wanted(shop, mode, expected):
    started(shop, people(10))
    run_jobs(shop)
    started(shop, people(25, city="Lugo"), id_="job-2", mode=mode)
    run_jobs(shop)

    assert counts(shop, "job-2") == {"created": 0, "updated": 0, "unchanged": 0, "refused": 0} | expected


def test_an_empty_cell_empties_a_field_only_where_that_is_wanted(shop):
    started(shop, people(3))
    run_jobs(shop)
    emptied = b"email,nombre,ciudad\np1@x.com,,\n"
    started(shop, emptied, id_="job-2", clear=frozenset({"ciudad"}))
    run_jobs(shop)

    row = shop.contacts.find_one({"email": "p1@x.com"})
    assert (row["first_name"], row.get("custom", {})) == ("P1", {})


def test_taking_an_import_back_leaves_what_was_there_and_what_came_since(shop):
    receive_and_drain(
        shop, [identified(days(0), email="p1@x.com", traits={"first_name": "Before", "city": "Bari"})]
    )
    started(shop, people(25), segment="fair")
    run_jobs(shop)
    p2 = contact_lookup.find_contact(shop, "p2@x.com")
    edit_service.edit(acting(shop, colleague("Leo")), p2, Edit(fields={"custom.country": "IT"}), id_="later")
    receive_and_drain(
        shop, [an_activity("order_completed", utc_now(), email="p3@x.com", order_id="1", total="10")]
    )

    import_request.undo(shop, "job-1", by="u1", by_name="Mia", now=utc_now())
    run_jobs(shop)

    living = {row.get("email"): row for row in shop.contacts.find({"deleted": {"$ne": True}})}
    assert set(living) == {"p1@x.com", "p2@x.com", "p3@x.com"}
    assert (living["p1@x.com"]["first_name"], living["p1@x.com"]["custom"]) == ("Before", {"city": "Bari"})
    assert living["p3@x.com"].get("first_name") is None
    assert (living["p2@x.com"]["custom"], living["p2@x.com"].get("first_name")) == ({"country": "IT"}, None)
    assert shop.contacts.count_documents({"segments.fair": {"$exists": True}}) == 0

    started(shop, people(25), id_="again")
    run_jobs(shop)
    assert counts(shop, "again") == {"created": 22, "updated": 3, "unchanged": 0, "refused": 0}


@pytest.mark.parametrize("undone_first", ["earlier", "later"])
def test_of_two_imports_that_are_both_undone_nothing_stays_whichever_is_undone_first(shop, undone_first):
    for id_, city in (("earlier", "Roma"), ("later", "Bari")):
        started(shop, people(3, city), id_=id_)
        run_jobs(shop)

    for id_ in sorted(("earlier", "later"), key=lambda id_: id_ != undone_first):
        import_request.undo(shop, id_, by="u1", by_name="Mia", now=utc_now())
        run_jobs(shop)

    assert shop.contacts.count_documents({"deleted": {"$ne": True}}) == 0


def test_whoever_dies_while_an_import_is_undone_a_contact_used_since_keeps_its_email_once(shop, monkeypatch):
    started(shop, people(25))
    run_jobs(shop)
    p2 = contact_lookup.find_contact(shop, "p2@x.com")
    edit_service.edit(acting(shop, colleague("Leo")), p2, Edit(fields={"custom.country": "IT"}), id_="later")
    drain_all(shop)

    import_request.undo(shop, "job-1", by="u1", by_name="Mia", now=utc_now())
    real = inbox.receive
    monkeypatch.setattr(inbox, "receive", dying(real, lambda db, all_: real(db, all_[:3])))
    run_to_the_end(shop, "job-1:undo")

    living = {row.get("email"): row.get("custom") for row in shop.contacts.find({"deleted": {"$ne": True}})}
    assert living == {"p2@x.com": {"country": "IT"}}
    assert shop.activities.count_documents({"_id": {"$regex": ":keep$"}}) == 1


def test_only_an_import_that_has_ended_is_taken_back(shop):
    with pytest.raises(JobNotFound, match="there is no import"):
        import_request.undo(shop, "job-1", by="u1", by_name="Mia", now=utc_now())
    started(shop, people(3))
    with pytest.raises(CannotUndo, match="stop it, then undo it"):
        import_request.undo(shop, "job-1", by="u1", by_name="Mia", now=utc_now())


@pytest.mark.parametrize("deadly", ["receive", "hold", "write", "advance", "store"])
def test_whoever_dies_at_whatever_point_each_row_goes_in_once(shop, monkeypatch, deadly):
    content = people(25) + b";bad;Bad;Bad\n" + b"26;p26@x.com;P26;Roma\n"
    started(shop, content)
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
    assert counts(shop) == {"created": 26, "updated": 0, "unchanged": 0, "refused": 1}
    assert shop.activities.count_documents({"source": "import"}) == 26
    assert [line for line, _, _ in refused_rows.rows_of(shop, "job-1")] == [27]
    assert shop.conflicts.count_documents({}) == 0


def test_a_worker_that_is_killed_for_real_leaves_the_file_for_another(shop, mongod):
    started(shop, people(300))
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

    drain_all(shop)
    assert counts(shop) == {"created": 300, "updated": 0, "unchanged": 0, "refused": 0}
    assert shop.contacts.count_documents({"first_name": {"$exists": True}}) == 300


def test_a_stopped_import_ends_where_it_is(shop):
    started(shop, people(25))
    jobs.stop(shop, "job-1", now=utc_now())
    run_jobs(shop)

    assert jobs.job(shop, "job-1").state == JobState.STOPPED
    assert shop.activities.count_documents({"source": "import"}) == 0


def test_an_import_that_is_stopped_while_its_file_is_looked_at_imports_nothing(shop, monkeypatch):
    monkeypatch.setattr(table, "CHECK_EVERY", 5)
    monkeypatch.setattr(import_job, "HEARTBEAT", 0)
    started(shop, people(25))
    looks = []
    real = job_lease.keep

    def stops(db, id_, *, now):
        looks.append(id_)
        jobs.stop(db, id_, now=now)
        return real(db, id_, now=now)

    monkeypatch.setattr(job_lease, "keep", stops)
    run_jobs(shop)

    assert (len(looks), jobs.job(shop, "job-1").state) == (1, JobState.STOPPED)
    assert shop.activities.count_documents({"source": "import"}) == 0


def test_a_file_that_breaks_off_fails_and_says_where_before_anything_goes_in(shop):
    whole = gzip.compress("".join(f"p{n * 7919 % 100_003}@x.com\n" for n in range(30_000)).encode())
    settings = ImportSettings(format=Format(header=False), columns={"Column 1": "email"})
    import_request.start(
        shop,
        io.BytesIO(whole[: len(whole) // 2]),
        settings,
        name="people.gz",
        id_="job-1",
        by="u1",
        by_name="Mia",
        now=utc_now(),
    )
    run_jobs(shop)

    job = jobs.job(shop, "job-1")
    assert (job.state, job.done) == (JobState.FAILED, 0)
    assert "the file is damaged after line" in job.failure


def test_nothing_that_an_import_or_the_fold_of_it_asks_reads_all_activities_or_contacts(shop):
    run_import = started(shop, people(30))
    shop.command("profile", 2)
    run_jobs(shop)
    import_request.undo(shop, run_import, by="u1", by_name="Mia", now=utc_now())
    run_jobs(shop)
    shop.command("profile", 0)

    asked = shop["system.profile"].find({"ns": {"$regex": r"\.(activities|contacts|ledger)$"}})
    scans = [row["command"] for row in asked if "COLLSCAN" in row.get("planSummary", "")]
    assert jobs.job(shop, run_import).created == 30
    assert scans == []


def test_the_very_same_content_is_known_again_whatever_it_is_called(shop):
    started(shop, people(3))
    started(shop, people(4), "job-2")
    id_ = drafts.expect(shop, by="u1", session=None, now=utc_now())
    coming = drafts.receive(shop, id_, "of another name.csv")
    coming.write(people(3)[:20])
    coming.write(people(3)[20:])
    coming.finish()

    assert import_request.imported_before(shop, id_).id == "job-1"
    assert import_request.imported_before(shop, "job-1") is None
    assert import_request.imported_before_from(shop, opener(people(4)), size=len(people(4))).id == "job-2"
    assert import_request.imported_before_from(shop, opener(people(5)), size=len(people(3))) is None


def test_of_several_imports_of_a_file_one_that_stands_is_told_before_those_taken_back(shop):
    for id_ in ("job-1", "job-2", "job-3"):
        started(shop, people(3), id_)
        run_jobs(shop)
    import_request.undo(shop, "job-3", by="u1", by_name="Mia", now=utc_now())

    assert import_request.imported_before_from(shop, opener(people(3)), size=len(people(3))).id == "job-2"


def test_a_file_is_read_for_that_only_if_one_of_its_length_was_imported(shop):
    started(shop, people(3))

    def never():
        raise AssertionError("the file was read")

    assert import_request.imported_before_from(shop, never, size=len(people(3)) + 1) is None


def test_a_file_that_breaks_off_while_it_is_sent_leaves_nothing(shop):
    class Broken(io.BytesIO):
        def read(self, _size=-1):
            raise OSError("the disk is away")

    with pytest.raises(OSError, match="away"):
        import_request.start(
            shop, Broken(), ImportSettings(), name="p.csv", id_="job-1", by="u1", by_name="Mia", now=utc_now()
        )

    assert shop["imports.chunks"].count_documents({}) == shop["imports.files"].count_documents({}) == 0
    assert jobs.job(shop, "job-1") is None
