"""The suppression list on the real server: who is on it and why, in each sender's form, and back in."""

import csv
import io

import pytest

from engine.contacts import contact_lookup
from engine.contacts.sheet import sheets
from engine.db.connection import utc_now
from engine.errors import NotAllowed
from engine.exports import suppression_list
from engine.exports.suppression_list import FORMS, UnknownForm
from engine.imports import import_request
from engine.imports.mapping import inspection
from engine.imports.mapping.import_settings import ImportSettings
from engine.rules import versions
from tests.builders import acting, an_activity, colleague, minutes
from tests.integration.drained import drain_all, receive_and_drain, run_jobs


def marketer(db):
    return acting(db, colleague(role="marketer"), at=utc_now())


@pytest.fixture
def refused(db):
    """One contact of each reason, and two that can be written to."""

    def of(name, type_, at=1, **more):
        return an_activity(type_, minutes(at), email=f"{name}@x.com", trusted=True, **more)

    receive_and_drain(
        db,
        [
            *(of("dead", "email_bounced", n, bounce="hard", message_id=str(n)) for n in range(3)),
            of("angry", "email_complained"),
            of("barred", "email_blocked", reason="asked for it by phone"),
            of("left", "newsletter_unsubscribed"),
            of("dead", "newsletter_unsubscribed", 5),
            of("back", "newsletter_unsubscribed"), of("back", "newsletter_subscribed", 2),
            of("reader", "newsletter_subscribed"),
            of("+tag", "newsletter_unsubscribed"),
        ],
    )  # fmt: skip
    return db


def rows(db, form="plain", **more):
    return list(csv.reader(io.StringIO("".join(suppression_list.as_csv(marketer(db), form, **more)))))


def test_everyone_who_must_not_be_written_to_is_on_it_with_the_strongest_reason(refused):
    heading, *found = rows(refused)

    assert heading == ["email", "reason", "date"]
    assert {(email, reason) for email, reason, _ in found} == {
        ("dead@x.com", "bounced"), ("angry@x.com", "complained"), ("barred@x.com", "blocked"),
        ("left@x.com", "unsubscribed"), ("'+tag@x.com", "unsubscribed"),
    }  # fmt: skip
    assert all(date.startswith("2026-03-02T") for _, _, date in found)


def test_it_has_the_reasons_that_are_wanted(refused):
    assert [row[0] for row in rows(refused, reasons=("bounced",))[1:]] == ["dead@x.com"]


@pytest.mark.parametrize(
    ("form", "heading", "of_dead"),
    [
        ("ses", None, ["dead@x.com", "BOUNCE"]),
        ("mailgun", ["address", "code", "error", "created_at"], ["dead@x.com", "550", "bounced"]),
        ("mailchimp", ["Email Address"], ["dead@x.com"]),
        ("brevo", ["EMAIL"], ["dead@x.com"]),
    ],
)
def test_each_sender_gets_its_form(refused, form, heading, of_dead):
    found = rows(refused, form)

    assert len(found) == 5 + (heading is not None)
    assert heading is None or found[0] == heading
    assert of_dead in [row[: len(of_dead)] for row in found]


def test_what_is_not_there_and_who_may_not_are_refused_at_once(refused):
    with pytest.raises(UnknownForm, match=f"'pigeon'; there are {', '.join(FORMS)}"):
        suppression_list.as_csv(marketer(refused), "pigeon")
    with pytest.raises(UnknownForm, match="no reason tired"):
        suppression_list.as_csv(marketer(refused), reasons=("tired",))
    with pytest.raises(NotAllowed):
        suppression_list.as_csv(acting(refused, colleague(role="viewer"), at=utc_now()))


def test_the_export_is_in_the_audit_log(refused):
    rows(refused)

    assert refused.audit.count_documents({"act": "exported the suppression list"}) == 1


def take(db, content, **settings):
    found = inspection.inspect(lambda: io.BytesIO(content), versions.current(db))
    columns = {column.heading: column.target for column in found.columns if column.target}
    wanted = ImportSettings(format=found.format, columns=columns, **settings)
    import_request.start(
        db, io.BytesIO(content), wanted, name="list.csv", id_="i1", by="u1", by_name="Eva", now=utc_now()
    )
    run_jobs(db)
    drain_all(db)
    return columns


def sheet(db, email):
    return sheets.sheet(db, contact_lookup.find_contact(db, email), now=utc_now())


def test_our_own_list_comes_in_elsewhere_as_what_it_is(refused):
    content = "".join(suppression_list.as_csv(marketer(refused))).encode()
    for collection in ("contacts", "activities"):
        refused[collection].delete_many({})

    assert take(refused, content) == {"email": "email", "reason": "email_status"}

    assert sheet(refused, "dead@x.com").email_status == "bounced"
    assert (sheet(refused, "angry@x.com").email_status, sheet(refused, "angry@x.com").newsletter) == (
        "blocked", "unsubscribed",
    )  # fmt: skip
    assert sheet(refused, "barred@x.com").email_status == "blocked"
    assert sheet(refused, "left@x.com").newsletter == "unsubscribed"
    assert contact_lookup.find_contact(refused, "+tag@x.com") is not None


def test_a_list_without_reasons_is_what_the_user_calls_it_and_the_sheet_says_from_where(refused):
    take(refused, b"email\nreader@x.com\nnew@x.com\nleft@x.com", suppressed="bounced")

    for email in ("reader@x.com", "new@x.com", "left@x.com"):
        assert sheet(refused, email).email_status == "bounced"
    assert sheet(refused, "reader@x.com").newsletter == "subscribed"  # consent is another matter
    newsletter = next(reach for reach in sheet(refused, "reader@x.com").reach if reach.id == "newsletter")
    assert not newsletter.reachable and "listed in list.csv" in newsletter.why


def test_a_blocked_address_is_not_made_bounced(refused):
    take(refused, b"email\nbarred@x.com", suppressed="bounced")

    assert sheet(refused, "barred@x.com").email_status == "blocked"
