"""Topics in files: columns of their own, an export that comes back, and an undo that leaves no trace."""

import io

import pytest
from msgspec import structs

from engine.contacts.listing import listing
from engine.contacts.listing.listing import Listing
from engine.contacts.sheet import sheets
from engine.db.connection import utc_now
from engine.exports import exporting
from engine.exports.exporting import Export
from engine.imports import import_request
from engine.imports.mapping import inspection
from engine.imports.mapping.consents import Statement
from engine.imports.mapping.import_settings import ImportSettings
from engine.insights import census
from engine.jobs import jobs
from engine.jobs.jobs import JobState
from engine.pipeline import activity_steps
from engine.publishing import publishing
from engine.rules import versions
from tests.builders import an_activity, days, identified, transitions_with
from tests.integration.drained import drain_all, receive_and_drain, run_jobs


@pytest.fixture
def shop(db, monkeypatch):
    db.client.admin.command("setParameter", 1, minSnapshotHistoryWindowInSeconds=60)
    monkeypatch.setattr(activity_steps, "APPLY_TIMEOUT", 0)  # nobody drains beside the job
    texts = publishing.completed(db, {"transitions.yaml": transitions_with()})
    publishing.publish(db, texts, by="ana", message="topics", now=utc_now())
    drain_all(db)
    yield db
    db.client.admin.command("setParameter", 1, minSnapshotHistoryWindowInSeconds=0)


def received(db, *activities):
    version = versions.current_number(db)
    receive_and_drain(db, [structs.replace(activity, ruleset=version) for activity in activities])


def imported(db, content, id_="job-1", **more):
    found = inspection.inspect(lambda: io.BytesIO(content), versions.current(db))
    columns = {column.heading: column.target for column in found.columns}
    readings, _ = inspection.cell_formats(found, columns, versions.current(db))
    wanted = ImportSettings(format=found.format, columns=columns, readings=readings, **more)
    import_request.start(
        db, io.BytesIO(content), wanted, name="p.csv", id_=id_, by="u1", by_name="Mia", now=utc_now()
    )
    run_jobs(db)
    assert jobs.job(db, id_).state == JobState.DONE
    return columns


def topics(db):
    return {
        row["email"]: tuple(
            (row["statuses"][name]["state"], row["statuses"][name].get("since"))
            for name in ("topic_offers", "topic_deals", "newsletter")
        )
        for row in db.contacts.find({"email": {"$exists": True}, "deleted": {"$ne": True}})
    }


def states(db):
    return {email: tuple(state for state, _ in found) for email, found in topics(db).items()}


FILE = b"""Email,Offers and sales,Offers and sales subscription date,Topic Deals of the day,Deals of the day opted out
ana@x.com,yes,2026-01-31,,
bo@x.com,no,,unsubscribed,
eva@x.com,,2026-02-01,,yes
gone@x.com,subscribed,,subscribed,
new@x.com,subscribed,2026-04-01,,
"""


def test_a_file_subscribes_by_the_rules_of_the_newsletter(shop):
    received(
        shop,
        an_activity("topic_unsubscribed", days(1), email="gone@x.com", topic="offers"),
        an_activity("topic_unsubscribed", days(1), email="new@x.com", topic="offers"),
    )

    columns = imported(shop, FILE)

    assert list(columns.values()) == [
        "email", "topic_offers", "topic_offers_at", "topic_deals", "topic_deals_out",
    ]  # fmt: skip
    assert states(shop) == {
        "ana@x.com": ("subscribed", "not_subscribed", "not_subscribed"),
        "bo@x.com": ("not_subscribed", "unsubscribed", "not_subscribed"),
        "eva@x.com": ("not_subscribed", "unsubscribed", "not_subscribed"),
        "gone@x.com": ("unsubscribed", "subscribed", "not_subscribed"),
        "new@x.com": ("subscribed", "not_subscribed", "not_subscribed"),
    }


def test_an_undo_takes_back_dated_opt_ins_to_topics_and_no_refusal(shop):
    imported(
        shop,
        b"Email,Topic Offers and sales,Offers and sales subscription date\na@x.com,yes,2026-01-31\nb@x.com,yes,2026-01-31\n",
    )
    received(shop, an_activity("topic_unsubscribed", days(1), email="b@x.com", topic="offers"))

    import_request.undo(shop, "job-1", by="u1", by_name="Mia", now=utc_now())
    run_jobs(shop)

    assert states(shop) == {"b@x.com": ("unsubscribed", "not_subscribed", "not_subscribed")}


def test_everybody_in_a_file_opted_in_to_a_topic(shop):
    day = days(-9).date()

    imported(shop, b"Email\na@x.com\n", statements=(Statement("topic_offers", day, "the fair"),))

    assert states(shop) == {"a@x.com": ("subscribed", "not_subscribed", "not_subscribed")}
    [act] = shop.activities.find({"type": "topic_subscribed"})
    assert act["properties"] == {"topic": "offers", "source": "the fair (p.csv)"}
    assert act["context"]["import"]["line"] == 2


@pytest.mark.parametrize("format_", ["csv", "xlsx", "parquet"])
def test_an_export_brings_the_topics_back(shop, format_):
    imported(shop, FILE)
    received(
        shop,
        identified(days(0), email="zoe@x.com"),
        an_activity("topic_unsubscribed", days(2), email="ana@x.com", topic="offers"),
    )
    before = topics(shop)
    exporting.start(shop, Export(format=format_), id_="out", by="u1", by_name="Mia", now=utc_now())
    run_jobs(shop)
    _, stream = exporting.opened(shop, jobs.job(shop, "out"), now=utc_now())
    content = stream.read()

    imported(shop, content, "same")
    again = jobs.job(shop, "same")
    assert (again.created, again.changed, again.refused) == (0, 0, 0)

    for name in ("contacts", "activities", "ledger"):
        shop[name].delete_many({})
    imported(shop, content, "back")
    after = topics(shop)
    assert {email: [state for state, _ in found] for email, found in after.items()} == {
        email: [state for state, _ in found] for email, found in before.items()
    }
    assert after["ana@x.com"][0] == before["ana@x.com"][0]


def test_lists_and_the_overview_count_topics(shop):
    imported(shop, FILE)
    received(shop, an_activity("page_visited", tracker="nobody"))

    found = {row.email for row in listing.walk(shop, Listing(where={"topic_offers": "subscribed"}), limit=9)}
    others = list(listing.walk(shop, Listing(where={"topic_offers": "not_subscribed"}), limit=9))
    census.take(shop, now=utc_now())

    assert found == {"ana@x.com", "gone@x.com", "new@x.com"}
    assert len(others) == 3
    counted = census.latest(shop)
    assert counted.statuses["topic_offers"] == {"not_subscribed": 3, "subscribed": 3, "unsubscribed": 0}
    assert counted.statuses["topic_deals"] == {"not_subscribed": 3, "subscribed": 1, "unsubscribed": 2}


def test_a_sheet_says_of_each_topic_whether_it_reaches(shop):
    imported(shop, FILE)

    bo = shop.contacts.find_one({"email": "ana@x.com"})
    reach = {line.channel: line.reachable for line in sheets.sheet(shop, bo["_id"], now=utc_now()).reach}

    assert reach == {
        "Email": True, "Newsletter": False, "Offers and sales": True, "SMS": False,
        "Deals of the day": False, "Web push": False,
    }  # fmt: skip


def test_a_topic_may_have_a_dash_in_its_name_and_letters_of_any_alphabet_in_its_label(shop):
    text = transitions_with("\n  back-in-stock: {label: 再入荷}\n")
    texts = publishing.completed(shop, {"transitions.yaml": text})
    publishing.publish(shop, texts, by="ana", message="dash", now=utc_now())
    drain_all(shop)

    imported(shop, b"Email,topic back-in-stock\na@x.com,yes\nb@x.com,unsubscribed\n")
    exporting.start(shop, Export(), id_="out", by="u1", by_name="Mia", now=utc_now())
    run_jobs(shop)
    _, stream = exporting.opened(shop, jobs.job(shop, "out"), now=utc_now())
    imported(shop, stream.read(), "back")

    wanted = Listing(where={"topic_back-in-stock": "subscribed"})
    assert [row.email for row in listing.walk(shop, wanted)] == ["a@x.com"]
    census.take(shop, now=utc_now())
    assert census.latest(shop).statuses["topic_back-in-stock"]["unsubscribed"] == 1
    back = jobs.job(shop, "back")
    assert (back.created, back.changed, back.refused) == (0, 0, 0)
