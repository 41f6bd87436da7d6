"""What happens now in the made-up shop: endless, of known people and new ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice

from engine.tracking.translate import Sender, translate
from tests.builders import SHIPPED
from workers.demo.diary import Event, comes_from_server
from workers.demo.history import generate
from workers.demo.present import happen

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


@lru_cache
def present(now: datetime = NOW, number: int = 3_000) -> tuple[Event, ...]:
    return tuple(islice(happen(seed=7, contacts=100, days=30, now=now), number))


def test_it_goes_on_and_no_id_comes_twice() -> None:
    assert len({event["messageId"] for event in present()}) == len(present()) == 3_000


def test_events_carry_no_time_of_their_own() -> None:
    assert not any("timestamp" in event for event in present())


def test_nothing_of_it_is_in_the_history_or_in_another_start() -> None:
    past = {e["messageId"] for e in generate(seed=7, contacts=100, days=30, now=NOW)}
    other = {e["messageId"] for e in present(NOW + timedelta(seconds=1))}

    assert not {event["messageId"] for event in present()} & (past | other)


def test_known_people_come_back_and_new_ones_come() -> None:
    past = list(generate(seed=7, contacts=100, days=30, now=NOW))
    trackers = {event.get("anonymousId") for event in past}
    seen = {event["anonymousId"] for event in present() if "anonymousId" in event}

    assert seen & trackers
    assert seen - trackers


def test_who_signed_in_before_is_known_by_account() -> None:
    past = {e["userId"] for e in generate(seed=7, contacts=100, days=30, now=NOW) if "userId" in e}

    assert {event["userId"] for event in present() if "userId" in event} & past


def test_several_visits_go_on_side_by_side() -> None:
    trackers = [event["anonymousId"] for event in present()[:40] if "anonymousId" in event]

    assert len(set(trackers[:15])) > 2


def test_there_are_orders_among_it() -> None:
    assert any(event.get("event") == "Order Completed" for event in present())


def test_every_event_becomes_an_activity_of_a_declared_type() -> None:
    declared = set(SHIPPED.present.catalog.types())

    for event in present():
        sender = Sender("demo", trusted=comes_from_server(event))
        assert translate(event, sender, SHIPPED.present, received_at=NOW).type in declared
