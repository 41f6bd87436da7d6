"""Identifications, merges, undos, splits and edits in any order, and batches of any size, in one process."""

import os
from contextlib import suppress
from datetime import UTC, datetime

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from engine.db.connection import connect, utc_now
from engine.operations.preparation import prepare
from engine.pipeline import batch, inbox, lanes
from engine.pipeline.groups import decode_activity
from engine.rules import versions
from engine.settings import CONFIG_DIR
from tests.chaos import holders, truth
from tests.chaos.acts import ACTS, EXPECTED, Acts
from tests.chaos.scratch import fold_at_once
from tests.integration.drained import drain_all

START = datetime(2025, 1, 6, 8, 0, tzinfo=UTC)

SENDERS = ("browse", "identify", "vouch", "alias", "order", "mail", "repeat")
USERS = tuple(kind for kind in ACTS if kind not in SENDERS)
WRITTEN = (
    "activities", "audit", "conflicts", "contacts", "edit_turns", "ledger", "merges", "outbox",
    "shared_devices", "stale_hours", "suggestions",
)  # fmt: skip


class Deciding(RuleBasedStateMachine):
    """A shop of two people; what waits is applied by pieces, and everything at the end."""

    databases = ()

    def __init__(self):
        super().__init__()
        self.lively, self.quiet = self.databases
        for db in (self.lively, self.quiet):
            for name in WRITTEN:
                db[name].delete_many({})
        self.acts = Acts(self.lively, 2, START)

    @initialize(source=st.randoms())
    def begin(self, source):
        self.acts.begin(source)
        drain_all(self.lively)

    @rule(kind=st.sampled_from(SENDERS), source=st.randoms())
    def send(self, kind, source):
        self._act(kind, source)

    @rule(kind=st.sampled_from(USERS), source=st.randoms())
    def decide(self, kind, source):
        self._act(kind, source)

    @rule()
    def drain(self):
        drain_all(self.lively)

    @rule(lane=st.integers(0, 15), limit=st.integers(1, 3))
    def apply_a_piece(self, lane, limit):
        found = [row["_id"] for row in self.lively.lanes.find({}, {"_id": 1}).sort("_id", 1)]
        waiting = [n for n in found if self.lively.activities.find_one({"lane": n, "state": "received"})]
        if not waiting:
            return
        lease = lanes.take(self.lively, waiting[lane % len(waiting)], "test", now=utc_now())
        some = batch.next_activities(self.lively, lease.lane, limit=limit)
        batch.apply(self.lively, lease, some, versions.rulebook(self.lively), clock=utc_now)
        lanes.abandon(self.lively, lease)
        assert not holders.lost_ids(self.lively, self.acts.shown)

    def teardown(self):
        drain_all(self.lively)
        history = [decode_activity(row) for row in self.lively.activities.find({"derived": None})]
        assert {activity.id for activity in history} == self.acts.acknowledged
        assert self.lively.activities.count_documents({"state": {"$ne": "applied"}}) == 0
        assert not holders.lost_ids(self.lively, self.acts.shown)
        assert not holders.homeless(self.lively)
        assert not truth.wrong_points(self.lively)
        inbox.receive(self.quiet, history)
        fold_at_once(self.quiet, history)
        drain_all(self.quiet)
        assert not truth.differences(_raw(self.quiet), _raw(self.lively))

    def _act(self, kind, source):
        with suppress(*EXPECTED):
            self.acts.act(kind, source)


def _raw(db):
    return db.client[db.name]


EXAMPLES = int(os.environ.get("DECISIONS", "0"))
"""How many histories to make up, other ones each time; without it, the same few."""


def test_any_decisions_and_any_batches_end_as_a_fold_from_scratch(db, mongod):
    other = connect(mongod.uri, f"{db.name}_other", app="tests")
    other.installation.insert_many(db.installation.find({"_id": {"$in": ["lanes", "namespace"]}}))
    prepare(other, config_dir=CONFIG_DIR, now=utc_now())
    Deciding.databases = (db, other)
    run_state_machine_as_test(
        Deciding,
        settings=settings(
            max_examples=EXAMPLES or 6,
            derandomize=not EXAMPLES,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    other.client.drop_database(other.name)
