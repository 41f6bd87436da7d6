"""Publishing rules while contacts live: segments, what was remembered, and taking it back."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import msgspec
import pytest

from engine.contacts import contact_lookup
from engine.contacts.sheet import reasons, sheets, timelines
from engine.contacts.sheet.timelines import TimelineFilter
from engine.db.connection import utc_now
from engine.errors import InvalidRules
from engine.pipeline import batch, inbox, lanes
from engine.publishing import publishing
from engine.publishing.publishing import ClockSkew, NothingToPublish, PublishConflict
from engine.rules import versions
from engine.settings import Instance
from tests.builders import an_activity, identified
from tests.integration.drained import drain_all
from workers.cli import doctor

RULES = "rules:\n  - {id: look, name: Look, on: product_visited, points: %d}\n"
SEGMENTS = """
segments:
  - id: keen
    name: Keen
    when: {did: {activity: product_visited, within: 7d, times: {gte: %d}}}
"""


def visited(ago, **more):
    at = utc_now() - ago
    return an_activity("product_visited", at, **{"tracker": "t1", **more})


def receive(db, activities):
    """As the collector does: under the version in force."""
    number = versions.current_number(db)
    inbox.receive(db, [received_under(a, number) for a in activities])
    drain_all(db)


def received_under(activity, number):
    return msgspec.structs.replace(activity, ruleset=number, received_at=utc_now())


def publish(db, **more):
    files = {f"{name}.yaml": more.pop(name) for name in ("scoring", "segments") if name in more}
    texts = publishing.completed(db, files)
    version = publishing.publish(db, texts, by="ana", message="a change", now=utc_now(), **more)
    drain_all(db)
    return version


def the_sheet(db, key="t1"):
    return sheets.sheet(db, contact_lookup.find_contact(db, key), now=utc_now())


def segments(db, key="t1"):
    return the_sheet(db, key).segments


def crossings(db, key="t1"):
    crossings = TimelineFilter(types=("segment_entered", "segment_left"))
    page = timelines.timeline(db, contact_lookup.find_contact(db, key), where=crossings)
    return [(row.type, row.details["properties"]["segment"]) for row in page.rows]


def test_a_new_segment_takes_in_those_who_fit_already(db):
    receive(db, [visited(timedelta(days=n)) for n in (3, 2, 1)])
    receive(db, [visited(timedelta(days=1), tracker="t2")])

    version = publish(db, segments=SEGMENTS % 3)

    assert (segments(db), segments(db, "t2")) == (["keen"], [])
    [entered] = [c for c in crossings(db) if c[1] == "keen"]
    assert entered == ("segment_entered", "keen")
    assert the_sheet(db).memberships[0].since == version.published_at


def test_points_given_stay_as_they_are_unless_recomputed(db):
    publish(db, scoring=RULES % 5)
    receive(db, [visited(timedelta(days=2)), visited(timedelta(days=1))])
    publish(db, scoring=RULES % 7)
    receive(db, [visited(timedelta(hours=1))])
    assert the_sheet(db).points.total == 5 + 5 + 7

    publish(db, scoring=RULES % 7, recompute=True)
    assert the_sheet(db).points.total == 21

    late = visited(timedelta(days=3))
    receive(db, [late])
    assert the_sheet(db).points.total == 28
    assert {entry.points for entry in the_sheet(db).points.entries} == {7}


def test_rolling_back_is_a_version_of_its_own(db):
    publish(db, segments=SEGMENTS % 1)
    receive(db, [visited(timedelta(days=1))])
    assert segments(db) == ["keen"]

    publishing.roll_back(db, 1, by="eva", now=utc_now())
    drain_all(db)

    assert segments(db) == ["active-this-week"]
    assert [version.number for version in versions.history(db)] == [3, 2, 1]
    assert versions.stored_version(db, 3).texts == versions.stored_version(db, 1).texts


def test_the_second_of_two_admins_is_told(db):
    texts = publishing.completed(db, {"scoring.yaml": RULES % 1})
    publishing.publish(db, texts, by="ana", message="mine", now=utc_now(), base=1)

    with pytest.raises(PublishConflict, match="ana published version 2"):
        publishing.publish(db, texts, by="eva", message="mine, too", now=utc_now(), base=1)
    with pytest.raises(NothingToPublish):
        publishing.publish(db, texts, by="eva", message="the same", now=utc_now())


def test_of_admins_who_publish_at_the_same_moment_one_does_and_the_others_are_told(db):
    together = threading.Barrier(4)

    def publish_at_once(number):
        texts = publishing.completed(db, {"scoring.yaml": RULES % number})
        together.wait()
        try:
            return publishing.publish(db, texts, by=f"admin {number}", message="mine", now=utc_now(), base=1)
        except PublishConflict as error:
            return error

    with ThreadPoolExecutor(4) as admins:
        came_of_it = list(admins.map(publish_at_once, range(1, 5)))

    [published] = [version for version in came_of_it if isinstance(version, versions.Version)]
    told = [str(error) for error in came_of_it if isinstance(error, PublishConflict)]
    assert len(told) == 3
    assert all(f"{published.published_by} published version 2 meanwhile" in words for words in told)
    assert versions.stored_version(db, 2) == published
    assert [version.number for version in versions.history(db)] == [2, 1]


def test_a_clock_that_went_back_keeps_rules_from_being_published_before_the_last(db):
    publish(db, scoring=RULES % 5)
    texts = publishing.completed(db, {"scoring.yaml": RULES % 6})

    with pytest.raises(ClockSkew, match=r"version 2 was published at .* set it right"):
        publishing.publish(db, texts, by="ana", message="too early", now=utc_now() - timedelta(hours=3))

    assert versions.current_number(db) == 2


def test_a_clock_that_jumps_ahead_and_back_leaves_nothing_wrong_behind(db):
    publish(db, segments=SEGMENTS % 1)
    receive(db, [visited(timedelta(days=1))])
    assert segments(db) == ["keen"]
    ahead = utc_now() + timedelta(days=40)
    lane = db.contacts.find_one()["lane"]
    lease = lanes.take(db, lane, "one", now=ahead)
    batch.apply_due(db, lease, versions.rulebook(db), clock=lambda: ahead)
    assert segments(db) == [], "by that clock its week is over; its holder dies, the lease stays"

    receive(db, [visited(timedelta(hours=1))])

    assert segments(db) == ["keen"]
    moves = [type_ for type_, segment in crossings(db) if segment == "keen"]
    assert moves == ["segment_entered"], "as if the clock had always been right"


def test_rules_whose_own_tests_fail_are_not_published(db):
    wrong = RULES % 1 + "tests:\n  - {name: five, given: [{product_visited: {}}], expect: {points: 5}}\n"

    with pytest.raises(InvalidRules, match=r"scoring.yaml:4:5: the test 'five' fails: points is 1, not 5"):
        publish(db, scoring=wrong)
    assert versions.current_number(db) == 1


def test_published_rules_stay_in_force_though_a_later_check_would_refuse_them(db):
    texts = publishing.completed(db, {"scoring.yaml": RULES % 10})
    version = publishing.publish(db, texts, by="ana", message="look", now=utc_now())
    shaky = (
        texts["scoring.yaml"] + "  - {id: odd, name: Odd, on: never_declared, points: 1, once_per: nothing}\n"
    )
    db.rulesets.update_one(
        {"_id": version.number, "files.name": "scoring.yaml"}, {"$set": {"files.$.text": shaky}}
    )
    assert publishing.check(versions.stored_version(db, version.number).texts) != []

    receive(db, [visited(timedelta(hours=1))])

    assert db.contacts.find_one()["points"]["total"] == 10
    finding = next(
        found for found in doctor.examine(db, Instance("", "", db.name), {}) if found.check == "rules"
    )
    assert finding.verdict == "warning"
    assert "'never_declared'" in finding.found


def test_a_window_that_closes_lets_a_contact_go_without_an_event(db):
    publish(db, segments=SEGMENTS % 1)
    now = utc_now()
    receive(db, [visited(timedelta(days=6, hours=23, minutes=59))])
    assert segments(db) == ["keen"]

    later = now + timedelta(minutes=2)
    lane = db.contacts.find_one({"keys": "t:t1"})["lane"]
    lease = lanes.take(db, lane, "clock", now=later)
    batch.apply_due(db, lease, versions.rulebook(db), clock=lambda: later)

    assert segments(db) == []
    assert crossings(db)[0] == ("segment_left", "keen")


def test_entering_on_identification_runs_entry_rules_once_and_not_for_what_was_known(db):
    entry = """
rules:
  - {id: welcome, name: Welcome, on: segment_entered, when: {activity.segment: keen}, points: 11}
"""
    publish(db, segments=SEGMENTS % 2, scoring=entry)
    two = [visited(timedelta(days=1), tracker="t1"), visited(timedelta(hours=20), tracker="t2")]
    receive(db, two)
    assert segments(db) == []

    claims = [
        identified(utc_now() + timedelta(milliseconds=n), tracker=f"t{n}", email="ana@x.com") for n in (1, 2)
    ]
    receive(db, claims)

    assert segments(db) == ["keen"]
    assert [entry.rule for entry in the_sheet(db).points.entries] == ["welcome"]


def test_reasons_tell_each_part_of_a_condition_with_what_was_found(db):
    receive(db, [visited(timedelta(days=n)) for n in (3, 2, 1)])

    found = reasons.reasons_of(db, contact_lookup.find_contact(db, "t1"), now=utc_now())

    [shopper] = [segment for segment in found.segments if segment.id == "window-shoppers"]
    assert shopper.member
    did, not_bought = shopper.condition.parts
    assert did.text == "“Product viewed” at least 3 times within the last 7 days"
    assert did.met
    assert did.found.startswith("3 times or more, last on")
    assert not_bought.text.startswith("not: “Order completed” at least once")
    assert not_bought.found == "never"


def test_a_contact_active_meanwhile_is_right_before_the_workers_come_to_it(db):
    """Between publishing and being brought up to date, the next activity of a contact folds it anew."""
    receive(db, [visited(timedelta(days=n)) for n in (3, 2)])
    texts = publishing.completed(db, {"segments.yaml": SEGMENTS % 3})
    publishing.publish(db, texts, by="ana", message="keen", now=utc_now())

    receive(db, [visited(timedelta(seconds=0))])

    assert segments(db) == ["keen"]
