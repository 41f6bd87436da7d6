"""Where a person is named, and where only somebody who is called nearly so."""

import pytest

from engine.privacy.mentions import mentions_of
from engine.privacy.person import Person

EVA = Person(
    ids=("5d41402abc4b2a76b9719d91",),
    keys=("e:eva@x.com", "p:+34600777123", "t:browser-77", "x:1003"),
    spans=(),
    own_trackers=("browser-77",),
    typed="Eva@X.com",
    name="Eva Sanz",
)
MENTIONS = mentions_of(EVA)


@pytest.mark.parametrize(
    "text",
    [
        "write to eva@x.com.",
        "<EVA@X.COM>",
        "eva@x.com.csv",
        "call +34600777123 now",
        "34600777123",
        "t:browser-77",
        "browser-77",
        "x:1003",
        "/?contact=5d41402abc4b2a76b9719d91&a",
        "as eva sanz wanted",
    ],
)
def test_a_text_names_them(text):
    assert MENTIONS.may_be_in(text.encode())
    assert MENTIONS.are_in({"a": [{"b": text}]})
    assert not MENTIONS.are_in(MENTIONS.without({"a": [{"b": text}]}))


@pytest.mark.parametrize(
    "text",
    ["geneva@x.com", "eva@x.com.mx", "eva@x.community", "1003", "346007771234", "browser-771", "Eva Sanzone"],
)
def test_a_text_names_somebody_else_or_nobody(text):
    assert not MENTIONS.are_in(text)
    assert MENTIONS.without([text]) == [text]


def test_the_name_of_a_field_can_name_them_too():
    assert MENTIONS.without({"eva@x.com": 1, "n": 2}) == {"[erased]": 1, "n": 2}


def test_what_stands_in_json_is_found_as_it_is_written_there():
    odd = mentions_of(Person((), ("e:josé@x.com",), (), ()))

    assert odd.may_be_in(b'{"email": "jos\\u00e9@x.com"}')
