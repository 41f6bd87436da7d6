"""One change of many contacts, kept as a job: an edit or a deletion.  `bulk_job` does it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime

from engine.contacts.bulk.selection import Selection
from engine.contacts.editing.edit import Edit, InvalidEdit
from engine.contacts.editing.edit_summary import summary_for_any
from engine.contacts.editing.edit_validation import validate_for_any
from engine.db import Db
from engine.domain.fields import IDENTITY_FIELDS
from engine.domain.rulebook import Ruleset
from engine.errors import Invalid
from engine.jobs import jobs
from engine.jobs.errors import CannotUndo
from engine.jobs.jobs import Job, Refused
from engine.rules import versions

KIND = "bulk-edit"


@dataclass(frozen=True)
class Deletion:
    """The deletion of each contact."""

    reason: str = ""


Change = Edit | Deletion


class EmptySelection(Invalid):
    """A change, or an export, of no contact at all."""

    def __init__(self) -> None:
        super().__init__("choose at least one contact")


class EmptyChange(Invalid):
    """A change of many contacts that changes nothing."""

    def __init__(self) -> None:
        super().__init__("choose what to change")


class NotBulkEditable(Invalid):
    """A change that can only be made of one contact; `fields` are those that cannot be changed."""

    def __init__(self, fields: Sequence[str]) -> None:
        self.fields = list(fields)
        what = ", ".join(fields) or "taking something back"
        super().__init__(f"{what}: identifies one contact, edit it on the contact's sheet")


def start(
    db: Db,
    selection: Selection,
    change: Change,
    *,
    id_: str,
    by: str,
    by_name: str,
    now: datetime,
) -> str:
    """Store a change of many contacts as a job, once for its id; return that.

    Raises EmptySelection, and what `description` does.
    """
    if not selection.ids and selection.listing is None:
        raise EmptySelection
    title = description(change, versions.current(db))
    options = {"selection": selection.encode(), "change": _encode(change)}
    jobs.add(db, Job(id_, KIND, title, by, by_name, created_at=now, wanted=options))
    return id_


def undo(db: Db, of: str, *, by: str, by_name: str, now: datetime) -> str:
    """Store a job that undoes another, once for each; return its id.

    Later changes of the contacts stay.  Raises CannotUndo for a job that does not exist or is not over.
    """
    undone = jobs.job(db, of)
    if undone is None or undone.kind != KIND or undone.under_way or undone.undoes is not None:
        raise CannotUndo("there is nothing to undo: it was not done or is still running")
    id_ = f"{of}:undo"
    title = f"Undo: {undone.title}"
    jobs.add(db, Job(id_, KIND, title, by, by_name, created_at=now, undoes=of))
    return id_


def deletes(job: Job) -> bool:
    """Return whether a job deletes contacts."""
    return "change" in job.wanted and isinstance(decode(job.wanted["change"]), Deletion)


def refusals(db: Db, job: str, *, limit: int = 100) -> list[Refused]:
    """Return the contacts that a job could not change, each with the reason."""
    rows = db.job_items.find({"job": job, "refusal": {"$exists": True}}).sort("contact", 1).limit(limit)
    return [Refused(row["refusal"], contact=row["contact"]) for row in rows]


def description(change: Change, ruleset: Ruleset) -> str:
    """Describe in a few words what a change does to each contact.

    Raises InvalidEdit if it is invalid for every contact, NotBulkEditable if it can only be made of one, and
    EmptyChange if it changes nothing.
    """
    if isinstance(change, Deletion):
        return "Delete"
    _refuse_single(change)
    problems = validate_for_any(change, ruleset)
    if problems:
        raise InvalidEdit(problems)
    parts = summary_for_any(replace(change, add_to=(), remove_from=()), ruleset)
    parts += [f"add to {ruleset.segments[id_].name}" for id_ in change.add_to]
    parts += [f"remove from {ruleset.segments[id_].name}" for id_ in change.remove_from]
    whole = "; ".join(parts)
    return whole[:1].upper() + whole[1:]


def _refuse_single(change: Edit) -> None:
    single = [name for name in change.fields if name in IDENTITY_FIELDS]
    if single or change.undoes is not None:
        raise NotBulkEditable(single)
    if not change:
        raise EmptyChange


# As a job stores it: as text, since names of fields may be keys that MongoDB does not accept


def _encode(change: Change) -> str:
    if isinstance(change, Deletion):
        return json.dumps({"delete": change.reason})
    fields = asdict(change)
    fields["until"] = None if change.until is None else change.until.isoformat()
    fields["ends"] = {machine: day.isoformat() for machine, day in change.ends.items()}
    return json.dumps(fields)


def decode(text: str) -> Change:
    """Read the change that a job stores."""
    found = json.loads(text)
    if "delete" in found:
        return Deletion(found["delete"])
    until, ends = found.pop("until"), found.pop("ends", {})
    return replace(
        Edit(**found),
        until=None if until is None else date.fromisoformat(until),
        ends={machine: date.fromisoformat(day) for machine, day in ends.items()},
    )
