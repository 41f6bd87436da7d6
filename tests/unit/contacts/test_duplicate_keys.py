"""Which domains are typing errors of a common provider."""

import pytest

from engine.contacts.merging.duplicate_keys import is_one_edit, known_errors, typing_error_of


@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmal.com", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("hotmial.com", "hotmail.com"),
        ("gmail.com", None),
        ("googlemail.com", None),
        ("hotmail.es", None),
        ("gmx.com", None),
        ("our-shop.example", None),
        ("", None),
    ],
)
def test_a_domain_that_differs_from_a_common_one_by_a_letter_is_a_typing_error(domain, meant):
    assert typing_error_of(domain) == meant


@pytest.mark.parametrize("other", ["abcd", "bcd", "abxd", "abdc", "abcde", "xabcd"])
def test_one_edit_changes_adds_leaves_out_or_swaps_a_letter(other):
    assert is_one_edit("abcd", other) is (other != "abcd")


def test_two_edits_are_not_one():
    assert not is_one_edit("abcd", "abxy")
    assert not is_one_edit("abcd", "cdab")


def test_typing_errors_are_limited():
    domains = ["gmial.com", "gmal.com", "x.example", "gmaill.com"]

    assert known_errors(domains, limit=2) == {"gmial.com": "gmail.com", "gmal.com": "gmail.com"}
