"""A message that came back as activities: of whom, of which mail, and the same each time."""

from datetime import UTC, datetime

import pytest

from engine.domain.bounce_messages import envelope_of
from engine.domain.bounces import kind_of
from engine.notices.returned_mail import read_mail
from tests.builders import SHIPPED
from tests.returned import LETTER, RIDDLE, absence, bounce, complaint
from tests.unit.domain.bounce_messages.corpus import CASES, report

RULES = SHIPPED.present
NOW = datetime(2100, 1, 1, tzinfo=UTC)


def read(raw, now=NOW):
    return read_mail(raw, RULES, source="webhook:bounce", received_at=now)


def test_a_bounce_is_an_attempt_that_failed_with_its_kind_code_reason_and_words():
    [found] = read(bounce(1)).activities

    assert (found.type, found.identities.email, found.trusted) == ("email_bounced", "ana@x.example", True)
    assert found.properties == {
        "email": "ana@x.example",
        "message_id": "mail-1@shop.example",
        "bounce": "permanent",
        "code": "5.1.1",
        "reason": "no such address",
        "diagnostic": "550 5.1.1 User unknown",
    }


@pytest.mark.parametrize(
    ("raw", "type_", "message"),
    [
        (complaint(1), "email_complained", "mail-1@shop.example"),
        (absence(), "email_auto_replied", "mail-1@shop.example"),
        (
            report("Final-Recipient: rfc822; ana@x.example\nAction: delayed\nStatus: 4.4.1\n"),
            "email_deferred",
            "20260302.4711@shop.example",
        ),
    ],
)
def test_what_is_no_bounce_is_what_it_is(raw, type_, message):
    [found] = read(raw).activities

    assert (found.type, found.identities.email) == (type_, "ana@x.example")
    assert found.properties["message_id"] == message


@pytest.mark.parametrize("raw", [LETTER, absence(headers=""), b"", b"\xff\x00"])
def test_what_is_no_notice_leaves_nothing(raw):
    found = read(raw)

    assert (found.kind, found.activities, found.unclear) == ("none", [], "")


@pytest.mark.parametrize("raw", [RIDDLE, report("Action: failed\n", original=None)])
def test_a_notice_that_is_not_understood_says_so(raw):
    found = read(raw)

    assert (found.activities, bool(found.unclear)) == ([], True)


def test_the_same_notice_by_another_way_is_the_same_and_another_notice_is_not():
    [here] = read(bounce(1)).activities
    [there] = read(b"Received: from gateway\r\n" + bounce(1).replace(b"\n", b"\r\n")).activities
    [other] = read(bounce(2)).activities

    assert here.id == there.id != other.id


def test_a_server_that_gives_all_its_notices_one_id_loses_none():
    first = bounce(1).replace(b"notice-1", b"notice")
    date = next(line for line in first.splitlines() if line.startswith(b"Date:"))
    second = first.replace(date, b"Date: Mon, 2 Mar 2026 09:00:00 +0000")

    assert read(first).activities[0].id != read(second).activities[0].id


def test_a_failure_of_policy_does_not_count_against_the_address():
    [found] = read(bounce(1, status="5.7.1", words="550 5.7.1 Message rejected due to policy")).activities

    assert (found.properties["bounce"], kind_of(found.properties)) == ("policy", "inconclusive")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_case_weighs_more_as_an_activity_than_as_a_message(case):
    found = {a.identities.email: a for a in read(case.raw).activities}

    for address, kind, *_ in case.recipients:
        if kind == "permanent" and address.lower() in found:
            assert kind_of(found[address.lower()].properties) in ("permanent", "inconclusive")
        elif kind == "temporary" and address.lower() in found:
            assert kind_of(found[address.lower()].properties) != "permanent"


def test_a_date_that_is_none_or_still_to_come_is_the_time_of_receipt():
    early = datetime(2020, 1, 1, tzinfo=UTC)

    assert read(bounce(1), early).activities[0].happened_at == early
    assert read(bounce(1).replace(b"Date: ", b"Date: a"), early).activities[0].happened_at == early


def test_the_headers_of_damaged_messages_are_read_as_far_as_they_go():
    assert envelope_of(b"\x00" * 20).sent_at is None
    assert envelope_of(b"Message-ID: bare@x\nDate: Mon, 99 Foo 2026\n\n").id == "bare@x"
