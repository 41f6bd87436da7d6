"""Lists of addresses that must not be written to: what other senders write, and what it does."""

import io
from datetime import date

import pytest

from engine.domain.statuses import state_of
from engine.imports.mapping import columns
from engine.imports.mapping.cell_format import InvalidValue
from engine.imports.mapping.consents import Statement
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.mapping.inspection import inspect
from engine.imports.mapping.suppressions import consents_of, read_suppression
from engine.operations.upgrades import with_suppressions
from engine.rules.ruleset import compile_ruleset, read_folder
from engine.settings import CONFIG_DIR
from tests.builders import SHIPPED, an_activity, identified, imported, minutes, the_contact, with_topics


@pytest.mark.parametrize(
    ("cell", "heading", "means"),
    [
        ("bounced", "Email status", "bounced"),
        ("HardBounce", "SuppressionReason", "bounced"),
        ("SpamComplaint", "SuppressionReason", "complained"),
        ("ManualSuppression", "SuppressionReason", "blocked"),
        ("BOUNCE", "Reason", "bounced"),
        ("COMPLAINT", "Reason", "complained"),
        ('["HARD_BOUNCE"]', "Email Suppressions", "bounced"),
        ("USER_SUPPRESSED", "Email Suppressions", "blocked"),
        ("UNSUBSCRIBE", "Email Suppressions", "unsubscribed"),
        ("[]", "Email Suppressions", None),
        ("cleaned", "Status", "bounced"),
        ("No such mailbox", "Reason", "bounced"),
        ("not deliverable", "Status", "bounced"),
        ("unsubscribed", "Status", "unsubscribed"),
        ("rebotado", "Estado del email", "bounced"),
        ("yes", "Bounced", "bounced"),
        ("1", "Blocklisted", "blocked"),
        ("TRUE", "Marked as spam", "complained"),
        ("no", "Bounced", None),
        ("0", "Blocklisted", None),
        ("active", "Email status", None),
        ("paused", "Email status", None),
        ("soft bounce", "Bounce type", None),
        ("not bounced", "Email status", None),
        ("no bounce", "Email status", None),
        ("never", "Bounced", None),
        ("subscribed", "Status", None),
        ("", "Email status", None),
    ],
)
def test_a_word_of_another_sender_means(cell, heading, means):
    assert read_suppression(cell, heading) == means


def test_a_word_that_nobody_knows_is_refused_with_those_that_are():
    with pytest.raises(InvalidValue, match="Email status: 'purple' is none of active, bounced"):
        read_suppression("purple", "Email status")


@pytest.mark.parametrize(
    ("suppression", "email", "newsletter", "offers"),
    [
        ("bounced", "bounced", "subscribed", "subscribed"),
        ("blocked", "blocked", "subscribed", "subscribed"),
        ("complained", "blocked", "unsubscribed", "unsubscribed"),
        ("unsubscribed", "active", "unsubscribed", "subscribed"),
    ],
)
def test_an_address_becomes_what_the_list_says(suppression, email, newsletter, offers):
    book = with_topics()
    said = {consent.channel: consent.state for consent in consents_of(suppression, book.present)}
    history = [
        identified(minutes(0), email="ana@x.com", trusted=True),
        an_activity("newsletter_subscribed", minutes(1), email="ana@x.com", trusted=True),
        an_activity("topic_subscribed", minutes(2), email="ana@x.com", topic="offers", trusted=True),
        imported(minutes(3), email="ana@x.com", **said),
    ]

    state = the_contact(history, book).state

    machines = book.present.machines
    assert state_of(state, machines["email_status"]) == email
    assert state_of(state, machines["newsletter"]) == newsletter
    assert state_of(state, machines["topic_offers"]) == offers


def test_a_new_address_in_the_same_row_is_the_one_that_is_suppressed():
    history = [
        identified(minutes(0), email="ana@x.com", external_id="7", trusted=True),
        imported(minutes(1), email="new@x.com", stream="x:7", email_status="bounced"),
    ]

    state = the_contact(history).state

    assert (state.mail.address, state.statuses["email_status"].state) == ("new@x.com", "bounced")


@pytest.mark.parametrize(
    ("headings", "column"),
    [
        ('Email,Email Suppressions\na@x.com,"[""HARD_BOUNCE""]"', "Email Suppressions"),
        ("EmailAddress,Reason\na@x.com,BOUNCE", "Reason"),
        ("email,Bounced\na@x.com,yes", "Bounced"),
        ("Correo,Estado del email\na@x.com,rebotado", "Estado del email"),
    ],
)
def test_the_column_is_recognised_by_heading_and_values(headings, column):
    found = inspect(lambda: io.BytesIO(headings.encode()), SHIPPED.present)

    assert {one.heading: one.target for one in found.columns}[column] == "email_status"


def test_a_reason_in_free_text_is_no_suppression():
    found = inspect(lambda: io.BytesIO(b"email,Reason\na@x.com,met at the fair"), SHIPPED.present)

    assert [one.target for one in found.columns] == ["email", ""]


def test_nobody_is_subscribed_and_suppressed_by_one_file():
    both = ImportSettings(
        statements=(Statement("newsletter", date(2026, 1, 1), "fair"),), suppressed="bounced"
    )
    with pytest.raises(columns.InvalidMapping, match="cannot have opted in and be suppressed"):
        both.validate_kind()
    with pytest.raises(columns.InvalidMapping, match="a suppression is for the contacts"):
        ImportSettings(kind="orders", suppressed="bounced").validate_kind()


def test_published_rules_of_before_take_addresses_from_files():
    shipped = read_folder(CONFIG_DIR)
    lines = shipped["transitions.yaml"].splitlines(keepends=True)
    of_files = [line for line in lines if "contact_imported" in line and "activity.email_status" in line]
    without = "".join(line for line in lines if line not in of_files).partition("tests:\n")[0]
    before = {
        **shipped,
        "transitions.yaml": without,
        "activities.yaml": shipped["activities.yaml"].replace(
            "email_status: text, reason: text, author", "author"
        ),
    }
    assert len(of_files) == 2 and before["activities.yaml"] != shipped["activities.yaml"]

    after = with_suppressions(before)

    moves = compile_ruleset(after).machines["email_status"].transitions["contact_imported"]
    assert [move.to for move in moves] == ["bounced", "blocked"]
    assert all(line in after["transitions.yaml"] for line in of_files)
    assert with_suppressions(after) == after
