"""The consent register: what stands in the database, in the CSV file, and after merges and an erasure."""

import csv
import io

import pytest
from msgspec import structs

from engine.accounts import audit
from engine.contacts.sheet import consent_register, sheet_service
from engine.db.connection import utc_now
from engine.domain.activities import ContactId
from engine.errors import NotAllowed
from engine.exports import consent_file
from engine.privacy import erasing
from engine.publishing import publishing
from engine.rules import versions
from tests.builders import acting, an_activity, by_hand, colleague, days, identified, transitions_with
from tests.integration.drained import drain_all, receive_and_drain, run_jobs, the_id


@pytest.fixture
def shop(db):
    texts = publishing.completed(db, {"transitions.yaml": transitions_with()})
    publishing.publish(db, texts, by="ana", message="topics", now=utc_now())
    drain_all(db)
    return db


def received(db, *activities):
    version = versions.current_number(db)
    receive_and_drain(db, [structs.replace(activity, ruleset=version) for activity in activities])


def register(db, email="ana@x.com", **more):
    return consent_register.register(db, the_id(db, email), **more)


def states(found):
    return {state.subscription: state.state for state in found.states}


AGREED = {
    "source": "Footer form", "page": "https://shop.example/news", "text": "Yes, send me the newsletter",
    "text_version": "2026-01", "ip": "203.0.113.7",
}  # fmt: skip
YES = an_activity("newsletter_subscribed", days(0), email="ana@x.com", trusted=True, **AGREED)
NO = an_activity("newsletter_unsubscribed", days(4), email="ana@x.com", reason="too many")


def test_an_act_has_its_evidence(shop):
    received(shop, YES)

    [entry] = register(shop).entries

    assert (entry.by, entry.source, entry.outcome) == ("the contact", "Server", "not subscribed → subscribed")
    assert entry.evidence == consent_register.Evidence(
        origin="Footer form",
        page="https://shop.example/news",
        text="Yes, send me the newsletter",
        text_version="2026-01",
        ip="203.0.113.7",
        address="ana@x.com",
    )


def test_the_page_is_that_of_the_context_where_none_is_named(shop):
    visited = structs.replace(YES, properties={}, context={"page": {"url": "https://shop.example/checkout"}})
    received(shop, visited)

    assert register(shop).entries[0].evidence.page == "https://shop.example/checkout"


def test_a_user_is_named_with_the_reason(shop):
    edit = by_hand("e:ana@x.com", days(1), topic_offers="subscribed", author="Mia", reason="asked by phone")
    received(shop, identified(days(0), email="ana@x.com"), edit)

    [entry] = register(shop).entries

    assert (entry.label, entry.by, entry.source, entry.evidence.reason) == (
        "Offers and sales", "Mia", "User", "asked by phone",
    )  # fmt: skip


def test_the_state_of_a_day_counts_what_arrived_late(shop):
    received(shop, YES, NO)
    late = an_activity("newsletter_unsubscribed", days(2), email="ana@x.com", source="letter")
    received(shop, late)

    found = [states(register(shop, as_of=days(number).date()))["newsletter"] for number in (-1, 0, 1, 2, 5)]

    assert found == ["not_subscribed", "subscribed", "subscribed", "unsubscribed", "unsubscribed"]
    entries = register(shop, as_of=days(3).date()).entries
    assert [entry.at for entry in entries] == [days(0), days(2)]
    last = register(shop).entries[-1]
    assert (last.changed, last.outcome) == (False, "changed nothing: already unsubscribed")


def test_after_a_merge_the_history_is_that_of_both(shop):
    visit = an_activity("newsletter_unsubscribed", days(2), tracker="t1", source="popup")
    received(shop, YES, visit)
    received(shop, identified(days(3), tracker="t1", email="ana@x.com", trusted=True))

    found = register(shop)

    assert [(entry.what, entry.outcome) for entry in found.entries] == [
        ("Subscribed to newsletter", "not subscribed → subscribed"),
        ("Unsubscribed from newsletter", "subscribed → unsubscribed"),
    ]
    assert (
        states(found)["newsletter"]
        == shop.contacts.find_one({"email": "ana@x.com"})["statuses"]["newsletter"]["state"]
    )


def test_after_an_erasure_nothing_is_left(shop):
    received(shop, YES)
    ana = the_id(shop, "ana@x.com")
    erasing.start(shop, ana, id_="erase", by="u1", by_name="Leo", now=utc_now())
    run_jobs(shop)

    assert consent_register.register(shop, ana) is None
    assert consent_register.register(shop, ContactId("nobody")) is None


def test_the_file_has_the_states_and_then_the_acts_and_is_audited(shop):
    formula = structs.replace(NO, properties={"reason": "=cmd|'/c calc'!A1"})
    received(shop, YES, formula)
    actor = acting(shop, colleague())

    text = consent_file.download(actor, the_id(shop, "ana@x.com"), as_of=days(1).date())
    whole = consent_file.download(actor, the_id(shop, "ana@x.com"))

    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [(row["Record"], row["Subscription"], row["State"]) for row in rows] == [
        ("State on 2026-03-03", "Newsletter", "subscribed"),
        ("State on 2026-03-03", "SMS", "not subscribed"),
        ("State on 2026-03-03", "Offers and sales", "not subscribed"),
        ("State on 2026-03-03", "Deals of the day", "not subscribed"),
        ("Act", "Newsletter", "subscribed"),
    ]
    assert rows[0]["When"] == rows[4]["When"] == "2026-03-02T13:00:00+01:00"
    assert rows[0]["Text"] == "Yes, send me the newsletter"
    assert (
        list(csv.DictReader(io.StringIO(whole.removeprefix("\ufeff"))))[-1]["Reason"] == "'=cmd|'/c calc'!A1"
    )
    acts = [entry.act for entry in audit.page(acting(shop, colleague(role="admin")), audit.Filters()).entries]
    assert acts[:2] == ["exported a contact's consent"] * 2


def test_a_viewer_reads_masked_and_downloads_nothing(shop):
    account = versions.current(shop).account
    masked = publishing.completed(
        shop, {"settings.yaml": f"account: {{currency: {account.currency}, mask_for_viewers: true}}"}
    )
    publishing.publish(shop, masked, by="ana", message="mask", now=utc_now())
    received(shop, YES)
    viewer = acting(shop, colleague(role="viewer"))

    found = sheet_service.consent(viewer, the_id(shop, "ana@x.com"))

    known = found.entries[0].evidence
    assert (known.ip, known.address, known.page, known.text, known.text_version) == (None,) * 4 + ("2026-01",)
    assert found.states[0].because.evidence == known
    with pytest.raises(NotAllowed):
        consent_file.download(viewer, the_id(shop, "ana@x.com"))
