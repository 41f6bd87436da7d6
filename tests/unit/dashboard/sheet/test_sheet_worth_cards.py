"""The cards for RFM and lifetime value: figures, how each came about, and what is missing."""

import html
import re
from datetime import UTC, date, datetime
from decimal import Decimal

from msgspec import structs

from dashboard.sheet import sheet_worth_cards
from engine.contacts.sheet.sheet_model import Sheet, SheetLifetime, SheetRfm
from engine.contacts.sheet.sheets import sheet_commerce_of
from tests.builders import an_activity, bought, the_contact

RFM = SheetRfm(
    category="loyal",
    label="Loyal",
    suggestion="Ask for a review.",
    code=435,
    recency=4,
    frequency=3,
    monetary=5,
    recency_days=1,
    last_order=date(2026, 11, 29),
    orders=1,
    monetary_value=Decimal("1234.50"),
    measure="average_order",
    months=24,
    currency="EUR",
    cuts={
        "recency": [Decimal(10), Decimal(30), Decimal(60), Decimal(120)],
        "frequency": [Decimal(1), Decimal(2), Decimal(3), Decimal(5)],
        "monetary": [Decimal(20), Decimal(40), Decimal(80), Decimal(160)],
    },
    as_of=date(2026, 11, 30),
    since=datetime(2026, 11, 1, tzinfo=UTC),
)

CLV = SheetLifetime(
    value=Decimal("80.40"),
    expected_purchases=1.234,
    expected_average=Decimal("65.15"),
    probability_alive=0.876,
    horizon_days=365,
    discount=10.0,
    currency="EUR",
    as_of=date(2026, 11, 30),
    model="m1",
    model_as_of=date(2026, 11, 1),
    customers=1,
)


def a_sheet(*, orders=1, **worth):
    activities = [bought(10, order_id=f"o{n}") for n in range(orders)] or [an_activity()]
    state = the_contact(activities).state
    unset = dict.fromkeys(Sheet.__struct_fields__)
    return Sheet(**unset | {"commerce": sheet_commerce_of(state.commerce, state.cart), **worth})


def words(card):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", card)).split())


def rfm(**changes):
    return words(sheet_worth_cards.rfm(a_sheet(rfm=structs.replace(RFM, **changes))))


def lifetime(**changes):
    return words(sheet_worth_cards.lifetime(a_sheet(clv=structs.replace(CLV, **changes))))


def test_the_category_stands_with_its_code_suggestion_scores_and_day():
    card = rfm()

    assert card.startswith("RFM Loyal 435 Ask for a review.")
    assert "4 of 5 recency 3 of 5 frequency 5 of 5 monetary value" in card
    assert card.endswith("As of Nov 30, 2026.")


def test_each_score_stands_with_its_measure_and_the_cut_points_around_it():
    card = rfm()

    assert "1 day since the last order on" in card
    assert "above 10 up to 30 scores 4" in card
    assert "1 order in 24 months; above 2 up to 3 scores 3" in card
    assert "€1,234.50 on average; above €160.00 scores 5" in card


def test_the_best_recency_and_the_least_frequency_have_an_upper_end_alone():
    card = rfm(recency=5, frequency=1)

    assert "; up to 10 scores 5" in card
    assert "; up to 1 scores 1" in card


def test_the_sum_is_called_a_sum_and_without_cut_points_nothing_is_said_of_them():
    card = rfm(measure="spent", cuts={}, orders=12)

    assert "€1,234.50 in total" in card
    assert "12 orders in 24 months" in card
    assert "scores" not in card


def test_a_category_without_a_suggestion_has_no_empty_line():
    card = sheet_worth_cards.rfm(a_sheet(rfm=structs.replace(RFM, suggestion="")))

    assert '<div class="cs-sub"></div>' not in card


def test_what_an_admin_calls_a_category_stays_text():
    card = sheet_worth_cards.rfm(a_sheet(rfm=structs.replace(RFM, label="<b>Best", suggestion="<i>")))

    assert "<b>Best" not in card
    assert "<i>" not in card


def test_without_rfm_the_card_says_why():
    def why(**more):
        return words(sheet_worth_cards.rfm(a_sheet(**more)))

    assert "this contact has no purchases" in why(orders=0, rfm_as_of=date(2026, 11, 30))
    assert "all contacts are scored each night" in why()
    assert "no purchases in the months before" in why(rfm_as_of=date(2026, 11, 30))


def test_lifetime_value_stands_with_what_it_is_made_of_and_its_model():
    card = lifetime()

    assert "€80.40" in card
    assert "in the next 365 days" in card
    assert "1.23 purchases of €65.15 each are expected" in card
    assert "of which later ones count less by 10 % a year" in card
    assert "88" in card and "probability of being alive" in card
    assert "fitted to 1 customer." in card


def test_without_a_discount_later_purchases_count_as_much():
    assert "count less" not in lifetime(discount=0.0)


def test_below_the_gate_the_card_lists_what_is_missing():
    missing = ["500 customers with purchases: 312", "180 days of history: 90"]
    card = words(sheet_worth_cards.lifetime(a_sheet(orders=0, clv_missing=missing)))

    assert "No forecast yet. A model of this shop's customers is still missing:" in card
    assert all(line in card for line in missing)


def test_above_the_gate_a_contact_without_a_forecast_is_told_apart_from_a_shop_without_a_model():
    def why(**more):
        return words(sheet_worth_cards.lifetime(a_sheet(**more)))

    assert "this contact has no purchases" in why(orders=0, clv_missing=[])
    assert "has not been fitted" in why(orders=1, clv_missing=[])
    assert "has not been fitted" in why(orders=1)
