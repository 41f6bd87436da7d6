"""A contact's fields are declared once; lists of some of them follow from the declaration."""

from engine.domain.contact import ContactState
from engine.domain.fields import EDITABLE_FIELDS, FIELDS, PERSONAL_FIELDS, PROFILE_FIELDS
from engine.domain.masking import HIDDEN, masked_field


def test_every_field_that_says_who_a_contact_is_can_be_edited_and_is_masked():
    assert set(EDITABLE_FIELDS) == PERSONAL_FIELDS


def test_profile_fields_are_attributes_of_the_state():
    assert all(hasattr(ContactState(), name) for name in PROFILE_FIELDS)


def test_each_personal_field_is_masked_in_its_own_way():
    values = {
        "first_name": "Ana María", "last_name": "Ruiz", "birth_date": "1990-05-01", "email": "ana@example.com",
        "mobile_phone": "+34600123456", "external_id": "1003987",
    }  # fmt: skip

    masked = {name: masked_field(name, value) for name, value in values.items()}

    assert masked == {
        "first_name": f"A{HIDDEN} M{HIDDEN}", "last_name": f"R{HIDDEN}", "birth_date": HIDDEN,
        "email": f"a{HIDDEN}@example.com", "mobile_phone": f"+34{HIDDEN}56", "external_id": f"{HIDDEN}87",
    }  # fmt: skip


def test_a_field_that_is_not_personal_or_has_no_value_stays_as_it_is():
    assert "orders" in FIELDS and masked_field("orders", "3") == "3"
    assert masked_field("email", None) is None
