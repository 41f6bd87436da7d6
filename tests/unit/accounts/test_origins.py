"""Origins that a write key names, as people type them and as browsers send them."""

import pytest

from engine.accounts.key_limits import InvalidLimits, KeyLimits
from engine.accounts.origins import InvalidOrigin, is_allowed, parse_origin


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("https://shop.example", "https://shop.example"),
        (" HTTPS://Shop.Example/ ", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("http://shop.example:80", "http://shop.example"),
        ("http://localhost:08080", "http://localhost:8080"),
        ("https://Bücher.example", "https://xn--bcher-kva.example"),
        ("https://straße.example", "https://xn--strae-oqa.example"),
        ("https://*.Shop.example", "https://*.shop.example"),
        ("https://*.bücher.example:8443", "https://*.xn--bcher-kva.example:8443"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[2001:DB8::1]:8000", "http://[2001:db8::1]:8000"),
    ],
)
def test_an_origin_is_kept_as_a_browser_sends_it(typed, origin):
    assert parse_origin(typed) == origin


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "with its scheme"),
        ("shop.example", "https://shop.example"),
        ("null", "sandboxed"),
        ("ftp://shop.example", "https or http"),
        ("https://shop.example/de", "without a path"),
        ("https://shop.example//", "without a path"),
        ("https://shop.example?x", "without a path"),
        ("https://ana@shop.example", "without a path"),
        ("https://shop.example:99999", "65535"),
        ("https://*", "subdomains"),
        ("https://*.com", "subdomains"),
        ("https://shop.*.example", "subdomains"),
        ("https://shop*.example", "subdomains"),
        ("https://shop..example", "host is invalid"),
        ("https://shop example", "host is invalid"),
    ],
)
def test_what_is_no_origin_is_refused_with_what_to_write(typed, reason):
    with pytest.raises(InvalidOrigin, match=reason):
        parse_origin(typed)


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://shop.example", True),
        ("HTTPS://SHOP.EXAMPLE", True),
        ("http://shop.example", False),
        ("https://shop.example:8443", False),
        ("https://www.shop.example", False),
        ("https://a.more.example", True),
        ("https://a.b.more.example", True),
        ("https://more.example", False),
        ("https://evilmore.example", False),
        ("http://a.more.example", False),
        ("https://more.example.evil", False),
        ("null", False),
        ("", False),
    ],
)
def test_an_origin_matches_exactly_or_as_a_subdomain(origin, allowed):
    assert is_allowed(origin, ["https://shop.example", "https://*.more.example"]) is allowed


def test_limits_hold_each_origin_once():
    limits = KeyLimits(("https://shop.example", "https://SHOP.example/")).checked()

    assert limits.origins == ("https://shop.example",)


@pytest.mark.parametrize(
    "limits",
    [
        KeyLimits(address_rate=0),
        KeyLimits(address_rate=1e9),
        KeyLimits(new_contacts=0),
        KeyLimits(new_contacts=10**12),
        KeyLimits(tuple(f"https://s{n}.example" for n in range(101))),
    ],
    ids=lambda limits: str(limits)[:60],
)
def test_limits_out_of_bounds_are_refused(limits):
    with pytest.raises(InvalidLimits):
        limits.checked()
