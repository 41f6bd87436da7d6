"""What is left of personal data for those who may look and not know."""

import pytest

from engine.domain import masking
from engine.domain.activity_types import ActivityCatalog, ActivityType

CATALOG = ActivityCatalog(
    [
        ActivityType("product_visited", "Saw", properties={"name": "text", "price": "money", "url": "text"}),
        ActivityType(
            "form_submitted", "Form", identified_by=("email",),
            properties={"form": "text", "name": "text", "email": "text"},
        ),
        ActivityType("order_completed", "Bought", properties={"products": "list", "total": "money"}),
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("mask", "value", "shown"),
    [
        (masking.masked_email, "ana.ruiz@example.com", "a•••@example.com"),
        (masking.masked_email, "a@example.com", "a•••@example.com"),
        (masking.masked_email, "no address", "•••"),
        (masking.masked_phone, "+34600111222", "+34•••22"),
        (masking.masked_phone, "12345", "•••"),
        (masking.masked_name, "Ana Ruiz", "A••• R•••"),
        (masking.masked_name, "", ""),
        (masking.masked_id, "customer-42", "•••42"),
        (masking.masked_id, "42", "•••"),
    ],
)
def test_a_masked_value_cannot_be_guessed_back(mask, value, shown):
    assert mask(value) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("550 <ana@x.com> is unknown", "550 <•••> is unknown"),
        ("call +34 600 111 222 now", "call ••• now"),
        ("order 600111222333 of 12.50", "order 600111222333 of 12.50"),
    ],
)
def test_addresses_and_numbers_go_from_texts(text, shown):
    assert masking.without_addresses(text) == shown


def test_of_a_visit_the_product_is_shown_and_what_nobody_declared_is_not():
    said = {"name": "Shoe", "price": 12, "url": "https://shop/x?email=a@b.c", "note": "I am Ana"}

    assert masking.masked_properties("product_visited", said, CATALOG) == {
        "name": "Shoe", "price": 12, "url": "https://shop/x", "note": "•••",
    }  # fmt: skip


def test_of_a_form_only_its_name_is_shown():
    said = {"form": "contact", "name": "Ana", "email": "ana@x.com"}

    assert masking.masked_properties("form_submitted", said, CATALOG) == {
        "form": "contact", "name": "•••", "email": "•••",
    }  # fmt: skip


def test_of_products_what_they_are_is_shown_and_not_what_is_engraved_on_them():
    said = {"products": [{"name": "Ring", "price": 9, "engraving": "For Ana"}], "total": 9}

    assert masking.masked_properties("order_completed", said, CATALOG) == {
        "products": [{"name": "Ring", "price": 9, "engraving": "•••"}], "total": 9,
    }  # fmt: skip


def test_of_an_undeclared_activity_nothing_is_shown_but_the_names_of_its_parts():
    details = {
        "properties": {"city": "Roma", "guests": [1, 2], "vip": True},
        "traits": {"email": "ana@x.com", "address": {"street": "Via Roma 1"}},
        "context": {"ip": "10.0.0.1"},
        "tracker": "laptop",
        "ruleset": 3,
    }

    assert masking.masked_details("Booked a table", details, CATALOG) == {
        "properties": {"city": "•••", "guests": ["•••"], "vip": True},
        "traits": {"email": "•••", "address": {"street": "•••"}},
        "context": {"ip": "•••"},
        "tracker": "•••",
        "ruleset": 3,
    }
