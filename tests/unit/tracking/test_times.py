"""When an event happened: zones, the sender's clock, times to come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidActivity
from engine.tracking.times import happened_at, moment

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def said(when: datetime) -> str:
    return when.isoformat()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-03-01T12:00:00Z", NOON),
        ("2026-03-01T12:00:00.000z", NOON),
        ("2026-03-01t12:00:00Z", NOON),
        ("2026-03-01T12:00:00", NOON),
        ("2026-03-01 12:00", NOON),
        ("2026-03-01T13:00:00+01:00", NOON),
        ("2026-03-01T07:00:00.000-0500", NOON),
        ("20260301T120000Z", NOON),
        (" 2026-03-01T12:00:00Z ", NOON),
        ("2026-03-01T12:00:00.123456789Z", NOON.replace(microsecond=123_000)),
        ("2026-03-01", at(-12)),
    ],
)
def test_iso_8601_is_read_with_and_without_a_zone(written: str, read: datetime) -> None:
    assert moment(written, "timestamp") == read


@pytest.mark.parametrize(
    "written",
    ["", "now", "soon", "12", "99999999999999", 1e300, -1_772_366_400, 20_260_301, {}, "2026-13-01", "2026-03-01T25:00Z", "2026-03-01T12:00:60Z", "0001-01-01T00:00:00+05:00", 1.5, True, ["2026-03-01"], {"$date": 0}, "2026\0"],
)  # fmt: skip
def test_what_is_no_time_is_refused(written: Any) -> None:
    with pytest.raises(InvalidActivity) as refused:
        moment(written, "timestamp")

    assert refused.value.field == "timestamp"


def test_without_a_time_it_happened_when_it_was_received() -> None:
    assert happened_at({}, sent_at=at(-9), received_at=NOON) == (NOON, False)


@pytest.mark.parametrize(
    ("timestamp", "sent_at", "happened"),
    [
        (at(-1), None, at(-1)),  # no word on the sender's clock: believed
        (at(-1), NOON, at(-1)),  # the clock is right
        (at(-3), at(-2), at(-1)),  # two hours slow
        (at(23), at(24), at(-1)),  # a day fast
        (at(-1), NOON - timedelta(seconds=1.5), at(-1)),  # a slow network is no wrong clock
        (at(24), at(24), NOON),  # sent as it happened, by a clock a day fast
    ],
)
def test_the_senders_clock_is_corrected(
    timestamp: datetime, sent_at: datetime | None, happened: datetime
) -> None:
    event = {"timestamp": said(timestamp)}

    assert happened_at(event, sent_at=sent_at, received_at=NOON) == (happened, False)


def test_a_clock_a_little_fast_keeps_the_order_of_its_events() -> None:
    sent = NOON + timedelta(milliseconds=300)
    stamps = [NOON + timedelta(milliseconds=ms) for ms in (100, 200, 300)]

    times = [happened_at({"timestamp": said(s)}, sent_at=sent, received_at=NOON) for s in stamps]

    assert times == [(NOON - timedelta(milliseconds=ms), False) for ms in (200, 100, 0)]


def test_events_of_a_browser_that_is_a_little_ahead_keep_their_order() -> None:
    sent = NOON + timedelta(milliseconds=30)
    stamps = [sent - timedelta(milliseconds=number) for number in (40, 20, 10, 0)]

    times = [
        happened_at({"timestamp": said(s)}, sent_at=sent, received_at=NOON, trusted=False)[0] for s in stamps
    ]

    assert times == [NOON - timedelta(milliseconds=number) for number in (40, 20, 10, 0)]


@pytest.mark.parametrize(
    ("late", "trusted", "kept"),
    [
        (timedelta(seconds=29), False, True),
        (timedelta(seconds=31), False, False),
        (timedelta(minutes=14), True, True),
        (timedelta(minutes=16), True, False),
    ],
)
def test_a_request_that_was_held_up_keeps_its_times(late: timedelta, trusted: bool, kept: bool) -> None:
    event = {"timestamp": (NOON - timedelta(minutes=1)).isoformat()}

    found, _ = happened_at(event, sent_at=NOON, received_at=NOON + late, trusted=trusted)

    own = NOON - timedelta(minutes=1)
    assert found == (own if kept else own + late)


def test_an_events_own_sent_at_goes_before_its_batchs() -> None:
    event = {"timestamp": said(at(-3)), "sentAt": said(at(-2))}

    assert happened_at(event, sent_at=NOON, received_at=NOON) == (at(-1), False)


def test_timestamp_goes_before_rudderstacks_original_timestamp() -> None:
    history = {"originalTimestamp": said(NOON), "timestamp": said(at(-90)), "sentAt": said(NOON)}
    alone = {"originalTimestamp": said(at(-3)), "sentAt": said(at(-2))}

    assert happened_at(history, sent_at=None, received_at=NOON) == (at(-90), False)
    assert happened_at(alone, sent_at=None, received_at=NOON) == (at(-1), False)


@pytest.mark.parametrize(
    "written",
    [
        1_772_366_400, 1_772_366_400.0, 1_772_366_400_000, "1772366400", "1772366400000", "2026-03-01 12:00:00 UTC",
        "2026-03-01T12:00:00 GMT", "2026-03-01T12:00:00z", "Sun, 01 Mar 2026 12:00:00 +0000",
        "Sun, 01 Mar 2026 13:00:00 +0100", "1 Mar 2026 12:00:00 GMT", "\u200e2026-03-01T12:00:00Z",
    ],
)  # fmt: skip
def test_a_time_is_read_in_each_of_its_forms(written: object) -> None:
    assert moment(written, "timestamp") == datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("odd", ["soon", {"a": 1}, True])
def test_a_sent_at_that_is_no_time_costs_nothing(odd: object) -> None:
    event = {"timestamp": said(at(-1)), "sentAt": odd}

    assert happened_at(event, sent_at=None, received_at=NOON) == (at(-1), False)


@pytest.mark.parametrize("sent_at", [None, NOON, at(1)])
def test_a_time_still_to_come_is_clamped_and_marked(sent_at: datetime | None) -> None:
    assert happened_at({"timestamp": said(at(48))}, sent_at=sent_at, received_at=NOON) == (NOON, True)


@given(st.datetimes(timezones=st.just(UTC)), st.none() | st.datetimes(timezones=st.just(UTC)))
def test_whatever_the_clocks_say_nothing_happened_in_the_future(
    when: datetime, sent: datetime | None
) -> None:
    try:
        happened, _ = happened_at({"timestamp": said(when)}, sent_at=sent, received_at=NOON)
    except InvalidActivity as refused:
        assert refused.field in ("timestamp", "sentAt")
    else:
        assert happened <= NOON
        assert happened.microsecond % 1000 == 0 or sent is not None
