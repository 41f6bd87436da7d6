"""The scheduler: finds what waits though every hint was lost, and asks seldom while nothing does."""

import mailbox
import threading
import time
from contextlib import contextmanager

from engine.db.connection import utc_now
from engine.operations import pulses
from engine.pipeline import inbox, lanes
from engine.publishing import publishing
from tests.builders import an_activity
from tests.returned import bounce
from tests.waiting import until
from workers.tasks import scheduler


class Woken:
    """The lanes that were woken, and when."""

    def __init__(self):
        self.at = {}
        self._changed = threading.Condition()

    def __call__(self, found):
        with self._changed:
            for lane in found:
                self.at.setdefault(lane, time.monotonic())
            self._changed.notify_all()

    def wait(self, lane, seconds=20):
        with self._changed:
            return self._changed.wait_for(lambda: lane in self.at, timeout=seconds)


@contextmanager
def scheduling(db):
    woken, stop = Woken(), threading.Event()
    thread = threading.Thread(target=scheduler.run, args=(db, woken), kwargs={"clock": utc_now, "stop": stop})
    thread.start()
    try:
        yield woken
    finally:
        stop.set()
        thread.join(timeout=10)


def commands(db):
    counters = db.client.admin.command("serverStatus")["opcounters"]
    return sum(counters[kind] for kind in ("insert", "query", "update", "delete", "getmore", "command"))


def test_a_lane_of_which_no_hint_told_is_woken_soon(db):
    with scheduling(db) as woken:
        time.sleep(1.5)  # it has looked and found nothing

        [lane] = inbox.receive(db, [an_activity(tracker="t1")]).lanes

        assert woken.wait(lane)
    assert set(woken.at) == {lane}, "and no other"


def test_contacts_that_fall_due_or_are_outdated_wake_their_lanes(db):
    with scheduling(db) as woken:
        long_settled = utc_now() - lanes.SETTLED_AFTER
        due = {"next_due": utc_now(), "folded_at": long_settled, "upkeep": 1}
        db.contacts.insert_one({"_id": "a", "lane": 3, "keys": ["t:a"], **due})
        db.contacts.insert_one({"_id": "b", "lane": 5, "keys": ["t:b"], "upkeep": 0})

        assert woken.wait(3)
        assert woken.wait(5)


def test_a_lane_that_somebody_holds_is_left_alone(db):
    [lane] = inbox.receive(db, [an_activity(tracker="t1")]).lanes
    lanes.take(db, lane, "another-host:1:x:1", now=utc_now())

    assert lanes.waiting(db, now=utc_now()) == []


def test_it_asks_seldom_while_nothing_waits(db):
    with scheduling(db):
        time.sleep(3)  # the first counts
        before, began = commands(db), time.monotonic()
        time.sleep(4)
        rate = (commands(db) - before) / (time.monotonic() - began)

    assert rate < 30


def test_new_rules_are_filled_and_signs_of_life_are_given(db):
    with scheduling(db):
        texts = publishing.completed(db, {"segments.yaml": SEGMENTS})
        version = publishing.publish(db, texts, by="ana", message="a segment", now=utc_now())
        until(lambda: not db.rulesets.find_one({"_id": version.number}).get("filling"))
        until(lambda: [pulse.kind for pulse in pulses.alive(db, utc_now())] == ["scheduler"])


SEGMENTS = """
segments:
  - {id: many-points, name: Many points, when: {contact.points: {gte: 100}}}
"""


def test_a_watched_mailbox_is_read_and_its_lanes_are_woken(db, tmp_path):
    box = mailbox.Maildir(tmp_path / "Maildir")
    box.add(bounce(1))
    settings = f"bounce_mailboxes: [{{id: bounces, path: {tmp_path / 'Maildir'}}}]\n"
    texts = publishing.completed(db, {"settings.yaml": settings})
    publishing.publish(db, texts, by="x", message="mailbox", now=utc_now())

    with scheduling(db) as woken:
        found = until(lambda: db.activities.find_one({"type": "email_bounced"}))
        assert woken.wait(found["lane"])
        until(lambda: len(box) == 0)  # only then: what it holds is durable first
