"""`python -m tests.chaos.races`: many act on the same contacts at once, while workers are killed."""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from engine.pipeline import inbox
from engine.pipeline.groups import decode_activity
from tests.chaos import holders, truth
from tests.chaos.acts import EXPECTED, Acts
from tests.chaos.monkey import Chaos
from tests.chaos.scratch import fold_at_once
from tests.integration.drained import drain_all

START = datetime(2025, 1, 6, 8, 0, tzinfo=UTC)
"""Long past, so that nothing falls due between the two runs that are compared."""

THREADS, PEOPLE = 16, 50

SHARES = {
    "browse": 16,
    "identify": 14,
    "vouch": 10,
    "alias": 3,
    "order": 8,
    "mail": 5,
    "repeat": 3,
    "merge": 9,
    "undo_merge": 7,
    "split_tracker": 5,
    "split_activities": 5,
    "take_back_decision": 3,
    "edit": 6,
    "edit_identity": 4,
    "take_back_edit": 2,
}
"""How often each kind of act is dealt, of 100."""

PAUSE = 0.2
"""Seconds that somebody waits between two acts, at most."""


@dataclass(frozen=True)
class Outcome:
    """What came of a race: acts done and refused by kind, the workers killed, and what is wrong."""

    done: Counter[str]
    refused: Counter[str]
    kills: int
    wrong: Sequence[str]
    counts: dict[str, int] = field(default_factory=dict)


def race(
    folder: Path, *, operations: int, seed: int, kill_every: float = 6.0, say: Callable[[str], None] = print
) -> Outcome:
    """Let THREADS act `operations` times in all, and compare the end with a fold from scratch."""
    say(f"race of {operations} operations, seed {seed}")
    chaos = Chaos(folder, kill_every, seed, say=say)
    with chaos.servers():
        lively = chaos.prepared("lively")
        acts = Acts(lively, PEOPLE, START)
        with chaos.workers_under_fire():
            acts.begin(random.Random(seed))
            chaos.wait_for_the_end()
            done, refused = _act(acts, operations, seed)
            say(f"all done; killed so far: {chaos.toll.workers}")
            chaos.wait_for_the_end()
        drain_all(lively)
        wrong = _faults(lively, _from_scratch(chaos, lively), acts)
        counts = {
            name: lively[name].estimated_document_count() for name in ("contacts", "merges", "shared_devices")
        }
    return Outcome(done, refused, chaos.toll.workers, wrong, counts)


def _act(acts: Acts, operations: int, seed: int) -> tuple[Counter[str], Counter[str]]:
    """Act in THREADS threads at once; an error that nobody expects ends the race."""
    done: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    turn = threading.Lock()
    dealt = deck(operations, random.Random(seed))

    def act(number: int) -> None:
        source = random.Random(f"{seed}:{number}")
        for kind in dealt[number::THREADS]:
            try:
                acts.act(kind, source)
            except EXPECTED as error:
                family = next(family for family in EXPECTED if isinstance(error, family))
                with turn:
                    refused[f"{kind}: {family.__name__}"] += 1
            else:
                with turn:
                    done[kind] += 1
            time.sleep(PAUSE * source.random())

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(act, range(THREADS)))
    return done, refused


def deck(operations: int, source: random.Random) -> list[str]:
    """The kinds of so many acts, each as often as its share, shuffled: a rare kind is in every deck."""
    ends = list(itertools.accumulate(SHARES.values()))
    counts = [operations * end // ends[-1] for end in (0, *ends)]
    kinds = [
        kind for kind, (low, high) in zip(SHARES, pairwise(counts), strict=True) for _ in range(high - low)
    ]
    source.shuffle(kinds)
    return kinds


def _from_scratch(chaos: Chaos, lively: Any) -> Any:
    """A database with the same history, folded as a whole and at once."""
    quiet = chaos.open("quiet")
    quiet.installation.insert_many(lively.installation.find({"_id": {"$in": ["lanes", "namespace"]}}))
    chaos.prepared("quiet")
    history = [decode_activity(row) for row in lively.activities.find({"derived": None})]
    inbox.receive(quiet, history)
    fold_at_once(quiet, history)
    drain_all(quiet)
    return quiet


def _faults(lively: Any, quiet: Any, acts: Acts) -> list[str]:
    """Everything that is not as it has to be at the end."""
    applied = {
        row["_id"] for row in lively.activities.find({"state": "applied", "derived": None}, {"_id": 1})
    }
    found = [f"lost: {id_}" for id_ in acts.acknowledged - applied]
    found += [f"not confirmed, and there: {id_}" for id_ in applied - acts.acknowledged]
    found += holders.lost_ids(lively, acts.shown)
    found += holders.homeless(lively)
    found += _unless_equal("orders", _orders(lively), len(acts.orders))
    found += _unless_equal("wrong points", truth.wrong_points(lively), 0)
    return found + truth.differences(quiet.client[quiet.name], lively.client[lively.name])


def _unless_equal(what: str, found: int, target: int) -> list[str]:
    return [] if found == target else [f"{found} {what} instead of {target}"]


def _orders(db: Any) -> int:
    return sum(row.get("commerce", {}).get("orders", 0) for row in db.contacts.find({}, {"commerce": 1}))


def main() -> int:
    """Run it; the last line is JSON, and the exit status 1 unless all is well."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.races", description=__doc__)
    parser.add_argument("--operations", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sheets-races-") as folder:
        outcome = race(Path(folder), operations=options.operations, seed=options.seed)
    for wrong in outcome.wrong[:20]:
        print(wrong[:1_000])
    report = {
        "done": outcome.done,
        "refused": outcome.refused,
        "kills": outcome.kills,
        "wrong": len(outcome.wrong),
        **outcome.counts,
        "seconds": round(time.monotonic() - began, 1),
    }
    print(json.dumps(report))
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
