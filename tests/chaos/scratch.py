"""A fold from scratch: the whole history in one piece, without lanes, batches, groups and steps."""

from __future__ import annotations

from collections.abc import Sequence

from engine.db import Db
from engine.db.connection import utc_now
from engine.domain.activities import Activity
from engine.domain.folding import component
from engine.pipeline.commit import Writes, commit
from engine.pipeline.groups import Group
from engine.pipeline.results import Folding, replace_results
from engine.rules import versions


def fold_at_once(db: Db, history: Sequence[Activity]) -> None:
    """Fold received activities as if all contacts were of one component, into a database without any."""
    folding = Folding.begin(db, versions.rulebook(db), utc_now())
    settled = component.refold(history, folding.rulebook, namespace=folding.namespace, shared=set())
    writes = Writes(folding.basis, applied=[activity.id for activity in history])
    replace_results(folding, [(Group(list(history), {}), settled)], writes)
    commit(db, writes, lambda _session, _now: None, clock=utc_now)
