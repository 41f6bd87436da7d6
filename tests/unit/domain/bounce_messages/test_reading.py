"""What messages that come back mean."""

import json
import re
import time
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.bounce_messages import MAX_BYTES, read
from tests.unit.domain.bounce_messages.corpus import CASES, NONE, ORIGINAL, TEXTS, report


def short(notice):
    return notice.kind, tuple(
        (r.address, r.kind, r.status, r.reply_code, r.reason) for r in notice.recipients
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_message_means(case):
    assert short(read(case.raw)) == (case.kind, case.recipients)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_line_ends_and_a_line_of_an_mbox_change_nothing(case):
    raw = (
        b"From MAILER-DAEMON Mon Mar  2 09:00:00 2026\n" + case.raw
        if case.raw.startswith(b"Return")
        else case.raw
    )

    assert short(read(re.sub(rb"\r?\n", b"\r\n", raw))) == (case.kind, case.recipients)


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.kind == "permanent"], ids=lambda case: case.name
)
def test_an_answer_of_a_person_that_quotes_a_bounce_is_none(case):
    quote = b"".join(b"> " + line + b"\n" for line in case.raw.split(b"\n"))
    head = b"Return-Path: <ann@example.com>\nFrom: Ann <ann@example.com>\nSubject: Re: failure notice\nReferences: <1@x>\n\n"

    assert read(head + b"What is that?\n\n" + quote).kind == "none"
    assert read(head + b"What is that?\n\n" + case.raw).kind == "none"


def test_the_mail_that_came_back_is_named():
    assert read(TEXTS[0].raw).message_id == "20260302.4711@shop.example"
    assert (
        read(report("Final-Recipient: rfc822;a@b.example\nAction: failed\nStatus: 5.1.1\n")).message_id
        == "20260302.4711@shop.example"
    )


def test_an_address_counts_once():
    fields = "Final-Recipient: rfc822;a@b.example\nAction: failed\nStatus: 5.1.1\n"

    assert len(read(report(f"{fields}\n{fields}")).recipients) == 1


@given(st.binary(max_size=3_000))
@settings(max_examples=150, deadline=None)
def test_no_bytes_are_too_strange(raw):
    notice = read(raw)

    assert notice.kind != "permanent"


@given(st.sampled_from(CASES), st.integers(0, 2_000), st.integers(0, 200), st.binary(max_size=40))
@settings(max_examples=300, deadline=None)
def test_damaged_messages_are_read_as_far_as_they_can_be(case, at, length, noise):
    notice = read(case.raw[:at] + noise + case.raw[at + length :])

    json.dumps(asdict(notice), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: failure notice\nFrom: MAILER-DAEMON@x.example\n\n" + b"a" * (MAX_BYTES + 10),
        b"Subject: failure notice\nFrom: MAILER-DAEMON@x.example\n\n" + b"<a@b.example>: no such user\n" * 50_000,
        b"From: MAILER-DAEMON@x.example\nContent-Type: text/html\n\n" + b"<p <style> <" * 200_000,
        b'Content-Type: multipart/mixed; boundary="a"\n\n--a\n' * 5_000,
        b"Content-Type: message/rfc822\n\n" * 5_000,
        b"Subject: " + b"=?utf-8?q?" * 50_000 + b"\n\n",
        b"Subject: failure notice\nFrom: MAILER-DAEMON@x.example\n\n" + b"mailbox " * 100_000,
    ],
    ids=["long", "many", "html", "nested", "wrapped", "subject", "words"],
)  # fmt: skip
def test_a_message_that_is_built_to_be_slow_is_read_in_seconds(raw):
    before = time.monotonic()

    read(raw)

    assert time.monotonic() - before < 5


def test_the_table_is_large_and_its_names_are_unique():
    assert len({case.name for case in CASES}) == len(CASES) >= 60
    assert "{to}" in ORIGINAL and NONE
