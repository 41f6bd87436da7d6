"""Keys keep the form in which they are stored, whichever function makes or takes them apart."""

import pytest

from engine.domain.activities import derived_stream
from engine.domain.identity.identities import (
    IDENTIFYING,
    Identities,
    IdentityKind,
    is_tracker,
    key_kind,
    key_value,
    make_key,
    strongest,
    tracker_key,
)

STORED = {
    IdentityKind.EXTERNAL_ID: "x:1003",
    IdentityKind.EMAIL: "e:ana@example.com",
    IdentityKind.PHONE: "p:+34600123456",
    IdentityKind.TRACKER: "t:a:b:c",
}


@pytest.mark.parametrize(("kind", "key"), STORED.items())
def test_a_key_is_made_and_taken_apart_in_its_stored_form(kind, key):
    value = key.partition(":")[2]

    assert make_key(kind, value) == key
    assert (key_kind(key), key_value(key)) == (kind, value)
    assert is_tracker(key) == (key == tracker_key(value))


def test_identities_name_their_keys_strongest_first():
    identities = Identities(phone="+34600123456", external_id="1003", email="ana@example.com")

    assert identities.keys() == [STORED[kind] for kind in IDENTIFYING]
    assert all(identities.claim(key) for key in identities.keys())
    assert not identities.claim(STORED[IdentityKind.TRACKER])


def test_identities_are_made_of_values_by_kind():
    values = {IdentityKind.PHONE: "+34600123456", IdentityKind.EMAIL: "ana@example.com"}

    assert Identities.of(values) == Identities(email="ana@example.com", phone="+34600123456")


def test_the_strongest_key_is_that_of_the_strongest_kind_and_then_the_first_as_text():
    assert strongest(["t:1", "e:b@x.com", "p:+34600123456", "e:a@x.com"]) == "e:a@x.com"
    assert strongest(["t:2", "t:1"]) == "t:1"
    assert strongest([]) is None


def test_the_stream_of_derived_activities_is_no_key():
    with pytest.raises(KeyError):
        key_kind(derived_stream("5f0c"))
