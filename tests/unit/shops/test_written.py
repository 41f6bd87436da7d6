"""Times, phone numbers and flags as shops' databases write them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from engine.shops.written import certain_time, is_set, latest_of, phone_of, text_of, time_of

MADRID = ZoneInfo("Europe/Madrid")


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("2026-02-01 12:00:00", datetime(2026, 2, 1, 11, tzinfo=UTC)),
        ("2026-07-01 12:00:00", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("2026-02-01T12:00:00+00:00", datetime(2026, 2, 1, 12, tzinfo=UTC)),
        ("0000-00-00 00:00:00", None), ("", None), (None, None),
    ],
)  # fmt: skip
def test_a_time_is_in_the_shops_zone_unless_it_names_one(value, at):
    assert time_of(value, MADRID) == at


@pytest.mark.parametrize("value", ["", None, "0000-00-00 00:00:00", "soon", "2026-13-01"])
def test_a_time_that_has_to_be_there_is_named(value):
    with pytest.raises(ValueError):
        certain_time(value)


def test_the_latest_of_no_times_is_none():
    assert latest_of([]) is None
    assert latest_of(["2026-01-01 00:00:00", None, "2026-01-02 00:00:00"]) == datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("numbers", "country", "phone"),
    [
        (("600 123 456",), "ES", "+34600123456"),
        (("600 123 456",), "es", "+34600123456"),
        ((None, "", "07911 123456"), "GB", "+447911123456"),
        (("601123456",), "CZ", "+420601123456"),
        (("+34 600 123 456",), "GB", "+34600123456"),
        (("+34 600 123 456",), "", "+34600123456"),
        (("600 123 456",), "", ""),
        (("12", "none", "n/a"), "ES", ""),
        ((), "ES", ""),
    ],
)
def test_a_phone_is_read_with_its_country_or_left_out(numbers, country, phone):
    assert phone_of(numbers, country) == phone


@pytest.mark.parametrize(
    ("value", "is_"),
    [("1", True), (1, True), (True, True), ("0", False), (0, False), (None, False), ("", False)],
)
def test_flags(value, is_):
    assert is_set(value) is is_


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Shipped", "Shipped"),
        ([{"id": "1", "value": "Shipped"}, {"id": "2", "value": "Enviado"}], "Shipped"),
        (False, ""),
        ([], ""),
        (None, ""),
    ],
)
def test_texts_of_prestashop_are_plain_or_by_language(value, text):
    assert text_of(value) == text
