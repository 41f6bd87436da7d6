"""Bodies: bounded whatever is packed inside, and one bad event never spoils its neighbours."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.json_values import exact_number
from engine.errors import InvalidActivity
from workers.collector.answers import status_of
from workers.collector.bodies import envelope_of, event_of, unzipped, whole_characters
from workers.collector.errors import BodyTooLarge, InvalidRequest
from workers.collector.limits import MAX_BODY, MAX_EVENT


def test_gzip_is_unzipped_in_one_part_or_several() -> None:
    assert unzipped(gzip.compress(b"shoes")) == b"shoes"
    assert unzipped(gzip.compress(b"sho") + gzip.compress(b"es")) == b"shoes"


def test_a_body_of_just_the_limit_passes_and_one_more_byte_does_not() -> None:
    assert len(unzipped(gzip.compress(b" " * MAX_BODY))) == MAX_BODY
    with pytest.raises(BodyTooLarge) as refused:
        unzipped(gzip.compress(b" " * (MAX_BODY + 1)))
    assert status_of(refused.value) == 413


@pytest.mark.parametrize("bomb", [b"\0" * 50_000_000, b"\0" * MAX_BODY])
def test_a_zip_bomb_is_refused_before_it_goes_off(bomb: bytes) -> None:
    packed = gzip.compress(bomb)

    with pytest.raises(BodyTooLarge) as refused:
        unzipped(packed + packed)

    assert status_of(refused.value) == 413


@pytest.mark.parametrize(
    "broken", [b"shoes", gzip.compress(b"shoes")[:-3], gzip.compress(b"shoes") + b"more"]
)
def test_gzip_that_is_broken_is_refused(broken: bytes) -> None:
    with pytest.raises(InvalidRequest) as refused:
        unzipped(broken)

    assert (status_of(refused.value), refused.value.field) == (400, "body")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b'{"batch": [}', "body"),
        (b'{"batch": [{"a": ' + b"[" * 100_000, "body"),
        (b'{"batch": NaN}', "batch"),
        (b"[]", "batch"),
        (b"{}", "batch"),
        (b'{"batch": 5}', "batch"),
        (b'{"batch": {}}', "batch"),
    ],
)
def test_an_envelope_that_cannot_be_read_names_its_field(body: bytes, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        envelope_of(body)

    assert (status_of(refused.value), refused.value.field) == (400, field)


def test_the_events_of_a_batch_are_read_one_by_one() -> None:
    envelope = envelope_of(b'{"batch": [{"a": 1}, "\xff", 5, {"b": 2}]}')

    assert event_of(envelope.batch[0]) == {"a": 1}
    assert event_of(envelope.batch[3]) == {"b": 2}
    for bad in envelope.batch[1:3]:
        with pytest.raises(InvalidActivity):
            event_of(bad)


def test_an_event_too_large_is_refused_naming_its_largest_part() -> None:
    event = {"type": "track", "properties": {"description": "x" * MAX_EVENT}}

    with pytest.raises(InvalidActivity, match="at most 32,768") as refused:
        event_of(json.dumps(event).encode())

    assert refused.value.field == "properties"


def test_an_event_of_just_the_limit_passes() -> None:
    raw = json.dumps({"a": ""}).encode()
    fitting = raw.replace(b'""', b'"' + b"x" * (MAX_EVENT - len(raw)) + b'"')

    assert len(fitting) == MAX_EVENT
    assert event_of(fitting)["a"].startswith("xxx")


@pytest.mark.parametrize(
    ("written", "mended"),
    [
        (rb'"\ud83d"', "\ufffd"),
        (rb'"\ude00"', "\ufffd"),
        (rb'"\ud83d\ude00"', "😀"),
        (rb'"\ud83d\ud83d\ude00"', "\ufffd😀"),
        (rb'"cut \uD83D off"', "cut \ufffd off"),
        (rb'"\\ud83d"', r"\ud83d"),
        (rb'"\\\ud83d"', "\\\ufffd"),
        (rb'"\ud83d\n\u0041"', "\ufffd\nA"),
    ],
)
def test_half_a_character_is_replaced_and_nothing_else(written: bytes, mended: str) -> None:
    assert json.loads(whole_characters(written)) == mended


def test_half_a_character_in_one_event_spoils_no_batch() -> None:
    envelope = envelope_of(rb'{"batch": [{"name": "cut \ud83d"}, {"name": "\ud83d\ude00"}]}')

    assert [event_of(raw)["name"] for raw in envelope.batch] == ["cut \ufffd", "😀"]


@given(st.text())
def test_whole_text_is_never_changed(text: str) -> None:
    written = json.dumps(text.encode("utf-8", "replace").decode()).encode()

    assert whole_characters(written) == written


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("29.33", 29.33),
        ("-0.5", -0.5),
        ("0.0", 0.0),
        ("1e3", 1000.0),
        ("0.30000000000000004", 0.30000000000000004),
        ("12345678901234567.89", Decimal("12345678901234567.89")),
        ("0.1234567890123456789", Decimal("0.1234567890123456789")),
        ("1e400", "1e400"),
        ("1e-400", "1e-400"),
        ("0." + "1" * 40, "0." + "1" * 40),
    ],
)
def test_a_number_is_kept_exactly_as_it_was_written(written: str, read: Any) -> None:
    kept = exact_number(written)

    assert (type(kept), kept) == (type(read), read)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_no_number_loses_a_digit(number: Decimal) -> None:
    written = f"{number:e}"

    assert Decimal(str(exact_number(written))) == number
