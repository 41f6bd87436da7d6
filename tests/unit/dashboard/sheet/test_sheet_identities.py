"""Browsers by the names that people know."""

import pytest

from dashboard.sheet.sheet_identities import browser_name

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Mobile/15E148 Safari/604.1"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (CHROME, "Chrome 120 on Windows"),
        (IPHONE, "Mobile Safari 17 on iOS"),
        ("our-shop/3", "our-shop/3"),
        ("", "Unknown browser or app"),
    ],
)
def test_a_browser_is_called_as_people_call_it(said, name):
    assert browser_name(said) == name
