"""What matters of an activity, in a line and some below it."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from dashboard import formats
from dashboard.sheet.activity.timeline_lines import TIMES, in_a_line, row_text
from engine.contacts.editing.undo import Undoes
from engine.contacts.sheet.timeline_rows import TimelineRow
from engine.domain.masking import HIDDEN

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MADRID = ZoneInfo("Europe/Madrid")


def a_row(type_, *, summary="", traits=None, undoes=None, **properties):
    details = {"properties": properties, **({"traits": traits} if traits else {})}
    return TimelineRow(
        "a1", type_, type_, "x", NOW, summary, None, details, False, False, False, undoes=undoes
    )


def lines(row):
    found = row_text(row, MADRID)
    return (found.line, *found.lines)


@pytest.fixture(autouse=True)
def british():
    formats.write_as("en_GB")
    yield
    formats.write_as("en")


SOCK = {"name": "Sock", "price": Decimal("9.5")}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (a_row("product_visited", name="Shoe", category="Running", price=59.9, currency="EUR", quantity=1),
         ("Shoe · Running · €59.90",)),
        (a_row("added_to_cart", product_id="p7", quantity=2.0, price=5), (f"2 {TIMES} p7 · 5.00",)),
        (a_row("order_completed", total=131.5, currency="EUR", order_id="A-1", products=[SOCK, {**SOCK, "quantity": 3}]),
         ("€131.50 · order A-1", "Sock · €9.50", f"3 {TIMES} Sock · €9.50")),
        (a_row("order_completed", revenue="cheap", products=[SOCK] * 9, currency="EUR"),
         ("cheap (unreadable)", *["Sock · €9.50"] * 4, "and 5 more")),
        (a_row("order_completed", total=5, products="many"), ("5.00",)),
        (a_row("order_completed", total=-5), ("-5 (unreadable)",)),
        (a_row("order_completed", total="1.234,56 €"), ("1.234,56 €",)),
        (a_row("order_completed", total="12.345", currency="kwd", orderId="K-1"), ("KWD12.345 · order K-1",)),
        (a_row("order_completed", total=9000, currency="JPY"), ("JP¥9,000",)),
        (a_row("order_refunded", total=5, currency="EUR", order_id="A-1", reason="too small"),
         ("€5.00 · order A-1 · too small",)),
        (a_row("email_bounced", bounce="permanent", code="5.1.1", reason="unknown", diagnostic="550 no"),
         ("permanent · 5.1.1 · unknown", "550 no")),
        (a_row("contact_edited", author="Mia", reason="asked", what=["City: Roma → Paris", "added to Staff"]),
         ("by Mia · asked", "City: Roma → Paris", "added to Staff")),
        (a_row("contact_edited", author="Mia", undoes=Undoes("a0", "Email bounced", NOW)),
         ("by Mia", "Undid: Email bounced of 2 Mar 2026, 13:00")),
        (a_row("contact_created", summary="by Mia", traits={"city": "Roma"}), ("by Mia · city: Roma",)),
        (a_row("Asked for a quote", pieces=30, urgent=True, sizes=[36, 37], nested={"a": 1}),
         ("pieces: 30 · urgent: yes · sizes: 36, 37",)),
        (a_row("page_visited", summary="Home · /"), ("Home · /",)),
    ],
)  # fmt: skip
def test_each_type_says_what_matters(row, words):
    assert lines(row) == words


def test_what_is_masked_leaves_no_gap():
    edit = a_row("contact_edited", author="Mia", reason=HIDDEN, what=[HIDDEN])
    bounce = a_row("email_bounced", bounce="permanent", code="5.1.1", reason=HIDDEN, diagnostic=HIDDEN)

    assert lines(edit) == ("by Mia",)
    assert lines(bounce) == ("permanent · 5.1.1",)


def test_properties_that_are_no_mapping_and_values_without_end_do_no_harm():
    row = a_row("added_to_cart", name="x" * 10_000, price=float("nan"), quantity=True)

    assert len(lines(row)[0]) < 200
    assert in_a_line("order_completed", {"total": 10**14, "currency": 7}, "") == "100,000,000,000,000.00"
    assert in_a_line("searched", {}, "“shoes”") == "“shoes”"
