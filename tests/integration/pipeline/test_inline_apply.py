"""What an import brings takes effect as it is kept: as the lanes would have it, and once."""

import io
import random
from datetime import timedelta

import pytest

from engine.contacts import contact_lookup
from engine.contacts.editing import edit_service
from engine.contacts.editing.edit import Edit
from engine.db.connection import connect, utc_now
from engine.imports import import_batch, import_job, import_request
from engine.imports.mapping import inspection
from engine.imports.mapping.import_settings import ImportSettings
from engine.jobs import job_lease, jobs
from engine.jobs.jobs import JobState
from engine.operations.preparation import prepare
from engine.pipeline import activity_steps, inline_apply
from engine.pipeline.commit import Writes
from engine.pipeline.inline_apply import Folded
from engine.privacy import erasing
from engine.privacy import erasure_job as erasure_steps
from engine.publishing import publishing
from engine.rules import versions
from engine.settings import CONFIG_DIR
from tests.builders import acting, an_activity, colleague, days, identified
from tests.integration.drained import drain_all, receive_and_drain
from tests.integration.job_runs import run_next_job

RULES = """rules:
  - {id: welcome, name: Came by a file, on: contact_imported, points: 7, limit: once}
  - id: tell
    name: Tell the till
    on: segment_entered
    when: {activity.segment: fair}
    effects: [{webhook: till}]
"""
SEGMENTS = """segments:
  - {id: fair, name: Met at the fair, static: true}
  - {id: locals, name: Locals, when: {contact.custom.city: Roma}}
"""


@pytest.fixture
def shop(db, monkeypatch):
    """A shop where imports take ten rows a step, and nobody drains beside them."""
    monkeypatch.setattr(import_job, "STEP", 10)
    monkeypatch.setattr(activity_steps, "APPLY_TIMEOUT", 0)
    publishing.publish(
        db,
        publishing.completed(db, {"segments.yaml": SEGMENTS}),
        by="ana",
        message="for the tests",
        now=utc_now(),
    )
    drain_all(db)
    return db


def started(db, content, id_="job-1", **more):
    ruleset = versions.current(db)
    found = inspection.inspect(lambda: io.BytesIO(content), ruleset)
    columns = {column.heading: column.target for column in found.columns}
    readings, _ = inspection.cell_formats(found, columns, ruleset)
    wanted = ImportSettings(format=found.format, columns=columns, readings=readings, **more)
    return import_request.start(
        db, io.BytesIO(content), wanted, name="people.csv", id_=id_, by="u1", by_name="Mia", now=utc_now()
    )


def run(db):
    while run_next_job(db, clock=utc_now, stopped=lambda: False):
        pass


def people(count, city="Roma"):
    rows = (f"{n};p{n}@x.com;P{n};{city}\n" for n in range(1, count + 1))
    return "".join(["id cliente;email;nombre;ciudad\n", *rows]).encode()


def waiting(db):
    return db.activities.count_documents({"state": "received"})


def said(db):
    """All that an import left, but for when it was written."""
    passing = {"v": 0, "folded_at": 0}
    return {
        "contacts": list(db.contacts.find({}, passing).sort("_id", 1)),
        "ledger": list(db.ledger.find().sort("_id", 1)),
        "activities": list(db.activities.find().sort("_id", 1)),
        "suggestions": list(db.suggestions.find().sort("_id", 1)),
        "counts": {
            name: getattr(jobs.job(db, "job-1"), name) for name in ("created", "unchanged", "refused")
        },
    }


def a_mixed_file(source):
    """Known and new people, by one key or several, with and without a consent, some of it long ago."""
    lines = ["customer id,email,mobile,first name,city,newsletter,consent date,segments"]
    for n in range(60):
        lines.append(
            ",".join(
                (
                    source.choice(["", f"c{n}"]),
                    f"p{n}@x.com",
                    source.choice(["", f"+346000000{n:02d}"]),
                    source.choice(["Ana", "Leo", ""]),
                    source.choice(["Roma", "Lugo", ""]),
                    source.choice(["yes", "no", ""]),
                    source.choice(["2026-01-31", "2025-06-01", ""]),
                    source.choice(["fair", "", ""]),
                )
            )
        )
    return "\n".join(lines).encode()


def a_past(source):
    for n in range(0, 60, 2):
        at = days(source.randint(0, 20))
        yield identified(at, email=f"p{n}@x.com", traits={"first_name": source.choice(["Ana", "Eva"])})
        if n % 4 == 0:
            yield an_activity("newsletter_subscribed", at + timedelta(hours=1), email=f"p{n}@x.com")
        if n % 6 == 0:
            yield identified(at + timedelta(hours=2), external_id=f"c{n}", email=f"p{n}@x.com")


def test_what_is_folded_at_once_is_what_the_lanes_would_have_made_of_it(shop, mongod, monkeypatch):
    other = connect(mongod.uri, f"{shop.name}_lanes", app="test")
    other.installation.insert_many(shop.installation.find({"_id": {"$in": ["lanes", "namespace"]}}))
    other.rulesets.insert_many(shop.rulesets.find())
    prepare(other, config_dir=CONFIG_DIR, now=utc_now())
    now, source = utc_now(), random.Random(7)
    monkeypatch.setattr(import_batch, "utc_now", lambda: now)
    past, content = list(a_past(source)), a_mixed_file(source)
    try:
        for database in (shop, other):
            receive_and_drain(database, past)
            started(database, content)
        run(shop)
        at_the_end = waiting(shop)
        monkeypatch.setattr(inline_apply, "fold", lambda _db, all_, **_: Folded(Writes(), list(all_)))
        run(other)
        assert waiting(other) > 3 * at_the_end  # nearly all of it took effect at once
        for database in (shop, other):
            drain_all(database)

        ours, lanes = said(shop), said(other)
        assert jobs.job(shop, "job-1").state == JobState.DONE
        for part, rows in ours.items():
            assert rows == lanes[part], part
    finally:
        other.client.drop_database(other.name)


def test_what_changes_meanwhile_is_decided_anew(shop, monkeypatch):
    receive_and_drain(shop, [identified(days(0), email="p1@x.com", traits={"first_name": "P1"})])
    started(shop, people(3))
    real, meanwhile = inline_apply.write, []

    def overtaken(db, writes, **more):
        if not meanwhile:
            meanwhile.append("an order, a new contact, and new rules")
            receive_and_drain(
                db,
                [
                    an_activity("order_completed", utc_now(), email="p1@x.com", order_id="1", total="10"),
                    identified(utc_now(), email="p2@x.com", traits={"first_name": "Early"}),
                ],
            )
            texts = publishing.completed(db, {"scoring.yaml": "rules:\n  - {id: file, name: File, on: "
                                                              "contact_imported, points: 9}\n"})  # fmt: skip
            publishing.publish(db, texts, by="ana", message="new", now=utc_now())
            drain_all(db)
        return real(db, writes, **more)

    monkeypatch.setattr(inline_apply, "write", overtaken)
    run(shop)
    drain_all(shop)

    job = jobs.job(shop, "job-1")
    assert (job.state, job.created, job.changed) == (JobState.DONE, 1, 3)
    first = shop.contacts.find_one({"email": "p1@x.com"})
    assert (first["commerce"]["orders"], first["custom"], first["external_id"]) == (1, {"city": "Roma"}, "1")
    assert shop.contacts.find_one({"email": "p2@x.com"})["first_name"] == "P2"
    assert shop.activities.count_documents({"source": "import"}) == 3
    assert shop.ledger.count_documents({"rule": "file", "points": 9}) == 3


def test_a_step_that_others_overtake_again_and_again_is_left_to_the_lanes(shop, monkeypatch):
    started(shop, people(15))
    real = inline_apply.write

    def overtaken(db, writes, **more):
        for row in writes.kept[:1]:
            db.contacts.insert_one({"_id": row["_id"], "keys": [row["stream"]]})
        try:
            return real(db, writes, **more)
        finally:
            db.contacts.delete_many({"v": None})

    monkeypatch.setattr(inline_apply, "write", overtaken)
    run(shop)
    assert waiting(shop) == 15
    drain_all(shop)

    assert (jobs.job(shop, "job-1").created, shop.contacts.count_documents({"custom.city": "Roma"})) == (
        15,
        15,
    )


def test_rules_react_to_a_file_once_and_tell_others_once(shop, monkeypatch):
    settings = "webhooks:\n  till: {url: 'http://127.0.0.1:9/'}\n"
    texts = publishing.completed(shop, {"scoring.yaml": RULES, "settings.yaml": settings})
    publishing.publish(shop, texts, by="ana", message="rules", now=utc_now())
    drain_all(shop)
    started(shop, people(25), segment="fair")
    real, killed = job_lease.advance, []

    def dies(*args, **more):
        if len(killed) < 2:
            killed.append("after the commit")
            raise KeyboardInterrupt
        return real(*args, **more)

    monkeypatch.setattr(job_lease, "advance", dies)
    for _ in range(3):
        try:
            run(shop)
        except KeyboardInterrupt:
            job_lease.let_go(shop, "job-1")

    assert (waiting(shop), jobs.job(shop, "job-1").created) == (0, 25)
    assert shop.contacts.count_documents({"points.total": 7, "segments.fair": {"$ne": None}}) == 25
    assert shop.contacts.count_documents({"segments.locals": {"$ne": None}}) == 25
    assert shop.outbox.count_documents({"webhook": "till"}) == 25
    assert sum(row.get("applied", 0) for row in shop.jobs.find()) == 25


def test_what_only_a_lane_can_settle_is_left_to_it(shop, monkeypatch):
    monkeypatch.setattr(erasure_steps, "SETTLED_AFTER", timedelta(0))
    monkeypatch.setattr(erasure_steps, "PATIENCE", 0)
    receive_and_drain(
        shop,
        [
            an_activity("page_visited", days(3), email="p1@x.com"),
            identified(days(0), email="gone@x.com"),
        ],
    )
    gone = contact_lookup.find_contact(shop, "gone@x.com")
    erasing.start(shop, gone, id_="erasure", by="u1", by_name="Mia", now=utc_now())
    run(shop)
    edit_service.edit(
        acting(shop, colleague("Leo")),
        contact_lookup.find_contact(shop, "p1@x.com"),
        Edit(fields={"custom.city": "Bari"}),
        id_="waits",
    )
    started(
        shop,
        b"email,newsletter,consent date,city\np1@x.com,yes,2020-01-31,Roma\ngone@x.com,,,Roma\nnew@x.com,,,Roma\n",
    )
    run(shop)

    late = {row["type"] for row in shop.activities.find({"state": "received", "source": "import"})}
    assert late == {"newsletter_subscribed", "contact_imported"}
    assert contact_lookup.find_contact(shop, "new@x.com") is not None
    drain_all(shop)
    row = shop.contacts.find_one({"email": "p1@x.com"})
    assert (row["custom"]["city"], row["statuses"]["newsletter"]["state"]) == ("Roma", "subscribed")
    assert (jobs.job(shop, "job-1").refused, contact_lookup.find_contact(shop, "gone@x.com")) == (1, None)
