"""Payloads in the form of each service's public documentation, and what they mean."""

import json
from urllib.parse import urlencode

import pytest

from engine.domain.bounces import kind_of
from tests.unit.collector.webhooks import payloads
from workers.collector.webhooks.notices import Notice, NotUnderstood, Payload, UnreadablePayload
from workers.collector.webhooks.registry import PROVIDERS


def body_of(provider, content):
    if provider == "mandrill":
        return urlencode({"mandrill_events": json.dumps(content)}).encode()
    return urlencode(content).encode() if provider == "twilio" else json.dumps(content).encode()


def readings(provider, content):
    return list(PROVIDERS[provider].read(Payload(body_of(provider, content))))


@pytest.mark.parametrize(
    ("provider", "name"),
    [(provider, name) for provider, cases in payloads.CASES.items() for name in cases],
)
def test_a_payload_is_read_as_its_service_means_it(provider, name):
    content, *expected = payloads.CASES[provider][name]

    found = readings(provider, content)

    assert [_short(reading) for reading in found] == expected
    for notice in found:
        if isinstance(notice, Notice):
            assert notice.at.tzinfo is not None and notice.id and notice.properties.get("message_id")


def _short(reading):
    """Type and recipient; of a bounce, also whether and how it counts against the address."""
    if not isinstance(reading, Notice):
        return None if not isinstance(reading, NotUnderstood) else reading.reason
    bounced = reading.type in ("email_bounced", "sms_bounced")
    return (reading.type, reading.to, *([kind_of(reading.properties)] if bounced else []))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_same_event_sent_again_has_the_same_id_and_others_have_others(provider):
    bodies = {name: content for name, (content, *_) in payloads.CASES[provider].items()}

    ids = {
        name: [reading.id for reading in readings(provider, content) if isinstance(reading, Notice)]
        for name, content in bodies.items()
    }

    again = {
        name: [reading.id for reading in readings(provider, content) if isinstance(reading, Notice)]
        for name, content in bodies.items()
    }
    assert again == ids
    every = [id_ for found in ids.values() for id_ in found]
    assert len(set(every)) == len(every) > 0


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b'[1, null, "x"]', b"{}", b"[[[]]]", b"null", b"a=b&c"]
)
def test_what_is_no_payload_is_said_to_be_none_and_nothing_breaks(provider, body):
    try:
        found = list(PROVIDERS[provider].read(Payload(body)))
    except UnreadablePayload:
        return
    assert not any(isinstance(reading, Notice) for reading in found)


def test_one_event_that_is_not_understood_costs_no_other():
    good, *_ = payloads.CASES["sendgrid"]["delivered"]

    found = readings("sendgrid", [{"event": "moved"}, *good, {"event": "open"}])

    assert [type(reading) for reading in found] == [NotUnderstood, Notice, NotUnderstood]
    assert found[0].reason == "unknown event 'moved'" and found[2].reason == "'email' is missing"
