"""Rates: what a key or an address may send, and how long it waits when it sent more."""

from __future__ import annotations

import pytest

from engine.environment import read_environment
from workers.collector import limits
from workers.collector.limits import AddressLimit, RateLimit, limit_of


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_and_then_the_rate_holds() -> None:
    clock = Clock()
    limit = RateLimit(per_second=10, burst=50, clock=clock)

    assert limit.wait_for("key", 50) == 0
    assert limit.wait_for("key", 5) == 0.5
    clock.now += 0.5
    assert limit.wait_for("key", 5) == 0
    assert limit.wait_for("key", 1) > 0


def test_being_turned_away_costs_nothing() -> None:
    clock = Clock()
    limit = RateLimit(per_second=10, burst=10, clock=clock)
    limit.wait_for("key", 10)

    for _ in range(100):
        limit.wait_for("key", 10)
    clock.now += 1

    assert limit.wait_for("key", 10) == 0


def test_keys_do_not_share_their_allowance() -> None:
    limit = RateLimit(per_second=1, burst=1, clock=Clock())
    limit.wait_for("one", 1)

    assert limit.wait_for("other", 1) == 0


def test_a_batch_larger_than_the_burst_passes_and_is_paid_for_later() -> None:
    clock = Clock()
    limit = RateLimit(per_second=10, burst=20, clock=clock)

    assert limit.wait_for("key", 60) == 0
    assert limit.wait_for("key", 10) == 5


@pytest.mark.parametrize("prefix", ["SHEETS_COLLECTOR_", "SHEETS_"], ids=["new names", "old names"])
def test_the_environment_sets_the_rate(prefix: str) -> None:
    given = {f"{prefix}EVENTS_PER_SECOND": "2", f"{prefix}EVENTS_BURST": "3"}

    limit = limit_of(read_environment(given).settings())

    assert limit.wait_for("key", 3) == 0
    assert 0 < limit.wait_for("key", 1) <= 0.5


def test_a_key_is_forgotten_once_its_bucket_is_full_again() -> None:
    clock = Clock()
    limit = RateLimit(per_second=10, burst=10, clock=clock)
    for number in range(1_000):
        limit.wait_for(f"quiet {number}", 10)

    clock.now += 1
    limit.wait_for("key", 1)

    assert len(limit._buckets) == 1


def test_however_many_keys_there_are_few_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_BUCKETS", 3)
    limit = RateLimit(per_second=1, burst=1, clock=Clock())
    limit.wait_for("busy", 1)

    for number in range(100):
        limit.wait_for(f"once {number}", 1)
        assert limit.wait_for("busy", 1) > 0

    assert len(limit._buckets) == 3


def test_addresses_and_keys_have_an_allowance_each() -> None:
    clock = Clock()
    limit = AddressLimit(clock=clock)

    assert limit.wait_for("key", "8.8.8.8", 20, rate=2) == 0
    assert limit.wait_for("key", "8.8.8.8", 1, rate=2) == 0.5
    assert limit.wait_for("key", "8.8.4.4", 20, rate=2) == 0
    assert limit.wait_for("other", "8.8.8.8", 20, rate=2) == 0
    clock.now += 0.5
    assert limit.wait_for("key", "8.8.8.8", 1, rate=2) == 0
